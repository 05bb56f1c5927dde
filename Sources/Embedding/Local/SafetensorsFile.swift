internal import Corpus

/// The tensors of a `.safetensors` file, read where they are mapped.
///
/// The format: eight bytes of header length, a JSON object of `name → {dtype, shape, data_offsets}`, then the data
/// (https://huggingface.co/docs/safetensors). Nothing in the header is believed before it is checked.
struct SafetensorsFile: Sendable {
  enum Kind: String, Sendable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case unsigned8 = "U8"
    case signed8 = "I8"

    var width: Int {
      switch self {
      case .float32: 4
      case .float16, .bfloat16: 2
      case .unsigned8, .signed8: 1
      }
    }
  }

  struct Entry: Sendable {
    let kind: Kind
    let shape: [Int]
    let range: Range<Int>
  }

  /// Headers of real models have some hundred kilobytes at most.
  static let maximumHeader = 16 << 20

  let file: MappedFile
  let entries: [String: Entry]

  init(path: String) throws(EmbeddingError) {
    let file = try MappedFile(path: path)
    func refused(_ what: String) -> EmbeddingError {
      EmbeddingError(path: path, message: "is not a whole safetensors file: \(what); get the model again")
    }
    guard file.bytes.count > 8 else { throw refused("it has \(file.bytes.count) bytes") }
    let announced = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    guard announced <= UInt64(Self.maximumHeader), announced <= UInt64(file.bytes.count - 8) else {
      throw refused("its header would have \(announced) bytes")
    }
    let start = 8 + Int(announced)
    let header: JSONValue
    do {
      header = try JSONValue(parsing: [UInt8](file.bytes[8..<start]), maximumDepth: 8)
    } catch {
      throw refused("its header: \(error)")
    }
    guard let members = header.members else { throw refused("its header is not an object") }
    var entries: [String: Entry] = [:]
    let size = file.bytes.count - start
    for member in members where member.name != "__metadata__" {
      guard let type = member.value["dtype"]?.string, let dimensions = member.value["shape"]?.array,
        let offsets = member.value["data_offsets"]?.array, offsets.count == 2,
        let from = offsets[0].int, let to = offsets[1].int, from >= 0, from <= to, to <= size
      else { throw refused("tensor \(member.name) lies outside the file or has no type, shape or place") }
      // Other types stand in real files (position ids as I64) and nobody asks for them.
      guard let kind = Kind(rawValue: type) else { continue }
      var shape: [Int] = []
      var length = kind.width
      for dimension in dimensions {
        guard let count = dimension.int, count >= 0 else { throw refused("tensor \(member.name) has an odd shape") }
        let (product, overflow) = length.multipliedReportingOverflow(by: count)
        guard !overflow else { throw refused("tensor \(member.name) has an odd shape") }
        length = product
        shape.append(count)
      }
      guard length == to - from else {
        throw refused("tensor \(member.name) takes \(to - from) bytes, but its shape \(length)")
      }
      entries[member.name] = Entry(kind: kind, shape: shape, range: start + from..<start + to)
    }
    self.file = file
    self.entries = entries
  }

  func error(_ message: String) -> EmbeddingError { EmbeddingError(path: file.path, message: message) }

  private func entry(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> Entry {
    guard let entry = entries[name] else { throw error("holds no tensor \(name)") }
    guard entry.shape == shape else {
      throw error("tensor \(name) has shape \(entry.shape), but the configuration asks for \(shape)")
    }
    return entry
  }

  /// Where in the file a table of bytes begins.
  func place(ofBytes name: String, _ shape: [Int]) throws(EmbeddingError) -> Int {
    let entry = try entry(name, shape)
    guard entry.kind == .unsigned8 else { throw error("tensor \(name) is \(entry.kind.rawValue), not U8") }
    return entry.range.lowerBound
  }

  /// Floats: in place where they are stored as aligned 32-bit floats, otherwise converted once into memory of ours.
  func floats(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> Floats {
    let entry = try entry(name, shape)
    let raw = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    let count = raw.count / entry.kind.width
    switch entry.kind {
    case .float32:
      if let base = raw.baseAddress, UInt(bitPattern: base) % 4 == 0 {
        return Floats(base.assumingMemoryBound(to: Float.self), count: count, owner: file)
      }
      return Floats(count) { $0.copyMemory(from: raw) }
    case .float16:
      return Floats(count) { floats in
        for index in 0..<count {
          let bits = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
          floats.storeBytes(of: Float(Float16(bitPattern: bits)), toByteOffset: 4 * index, as: Float.self)
        }
      }
    case .bfloat16:
      return Floats(count) { floats in
        for index in 0..<count {
          let bits = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
          floats.storeBytes(of: UInt32(bits) << 16, toByteOffset: 4 * index, as: UInt32.self)
        }
      }
    case .unsigned8, .signed8:
      throw error("tensor \(name) is \(entry.kind.rawValue), not floating point; quantised models are not supported")
    }
  }
}
