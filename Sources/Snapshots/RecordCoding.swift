public import Corpus

/// The bytes of a document: address, title, hash, moment of change, titles above it, fields, origins of its rule's sets.
///
/// Its source, language, rule and chunks stand in the columns of `meta`.
extension DocumentRecord {
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.write(url)
    writer.write(title)
    writer.write(hash)
    writer.write(modified) { $0.write(fixed: UInt64(bitPattern: $1)) }
    writer.write(list: breadcrumbs) { $0.write($1) }
    writer.write(fields)
    if !accessOrigins.isEmpty { writer.write(list: accessOrigins) { $0.write($1) } }
    return writer.bytes
  }

  init(
    _ bytes: UnsafeRawBufferPointer, source: String, language: String?, access: AccessRule, chunks: Range<Int>
  ) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    let url = try reader.text()
    let title = try reader.text()
    let hash = try reader.hash()
    let modified = try reader.optional { reader throws(ByteCodingError) in Int64(bitPattern: try reader.fixed()) }
    let breadcrumbs = try reader.list { reader throws(ByteCodingError) in try reader.text() }
    let fields = try reader.fields()
    let origins =
      reader.isAtEnd ? [] : try reader.list { reader throws(ByteCodingError) in try reader.text() }
    guard reader.isAtEnd else { throw ByteCodingError.trailing(reader.remaining) }
    self.init(
      url: url, source: source, title: title, language: language, hash: hash, access: access,
      accessOrigins: origins, modified: modified, breadcrumbs: breadcrumbs, fields: fields,
      firstChunk: chunks.lowerBound, chunkCount: chunks.count)
  }

  /// The address alone, in place: all that a search by address needs.
  static func url(in bytes: UnsafeRawBufferPointer) throws(ByteCodingError) -> UnsafeRawBufferPointer {
    var reader = ByteReader(bytes)
    let count = try reader.count()
    let start = bytes.count - reader.remaining
    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
  }
}

extension ByteCodingError {
  static func trailing(_ count: Int) -> ByteCodingError {
    ByteCodingError(description: "\(count) bytes stand after the record")
  }
}

extension AccessRule {
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.write(self)
    return writer.bytes
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    self = try reader.accessRule()
    guard reader.isAtEnd else { throw ByteCodingError.trailing(reader.remaining) }
  }
}

/// The chunks of one document as a snapshot holds them: made once, written as often as the document stays the same.
public struct EncodedChunks: Sendable, Equatable {
  /// Changes when snapshots hold chunks in another form.
  public static let version = 1

  /// How many chunks there are.
  public let count: Int
  /// Their bytes, as docs/snapshot-format.md draws them.
  public let bytes: [UInt8]

  /// Encodes chunks, numbered from 0.
  public init(_ chunks: [Chunk]) {
    count = chunks.count
    bytes = ChunkList.bytes(chunks)
  }

  /// Takes bytes that were kept; a publish verifies them with everything else.
  public init(kept bytes: [UInt8], count: Int) {
    self.bytes = bytes
    self.count = count
  }
}

/// A member as a snapshot holds it: who, and the numbers of the groups, ascending.
struct MemberRecord: Equatable {
  var name: String
  var groups: [Int]

  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.write(name)
    writer.write(list: groups) { $0.write($1) }
    return writer.bytes
  }

  init(name: String, groups: [Int]) {
    self.name = name
    self.groups = groups
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    name = try reader.text()
    groups = try reader.list { reader throws(ByteCodingError) in try reader.int() }
    guard reader.isAtEnd else { throw ByteCodingError.trailing(reader.remaining) }
  }
}

/// The chunks of one document in one value: their count, the places of the records, the records.
enum ChunkList {
  static func bytes(_ chunks: [Chunk]) -> [UInt8] {
    var records = ByteWriter()
    var places: [Int] = []
    for chunk in chunks {
      places.append(records.bytes.count)
      records.write(chunk.range.start)
      records.write(chunk.range.count)
      records.write(chunk.text)
      records.write(list: chunk.headingPath) { $0.write($1) }
      records.write(chunk.anchor) { $0.write($1) }
    }
    places.append(records.bytes.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * (places.count + 1) + records.bytes.count)
    for number in [chunks.count] + places {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { bytes.append(contentsOf: $0) }
    }
    bytes.append(contentsOf: records.bytes)
    return bytes
  }

  static func chunk(_ index: Int, in bytes: UnsafeRawBufferPointer) throws(ByteCodingError) -> Chunk {
    func number(_ place: Int) -> Int {
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)))
    }
    guard bytes.count >= 8, case let count = number(0), index >= 0, index < count, bytes.count / 4 >= count + 2 else {
      throw ByteCodingError(description: "chunk \(index) is not in its document's list")
    }
    let (start, end) = (number(index + 1), number(index + 2))
    let records = 4 * (count + 2)
    guard start <= end, end <= bytes.count - records else {
      throw ByteCodingError(description: "chunk \(index) lies outside of its document's list")
    }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[records + start..<records + end]))
    let first = try reader.int()
    let (last, overflow) = first.addingReportingOverflow(try reader.int())
    guard !overflow else { throw ByteCodingError(description: "chunk \(index) has no end") }
    let text = try reader.text()
    let headings = try reader.list { reader throws(ByteCodingError) in try reader.text() }
    let anchor = try reader.optional { reader throws(ByteCodingError) in try reader.text() }
    guard reader.isAtEnd else { throw ByteCodingError.trailing(reader.remaining) }
    return Chunk(
      index: index, range: TextRange(start: first, end: last), text: text, headingPath: headings, anchor: anchor)
  }
}
