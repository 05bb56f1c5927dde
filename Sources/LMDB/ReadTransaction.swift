internal import CLMDB

/// A consistent view of a file; it ends with the value's life.
public struct ReadTransaction: ~Copyable {
  let handle: OpaquePointer
  // Held until the transaction has ended: mdb_env_close() wants all of them closed before. `discard` allows no
  // counted reference in a type, hence the count by hand.
  private let environment: Unmanaged<Environment>

  init(handle: OpaquePointer, environment: Environment) {
    self.handle = handle
    self.environment = .passRetained(environment)
  }

  deinit {
    mdb_txn_abort(handle)
    environment.release()
  }

  /// The value of a key, in place: the compiler keeps it from outliving the transaction.
  @_lifetime(borrow self)
  public borrowing func value(_ key: some Sequence<UInt8>, in database: Database) throws(LMDBError) -> RawSpan? {
    guard let found = try get(handle, database, Array(key)) else { return nil }
    return _overrideLifetime(RawSpan(_unsafeBytes: found), borrowing: self)
  }

  /// A copy of the value of a key.
  public borrowing func bytes(_ key: some Sequence<UInt8>, in database: Database) throws(LMDBError) -> [UInt8]? {
    try get(handle, database, Array(key)).map { [UInt8]($0) }
  }

  /// The address of a key's value.
  ///
  /// In an immutable file it holds as long as the environment is open, whatever becomes of the transaction: nothing
  /// ever moves in it. In any other file it holds as long as the transaction.
  public borrowing func address(
    _ key: some Sequence<UInt8>, in database: Database
  ) throws(LMDBError) -> UnsafeRawBufferPointer? {
    try get(handle, database, Array(key))
  }

  /// Walks over the keys that begin with a prefix, in ascending order of their bytes.
  ///
  /// - Parameters:
  ///   - prefix: what the keys begin with; empty for all.
  ///   - database: where.
  ///   - start: the first key wanted; keys below it are skipped.
  ///   - body: is given key and value in place; returns whether to go on.
  /// - Throws: `LMDBError`, or what the closure throws.
  public borrowing func forEach(
    prefix: [UInt8] = [], in database: Database, from start: [UInt8] = [],
    _ body: (_ key: RawSpan, _ value: RawSpan) throws -> Bool
  ) throws {
    try walk(handle, database, prefix, start, body)
  }

  /// How many keys a database has.
  public borrowing func count(_ database: Database) throws(LMDBError) -> Int {
    try entries(handle, database)
  }

  /// The pages that a database takes.
  public borrowing func pages(_ database: Database) throws(LMDBError) -> Int {
    var status = MDB_stat()
    try check(mdb_stat(handle, database.handle, &status), "measure “\(database.name)”")
    return status.ms_branch_pages + status.ms_leaf_pages + status.ms_overflow_pages
  }

  /// Whether a database has a name; only a handle opened by a transaction that was committed outlives it.
  consuming func commit() throws(LMDBError) {
    let (handle, environment) = (handle, environment)
    defer { environment.release() }
    discard self
    try check(mdb_txn_commit(handle), "end a reading transaction")
  }
}

/// The value of a key in any transaction.
func get(
  _ transaction: OpaquePointer, _ database: Database, _ key: [UInt8]
) throws(LMDBError) -> UnsafeRawBufferPointer? {
  var value = MDB_val()
  let result = withValue(key) { mdb_get(transaction, database.handle, &$0, &value) }
  guard result != MDB_NOTFOUND else { return nil }
  try check(result, "read a key of “\(database.name)”")
  return UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
}

/// Calls LMDB with a key's bytes; LMDB copies them, `mv_data` is not written to.
func withValue(_ bytes: [UInt8], _ body: (inout MDB_val) -> Int32) -> Int32 {
  bytes.withUnsafeBytes { buffer in
    var value = MDB_val(mv_size: buffer.count, mv_data: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
    return body(&value)
  }
}

func entries(_ transaction: OpaquePointer, _ database: Database) throws(LMDBError) -> Int {
  var status = MDB_stat()
  try check(mdb_stat(transaction, database.handle, &status), "count the keys of “\(database.name)”")
  return status.ms_entries
}

func walk(
  _ transaction: OpaquePointer, _ database: Database, _ prefix: [UInt8], _ start: [UInt8],
  _ body: (RawSpan, RawSpan) throws -> Bool
) throws {
  var cursor: OpaquePointer?
  try check(mdb_cursor_open(transaction, database.handle, &cursor), "walk over “\(database.name)”")
  defer { mdb_cursor_close(cursor) }
  let first = prefix.lexicographicallyPrecedes(start) ? start : prefix
  var key = MDB_val()
  var value = MDB_val()
  var result =
    first.isEmpty
    ? mdb_cursor_get(cursor, &key, &value, MDB_FIRST)
    : withValue(first) {
      let result = mdb_cursor_get(cursor, &$0, &value, MDB_SET_RANGE)
      key = $0
      return result
    }
  while result != MDB_NOTFOUND {
    try check(result, "walk over “\(database.name)”")
    let keyBytes = UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)
    guard keyBytes.starts(with: prefix) else { return }
    let valueBytes = UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
    guard try body(RawSpan(_unsafeBytes: keyBytes), RawSpan(_unsafeBytes: valueBytes)) else { return }
    result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
  }
}
