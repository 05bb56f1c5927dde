internal import Corpus
internal import HTTPClient
internal import Pipelines

/// Makes documents of rows, and keeps count of what in them could not be read.
struct RowWriter {
  private let source: String
  private let settings: TableSettings
  private let fields: [(name: String, settings: ColumnSettings)]
  /// The columns that a row has had; only where every row has its own.
  private var missing: Set<String>
  private var unreadable: [String: (count: Int, first: String)] = [:]

  /// - Parameters:
  ///   - source: the source's id.
  ///   - settings: what the rows become.
  ///   - columns: the table's columns; nil where every row has its own.
  /// - Throws: `TableFault` that names a column that is not there, with those that are.
  init(source: String, settings: TableSettings, columns: [String]?) throws {
    self.source = source
    self.settings = settings
    fields = settings.fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    missing = columns == nil ? Set(settings.columns) : []
    guard let columns else { return }
    for column in settings.columns where !columns.contains(column) {
      let names = columns.prefix(40).map { "“\($0)”" }.joined(separator: ", ")
      let other = columns.count == 1 && columns[0].contains(";") ? "\n  or write delimiter: \";\"" : ""
      throw TableFault("there is no column “\(column)”\n  mend: the columns are \(names)\(other)")
    }
  }

  /// The row as a document.
  ///
  /// - Returns: the document, or why there is none; with its address where that is known.
  mutating func document(of row: TableRow) -> Result<Document, SourceFailure> {
    if !missing.isEmpty { missing = missing.filter { row.value(of: $0) == nil } }
    guard let url = address(of: row) else {
      let names = settings.key.isEmpty ? "url" : settings.key.joined(separator: ", ")
      return .failure(
        SourceFailure(url: Self.placeURL(source, row.place), reason: "\(row.place): nothing stands in \(names)"))
    }
    let title = settings.title.map { text($0, of: row) }.filter { !$0.isEmpty }.joined(separator: " ")
    let body = settings.body.compactMap { paragraph($0, of: row) }.joined(separator: "\n\n")
    guard !title.isEmpty || !body.isEmpty else {
      return .failure(SourceFailure(url: url, reason: "\(row.place): title and body are empty"))
    }
    var facts = DocumentFacts(title: title.isEmpty ? nil : title, access: readers(of: row))
    facts.accessOrigins = facts.access.setCount == 0 ? [] : ["this row"]
    if let language = settings.language.map({ text($0, of: row) }), !language.isEmpty {
      facts.language = language.split { $0 == "-" || $0 == "_" }.first.map { $0.lowercased() }
    }
    if let modified = settings.modified { facts.modified = moment(modified, of: row) }
    for (name, field) in fields {
      let values = values(of: field, named: name, in: row)
      if !values.isEmpty { facts.fields[name] = values }
    }
    return .success(
      Document(
        source: source, url: url, mediaType: .plainText, charset: "utf-8", body: Array(body.utf8), facts: facts))
  }

  /// What operators should know of the whole table.
  var notes: [String] {
    unreadable.sorted { $0.key < $1.key }.map { column, fault in
      "\(fault.count) value\(fault.count == 1 ? "" : "s") of “\(column)” left out; the first: \(fault.first)"
    }
  }

  /// A note on columns that no row has had; nil where there are none.
  var absent: String? {
    missing.isEmpty ? nil : "no row has " + missing.sorted().map { "“\($0)”" }.joined(separator: ", ")
  }

  /// What stands for the address of a row that has none.
  static func placeURL(_ source: String, _ place: String) -> String {
    "table:\(source)#" + FolderSource.percentEncoded(place)
  }

  // MARK: Texts

