public import Corpus

/// The bytes of the field index; docs/snapshot-format.md draws them.
enum FieldLayout {
  static let version = 1
  static let section = "fields"
  /// The most fields of one collection.
  static let maximumFields = 200
}

/// Builds the columns by which documents are filtered: for each field its values in order, with their documents.
///
/// Memory: about forty bytes a value beside the values themselves.
public final class FieldIndexWriter {
  private struct Entry {
    var value: FieldValue
    var document: UInt32
  }

  private let sink: SectionSink
  private var kinds: [String: FieldKind]
  private var entries: [String: [Entry]] = [:]
  private var documents: UInt32 = 0

  /// Makes a builder.
  ///
  /// - Parameters:
  ///   - kinds: the declared fields; each gets a column though no document may have it. Another field gets the kind of
  ///     its first value.
  ///   - sink: takes the values.
  public init(kinds: [String: FieldKind], sink: @escaping SectionSink) {
    self.kinds = kinds
    self.sink = sink
  }

  /// Adds the next document's values; one of another kind than its field's is left out.
  ///
  /// - Parameters:
  ///   - fields: its values by field.
  ///   - modified: its `date` where `fields` has none, in seconds since 1970.
  public func append(_ fields: [String: [FieldValue]], modified: Int64?) {
    var fields = fields
    if let modified, fields["date"] == nil { fields["date"] = [.date(modified)] }
    for (name, values) in fields {
      for value in values where value.kind == kinds[name, default: value.kind] {
        kinds[name] = value.kind
        entries[name, default: []].append(Entry(value: value, document: documents))
      }
    }
    documents += 1
  }

  /// Writes the columns.
  ///
  /// - Throws: `SearchIndexError` where there are too many, and what the sink throws.
  public func finish() throws {
    let names = kinds.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard names.count <= FieldLayout.maximumFields else {
      throw SearchIndexError(
        section: FieldLayout.section,
        reason: "\(names.count) fields, and \(FieldLayout.maximumFields) are the limit")
    }
    var header = ByteWriter()
    header.write(FieldLayout.version)
    header.write(Int(documents))
    header.write(list: names) { writer, name in
      writer.write(name)
      writer.write((kinds[name] ?? .keyword).number)
    }
    try header.bytes.withUnsafeBytes { try sink(FieldLayout.section, 0, $0) }
    for (place, name) in names.enumerated() {
      let column = try column(name)
      try column.withUnsafeBytes { try sink(FieldLayout.section, UInt32(place + 1), $0) }
    }
  }

  private func column(_ name: String) throws -> [UInt8] {
    // By bytes throughout: `==` of strings also holds where letters are only composed in another way.
    let entries = (entries[name] ?? []).sorted { first, second in
      if first.value.isBefore(second.value) { return true }
      return !second.value.isBefore(first.value) && first.document < second.document
    }
    var values: [FieldValue] = []
    var starts: [Int] = []
    var documents: [Int] = []
    for entry in entries {
      if values.last?.isBefore(entry.value) ?? true {
        values.append(entry.value)
        starts.append(documents.count)
      } else if documents.last == Int(entry.document) {
        continue
      }
      documents.append(Int(entry.document))
    }
    starts.append(documents.count)
    var places: [Int] = []
    var texts: [UInt8] = []
    var fixed: [UInt8] = []
    for value in values {
      switch value {
      case .keyword(let text):
        places.append(texts.count)
        texts.append(contentsOf: text.utf8)
      case .number(let number): withUnsafeBytes(of: number.bitPattern.littleEndian) { fixed.append(contentsOf: $0) }
      case .date(let moment): withUnsafeBytes(of: moment.littleEndian) { fixed.append(contentsOf: $0) }
      }
    }
    places.append(texts.count)
    guard texts.count <= Int(UInt32.max), documents.count <= Int(UInt32.max) else {
      throw SearchIndexError(section: FieldLayout.section, reason: "the values of “\(name)” are longer than 4 GiB")
    }
    let isText = kinds[name] == .keyword
    var bytes: [UInt8] = []
    for number in [values.count, documents.count] + starts + documents + (isText ? places : []) {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes + (isText ? texts : fixed)
  }
}

extension FieldKind {
  /// As it stands in a snapshot.
  var number: Int {
    switch self {
    case .keyword: 0
    case .number: 1
    case .date: 2
    }
  }
}

extension FieldValue {
  /// Whether it stands before another of its kind: texts by their bytes.
  func isBefore(_ other: FieldValue) -> Bool {
    switch (self, other) {
    case (.keyword(let first), .keyword(let second)): first.utf8.lexicographicallyPrecedes(second.utf8)
    case (.number(let first), .number(let second)): first < second
    case (.date(let first), .date(let second)): first < second
    default: kind.number < other.kind.number
    }
  }
}
