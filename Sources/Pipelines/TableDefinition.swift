internal import Corpus
internal import Settings

extension TableSettings {
  private typealias Field = SettingsField<TableSettings>

  static let definition = SettingsObject(
    initial: TableSettings(origin: .jsonLines("")),
    fields: [
      Field(
        "csv", \.csv, CSVSettings.definition.type.orShort(.path) { CSVSettings(path: $0) },
        "A file of comma-separated values whose first line names the columns: its path, or a mapping with more."),
      Field("jsonl", \.jsonLines, .path, "A file with a JSON object on each line."),
      Field(
        "postgresql", \.postgresql, PostgreSQLSettings.definition.type, "What a query of a PostgreSQL server gives."),
      Field(
        "key", \.key, .list(of: .string(needs: "a column's name"), count: 1...20),
        "The columns that tell one row from every other."),
      Field(
        "url", \.url, .rowTemplate(namesColumn: true),
        "The row's address, such as https://shop.example/p/{sku}; without it, table:<id>/<key>."),
      Field(
        "title", \.title, .rowTemplates(isNamed: false), isRequired: true,
        "The row's title: a template such as \"{brand} {name}\", or a list of columns."),
      Field(
        "body", \.body, .rowTemplates(isNamed: true), isRequired: true,
        "The row's text: a template, or a list of columns (each shown as “column: value”) and templates, a paragraph each."
      ),
      Field(
        "language", \.language, .rowTemplate(namesColumn: false),
        "The rows' language, such as es, or {column}; detected without it."),
      Field(
        "modified", \.modified, .rowTemplate(namesColumn: true), "When a row was changed last: {column} with a date."),
      Field(
        "readers", \.readers, .rowTemplate(namesColumn: true),
        "Who may read a row: {column} with user:ID and group:ID, parted by spaces or commas, or * for everybody; without it, everybody."
      ),
      Field("fields", \.fields, columns, "Typed fields by which rows are filtered, ordered and compared."),
      Field(
        group: "limits",
        [
          Field("rows", \.maximumRows, .integer(in: 1...100_000_000), "At most so many rows."),
          Field(
            "row_size", \.maximumRowSize, .byteCount(in: 256...100_000_000),
            "At most so many bytes a row; a larger one fails."),
          Field("time", \.maximumTime, .duration(in: 1...86_400), shapesResult: false, "At most so long in all."),
        ], "Where reading ends at the latest."),
    ], exactlyOneOf: ["csv", "jsonl", "postgresql"]
  ) { table, node, reader in
    if table.key.isEmpty, table.url == nil {
      reader.report(
        at: node, "nothing tells one row from another", mend: "add key: [column], or url: with a {column} in it")
    }
    if Set(table.key).count != table.key.count {
      reader.report(atKey: "key", of: node, "“key” names a column twice", mend: "name each once")
    }
  }

  // Of the three, the one that is written decides.
  private var csv: CSVSettings? {
    get { if case .csv(let settings) = origin { settings } else { nil } }
    set { if let newValue { origin = .csv(newValue) } }
  }

  private var jsonLines: String? {
    get { if case .jsonLines(let path) = origin { path } else { nil } }
    set { if let newValue { origin = .jsonLines(newValue) } }
  }

  private var postgresql: PostgreSQLSettings? {
    get { if case .postgresql(let settings) = origin { settings } else { nil } }
    set { if let newValue { origin = .postgresql(newValue) } }
  }

  private static var columns: SettingType<[String: ColumnSettings]> {
    .map(
      to: ColumnSettings.definition.type.orShort(SettingType<FieldKind>.choice()) { ColumnSettings(kind: $0) },
      count: 0...100, names: IndexSettings.fieldNames
    )
    .checked { fields, node, reader in
      IndexSettings.check(fields.mapValues(\.kind), node, &reader)
      return fields
    }
  }
}

extension CSVSettings {
  private typealias Field = SettingsField<CSVSettings>

  static let definition = SettingsObject(
    initial: CSVSettings(path: ""),
    fields: [
      Field("path", \.path, .path, isRequired: true, "The file."),
      Field("delimiter", \.delimiter, .choice(), "What parts two values."),
      Field("encoding", \.encoding, .choice(), "What the file's bytes are."),
    ])
}

extension PostgreSQLSettings {
  private typealias Field = SettingsField<PostgreSQLSettings>

  static let definition = SettingsObject(
    initial: PostgreSQLSettings(connection: Secret(""), query: ""),
    fields: [
      Field(
        "connection", \.connection, .secret, isRequired: true,
        "The connection's string or address, as ${NAME}: host=db dbname=shop user=acervo password=…"),
      Field(
        "query", \.query, .string(needs: "a statement that gives rows"), isRequired: true,
        "One statement that gives rows, such as SELECT sku, name, price FROM products."),
      Field(
        "timeout", \.statementTimeout, .duration(in: 1...86_400), shapesResult: false,
        "How long the server may work on the query."),
    ])
}

extension ColumnSettings {
  private typealias Field = SettingsField<ColumnSettings>

  static let definition = SettingsObject(
    initial: ColumnSettings(kind: .keyword),
    fields: [
      Field(
        "type", \.kind, .choice(), isRequired: true,
        "What its values are: exact words, numbers, or dates such as 2026, 2026-05 or 2026-05-17."),
      Field(
        "column", \.column, .string(needs: "a column's name"), "The column; the one with the field's name by default."),
      Field(
        "numbers", \.numbers, .choice(),
        "How numbers are written: “es” 1.299,00, “en” 1,299.00; “auto” leaves out what could be either, such as 1,299."),
      Field("split", \.split, .string(needs: "what parts values"), "What parts several values in one column."),
    ]
  ) { column, node, reader in
    if column.kind != .number, node["numbers"] != nil {
      reader.report(
        atKey: "numbers", of: node, "“numbers” is for numbers, and this is a \(column.kind.rawValue)",
        mend: "leave it out, or write type: number")
    }
  }
}

extension SettingType where Value == RowTemplate {
  /// A template.
  ///
  /// - Parameter namesColumn: whether it has to name a column.
  /// - Returns: the type.
  fileprivate static func rowTemplate(namesColumn: Bool) -> SettingType {
    SettingType<String>.string(needs: "a template such as {column}").mapped(
      { text, node, reader in
        do throws(RowTemplate.Fault) {
          let template = try RowTemplate(text)
          guard template.columns.isEmpty, namesColumn else { return template }
          reader.report(
            at: node, "\(reader.label) names no column", mend: "write a column in braces, such as {\(text.prefix(40))}")
        } catch {
          reader.report(at: node, "\(reader.label): \(error.reason)", mend: error.mend)
        }
        return nil
      }, back: \.text)
  }
}

extension SettingType where Value == [RowTemplate] {
  /// One template, or a list of columns and templates.
  fileprivate static func rowTemplates(isNamed: Bool) -> SettingType {
    let entry = SettingType<String>.string(needs: "a column's name, or a template such as {column}").mapped(
      { text, node, reader in
        guard text.contains(where: { $0 == "{" || $0 == "}" }) else {
          return RowTemplate(column: text, isNamed: isNamed)
        }
        do throws(RowTemplate.Fault) { return try RowTemplate(text) } catch {
          reader.report(at: node, "\(reader.label): \(error.reason)", mend: error.mend)
          return nil
        }
      }, back: { $0.text })
    return SettingType<[RowTemplate]>.list(of: entry, count: 1...100)
      .orShort(SettingType<RowTemplate>.rowTemplate(namesColumn: true)) { [$0] }
  }
}
