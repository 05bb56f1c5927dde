internal import CPQ
internal import Corpus
internal import Glibc
internal import Pipelines
internal import Synchronization

// Sendable: “one restriction is that no two threads attempt to manipulate the same PGconn object at the same time”
// (libpq, Behavior in Threaded Programs). Whoever owns the reader asks it one thing at a time; `stop` touches a flag only.

/// A connection to a PostgreSQL server, for one statement at a time.
final class PostgreSQLLink: @unchecked Sendable {
  /// The answer to a statement; freed with its last user.
  final class Answer {
    let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }
  }

  private let settings: PostgreSQLSettings
  private let isStopped = Atomic(false)
  private var connection: OpaquePointer?
  /// What must not be seen in a message.
  private var secrets: [String] = []

  /// So long a server may take to let somebody in, in seconds, unless the connection's string says otherwise.
  private static let connectSeconds = 15
  /// So much longer than the server's own limit an answer is waited for, in seconds: then the network is at fault.
  private static let patience = 15.0

  init(_ settings: PostgreSQLSettings) { self.settings = settings }

  deinit { if let connection { PQfinish(connection) } }

  /// The statement that gives rows, without a semicolon at its end.
  var query: String {
    var query = settings.query[...]
    while let last = query.last, last.isWhitespace || last == ";" { query.removeLast() }
    return String(query)
  }

  /// Ends what is being waited for, from any thread.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Connects and begins a transaction that may only read.
  ///
  /// - Throws: `TableFault`; `CancellationError`.
  func begin() throws {
    try readSecrets()
    // What stands before `dbname` gives way to the connection's string.
    let parameters: [(String, String)] = [
      ("connect_timeout", "\(Self.connectSeconds)"), ("fallback_application_name", "acervo"),
      ("dbname", settings.connection.reveal), ("client_encoding", "UTF8"),
    ]
    let connection = withCStrings(parameters.map(\.0)) { names in
      withCStrings(parameters.map(\.1)) { values in PQconnectdbParams(names, values, 1) }
    }
    guard let connection else { throw TableFault("PostgreSQL: out of memory") }
    self.connection = connection
    guard PQstatus(connection) == CONNECTION_OK else {
      let reason = hidden(oneLine(String(cString: PQerrorMessage(connection))))
      throw TableFault("PostgreSQL: \(reason)\n  mend: look at the connection's host, user, password and database")
    }
    _ = PQsetNoticeProcessor(connection, { _, _ in }, nil)
    try run("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    let milliseconds = Int(settings.statementTimeout * 1000)
    for setting in [
      "statement_timeout = \(milliseconds)", "lock_timeout = \(milliseconds)",
      // Stages behind may take their time between two batches.
      "idle_in_transaction_session_timeout = 0", "datestyle = 'ISO'", "timezone = 'UTC'", "intervalstyle = 'iso_8601'",
      "bytea_output = 'hex'", "cursor_tuple_fraction = 1",
    ] {
      try run("SET LOCAL \(setting)")
    }
  }

  /// Runs one statement.
  ///
  /// - Parameters:
  ///   - statement: exactly one; the server refuses several.
  ///   - prefix: how many characters of it stand before the user's query, for the places of errors.
  /// - Returns: its answer.
  /// - Throws: `TableFault` with the server's words, its SQL state and the place; `CancellationError`.
  @discardableResult
  func run(_ statement: String, prefix: Int = 0) throws -> Answer {
    guard let connection else { throw TableFault("PostgreSQL: there is no connection") }
    // The extended protocol takes one statement: nothing can end the transaction and write behind it.
    guard PQsendQueryParams(connection, statement, 0, nil, nil, nil, nil, 0) == 1 else { throw lost(connection) }
    try wait(connection)
    guard let result = PQgetResult(connection) else { throw lost(connection) }
    let answer = Answer(result)
    while let more = PQgetResult(connection) { PQclear(more) }
    let status = PQresultStatus(result)
    guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK else { throw fault(of: result, prefix, connection) }
    return answer
  }

  /// What a cursor's rows are called and of which types they are.
  func describe(cursor: String) throws -> Answer {
    guard let connection else { throw TableFault("PostgreSQL: there is no connection") }
    guard let result = PQdescribePortal(connection, cursor) else { throw lost(connection) }
    let answer = Answer(result)
    guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw fault(of: result, 0, connection) }
    return answer
  }

  // MARK: Waiting

  private func wait(_ connection: OpaquePointer) throws {
    let end = ContinuousClock.now.advanced(by: .seconds(settings.statementTimeout + Self.patience))
    while PQisBusy(connection) == 1 {
      var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
      let ready = poll(&descriptor, 1, 200)
      if isStopped.load(ordering: .relaxed) {
        cancel(connection)
        throw CancellationError()
      }
      if ready > 0 {
        guard PQconsumeInput(connection) == 1 else { throw lost(connection) }
      } else if ContinuousClock.now >= end {
        cancel(connection)
        throw TableFault("PostgreSQL: the server does not answer\n  mend: look at the network and the server")
      }
    }
  }

  private func cancel(_ connection: OpaquePointer) {
    guard let cancel = PQgetCancel(connection) else { return }
    var message = [CChar](repeating: 0, count: 256)
    _ = PQcancel(cancel, &message, Int32(message.count))
    PQfreeCancel(cancel)
  }

  // MARK: Errors

  private func lost(_ connection: OpaquePointer) -> TableFault {
    TableFault("PostgreSQL: \(hidden(oneLine(String(cString: PQerrorMessage(connection)))))")
  }

  private func fault(of result: OpaquePointer, _ prefix: Int, _ connection: OpaquePointer) -> TableFault {
    func field(_ text: UnsafePointer<CChar>?) -> String? { text.map { hidden(oneLine(String(cString: $0))) } }
    guard let state = field(acervo_pq_state(result)) else { return lost(connection) }
    var text = "PostgreSQL: \(field(acervo_pq_message(result)) ?? "an error") (SQL state \(state))"
    if let detail = field(acervo_pq_detail(result)) { text += ", \(detail)" }
    if let position = field(acervo_pq_position(result)).flatMap({ Int($0) }), position > prefix {
      let before = settings.query.unicodeScalars.prefix(position - prefix - 1)
      let line = before.count { $0 == "\n" } + 1
      let column = before.reversed().prefix { $0 != "\n" }.count + 1
      text += ", at line \(line), column \(column) of the query"
    }
    return TableFault(text + "\n  mend: " + Self.mend(state))
  }

  private static func mend(_ state: String) -> String {
    switch state {
    case "57014": "give the query more time (timeout), or let it do less"
    case "25006", "0A000": "the query may only read: write a SELECT"
    case "42501": "let the user read the tables: GRANT SELECT"
    case _ where state.hasPrefix("28"): "look at the connection's user and password"
    case _ where state.hasPrefix("42"): "mend the query"
    case _ where state.hasPrefix("08") || state.hasPrefix("57"): "look at the server"
    default: "look at the query and the server"
    }
  }

  private func oneLine(_ text: String) -> String {
    text.split { $0 == "\n" || $0 == "\r" }.map { $0.drop(while: \.isWhitespace) }.joined(separator: "; ")
  }

  /// A text without what is secret in it.
  private func hidden(_ text: String) -> String {
    secrets.reduce(text) { $0.replacing($1, with: "•••") }
  }

  /// What of the connection's string must not be seen.
  private func readSecrets() throws {
    let text = settings.connection.reveal
    // libpq's own words on a string that it cannot read quote parts of it.
    guard let options = PQconninfoParse(text, nil) else {
      throw TableFault(
        "the connection's string cannot be read\n  mend: write host=db dbname=shop user=acervo password='…', or "
          + "postgresql://user@host/database")
    }
    defer { PQconninfoFree(options) }
    var option = options
    while let keyword = option.pointee.keyword {
      if String(cString: keyword).contains("password"), let value = option.pointee.val, value.pointee != 0 {
        secrets.append(String(cString: value))
      }
      option += 1
    }
    secrets.append(text)
    if let own = getenv("PGPASSWORD"), own.pointee != 0 { secrets.append(String(cString: own)) }
  }
}

/// Calls a function with C strings and a null behind them.
private func withCStrings<Value>(
  _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value
) -> Value {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  let pointers = copies.map { UnsafePointer($0) } + [nil]
  return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}