  private func text(_ template: RowTemplate, of row: TableRow) -> String {
    let text = template.pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .column(let name): row.value(of: name)?.text ?? ""
      }
    }
    return trimmed(text.joined())
  }

  /// A paragraph; nil where none of its columns has a value.
  private func paragraph(_ template: RowTemplate, of row: TableRow) -> String? {
    let columns = template.columns
    guard columns.isEmpty || columns.contains(where: { !(row.value(of: $0)?.text ?? "").isEmpty }) else { return nil }
    let text = text(template, of: row)
    return template.isNamedColumn ? "\(columns.first ?? ""): \(text)" : text
  }

  private func trimmed(_ text: String) -> String {
    guard text.first?.isWhitespace == true || text.last?.isWhitespace == true else { return text }
    var rest = text[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  // MARK: Address

  private func address(of row: TableRow) -> String? {
    guard let template = settings.url else {
      let parts = settings.key.map { row.value(of: $0)?.text ?? "" }
      guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
      return "table:\(source)/" + parts.map(Self.encoded).joined(separator: "/")
    }
    var address = ""
    for (place, piece) in template.pieces.enumerated() {
      switch piece {
      case .text(let text): address += text
      case .column(let name):
        let value = row.value(of: name)?.text ?? ""
        guard !value.isEmpty else { return nil }
        // At the beginning a column is a whole address; behind it, a part of one.
        address += place == 0 ? value : Self.encoded(value)
      }
    }
    return WebURL(address)?.description ?? address
  }

  /// A value as one part of a path.
  private static func encoded(_ value: String) -> String {
    FolderSource.percentEncoded(value).replacing("/", with: "%2F")
  }

  // MARK: Readers

  private mutating func readers(of row: TableRow) -> AccessRule {
    guard let template = settings.readers else { return .open }
    let names = text(template, of: row).split { $0 == "," || $0 == ";" || $0.isWhitespace }
    if names.contains("*") { return .open }
    var principals: Set<Principal> = []
    for name in names {
      guard let principal = Principal(String(name)) else {
        note(
          template.columns.first ?? "readers", row, "“\(name.prefix(60))” is no user:ID or group:ID; the row is closed")
        return .closed
      }
      principals.insert(principal)
    }
    return principals.isEmpty ? .closed : .allOf([principals])
  }

  // MARK: Fields

  private mutating func values(of field: ColumnSettings, named name: String, in row: TableRow) -> [FieldValue] {
    let column = field.column ?? name
    guard let value = row.value(of: column) else { return [] }
    var texts: [String]
    switch value {
    case .none: return []
    case .text(let text), .number(let text): texts = [text]
    case .list(let all): texts = all
    }
    if let split = field.split {
      texts = texts.flatMap { $0.split(separator: split).map(String.init) }
    }
    let isExact = if case .number = value { true } else { false }
    return texts.compactMap { text in
      let text = trimmed(text)
      guard !text.isEmpty else { return nil }
      return read(text, as: field, isExact: isExact, column, row)
    }
  }

  private mutating func read(
    _ text: String, as field: ColumnSettings, isExact: Bool, _ column: String, _ row: TableRow
  ) -> FieldValue? {
    guard field.kind == .number, !isExact else {
      if let value = FieldValue(text, as: field.kind) { return value }
      note(column, row, "“\(text.prefix(60))” is no \(field.kind.rawValue)")
      return nil
    }
    do throws(WrittenNumber.Fault) { return .number(try WrittenNumber.number(text, style: field.numbers)) } catch {
      let mend = error == .ambiguous ? " in one way only: declare numbers: es or en" : ""
      note(column, row, "“\(text.prefix(60))” is no number\(mend)")
      return nil
    }
  }

  private mutating func moment(_ template: RowTemplate, of row: TableRow) -> Int64? {
    let text = text(template, of: row)
    guard !text.isEmpty else { return nil }
    if let span = Moment.span(text) { return span.lowerBound }
    note(template.columns.first ?? "modified", row, "“\(text.prefix(60))” is no date")
    return nil
  }

  private mutating func note(_ column: String, _ row: TableRow, _ reason: String) {
    unreadable[column, default: (0, "\(row.place): \(reason)")].count += 1
  }
}
