public import Corpus

/// Rows of a table: each becomes a document with typed fields.
public struct TableSettings: Sendable, Equatable {
  /// Where rows come from.
  public enum Origin: Sendable, Equatable {
    /// A file of comma-separated values (RFC 4180), its first line the columns' names.
    case csv(CSVSettings)
    /// A file with a JSON object on each line; the path.
    case jsonLines(String)
    /// What a query of a PostgreSQL server gives.
    case postgresql(PostgreSQLSettings)
  }

  /// Where rows come from.
  public var origin: Origin
  /// The columns that tell one row from every other; empty where `url` does.
  public var key: [String]
  /// The row's address; nil: `table:<source>/<key>`.
  public var url: RowTemplate?
  /// The parts of the title, joined by spaces.
  public var title: [RowTemplate]
  /// The paragraphs of the text; one whose columns are all empty is left out.
  public var body: [RowTemplate]
  /// The row's language; nil: it is detected.
  public var language: RowTemplate?
  /// When the row was changed last.
  public var modified: RowTemplate?
  /// Who may read the row: principals, or `*` for everybody; nil: everybody may read every row.
  public var readers: RowTemplate?
  /// Typed fields by name.
  public var fields: [String: ColumnSettings]
  /// At most so many rows; 1,000,000 by default.
  public var maximumRows: Int
  /// At most so many bytes a row; 1 MB by default.
  public var maximumRowSize: Int
  /// At most so long in all, in seconds; one hour by default.
  public var maximumTime: Double

  /// Makes a table's settings with the defaults.
  public init(
    origin: Origin, key: [String] = [], url: RowTemplate? = nil, title: [RowTemplate] = [], body: [RowTemplate] = [],
    language: RowTemplate? = nil, modified: RowTemplate? = nil, readers: RowTemplate? = nil,
    fields: [String: ColumnSettings] = [:], maximumRows: Int = 1_000_000, maximumRowSize: Int = 1_000_000,
    maximumTime: Double = 3600
  ) {
    self.origin = origin
    self.key = key
    self.url = url
    self.title = title
    self.body = body
    self.language = language
    self.modified = modified
    self.readers = readers
    self.fields = fields
    self.maximumRows = maximumRows
    self.maximumRowSize = maximumRowSize
    self.maximumTime = maximumTime
  }

  /// Every column that is named, each once, in the order of their names.
  public var columns: [String] {
    let templates = title + body + [url, language, modified, readers].compactMap { $0 }
    let named = fields.map { $0.value.column ?? $0.key }
    return Set(key + templates.flatMap(\.columns) + named).sorted()
  }
}

/// A file of comma-separated values.
public struct CSVSettings: Sendable, Equatable {
  /// What parts two values.
  public enum Delimiter: String, Sendable, Equatable, CaseIterable {
    /// `,`
    case comma = ","
    /// `;`, as spreadsheets write where the comma stands before decimals.
    case semicolon = ";"
    /// A tab.
    case tab
    /// `|`
    case bar = "|"

    /// As a byte.
    public var byte: UInt8 {
      switch self {
      case .comma: UInt8(ascii: ",")
      case .semicolon: UInt8(ascii: ";")
      case .tab: 0x09
      case .bar: UInt8(ascii: "|")
      }
    }
  }

  /// What its bytes are.
  public enum Encoding: String, Sendable, Equatable, CaseIterable {
    /// UTF-8, with or without a byte order mark.
    case utf8 = "utf-8"
    /// What spreadsheets write on Windows in western Europe.
    case windows1252 = "windows-1252"
  }

  /// The file.
  public var path: String
  /// What parts two values; a comma by default.
  public var delimiter: Delimiter
  /// What its bytes are; UTF-8 by default.
  public var encoding: Encoding

  /// Makes settings with the defaults.
  public init(path: String, delimiter: Delimiter = .comma, encoding: Encoding = .utf8) {
    self.path = path
    self.delimiter = delimiter
    self.encoding = encoding
  }
}

/// What a query of a PostgreSQL server gives.
public struct PostgreSQLSettings: Sendable, Equatable {
  /// The connection's string or address, as libpq reads it; a secret, because a password may stand in it.
  public var connection: Secret
  /// One statement that gives rows; it runs in a transaction that may only read.
  public var query: String
  /// How long the server may work on the query, in seconds; 5 minutes by default.
  public var statementTimeout: Double

  /// Makes settings with the defaults.
  public init(connection: Secret, query: String, statementTimeout: Double = 300) {
    self.connection = connection
    self.query = query
    self.statementTimeout = statementTimeout
  }
}

/// A typed field of rows.
public struct ColumnSettings: Sendable, Equatable {
  /// What its values are.
  public var kind: FieldKind
  /// The column that they are read from; nil: the one with the field's name.
  public var column: String?
  /// How its numbers are written; `auto` by default.
  public var numbers: WrittenNumber.Style
  /// What parts several values in one column; nil: there is one.
  public var split: String?

  /// Makes a field.
  public init(
    kind: FieldKind, column: String? = nil, numbers: WrittenNumber.Style = .auto, split: String? = nil
  ) {
    self.kind = kind
    self.column = column
    self.numbers = numbers
    self.split = split
  }
}

extension PipelineFile {
  /// The ids of the sources whose documents are rows.
  public var tables: Set<String> {
    Set(sources.filter { if case .table = $0.kind { true } else { false } }.map(\.id))
  }

  /// The kinds of all fields: those that every collection has, those of tables, and those that `index` declares.
  public var fieldKinds: [String: FieldKind] {
    var kinds = FieldKind.standard
    for source in sources {
      guard case .table(let table) = source.kind else { continue }
      kinds.merge(table.fields.mapValues(\.kind)) { first, _ in first }
    }
    return kinds.merging(index.fields.mapValues(\.kind)) { _, own in own }
  }
}
