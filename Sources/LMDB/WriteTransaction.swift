internal import CLMDB
internal import Glibc

/// Changes that become visible together or not at all; undone unless committed.
public struct WriteTransaction: ~Copyable {
  /// Where a key goes.
  public enum Placement: Sendable {
    /// In its order; a value that is there is replaced.
    case replacing
    /// In its order; `keyExists` when it is there.
    case new
    /// After every key that is there, `keyExists` otherwise: fills pages to the brim.
    case last
  }

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

  /// Makes the changes visible.
  public consuming func commit() throws(LMDBError) {
    let (handle, environment) = (handle, environment)
    defer { environment.release() }
    // mdb_txn_commit() frees the transaction whether it succeeds or not.
    discard self
    try check(mdb_txn_commit(handle), "commit")
  }

  /// A named database.
  public borrowing func database(_ name: String, creates: Bool) throws(LMDBError) -> Database {
    try Database(name: name, transaction: handle, flags: creates ? UInt32(MDB_CREATE) : 0)
  }

  /// Stores a value.
  public borrowing func put(
    _ value: UnsafeRawBufferPointer, at key: some Sequence<UInt8>, in database: Database,
    _ placement: Placement = .replacing
  ) throws(LMDBError) {
    var data = MDB_val(mv_size: value.count, mv_data: UnsafeMutableRawPointer(mutating: value.baseAddress))
    let flags: Int32 =
      switch placement {
      case .replacing: 0
      case .new: MDB_NOOVERWRITE
      case .last: MDB_APPEND
      }
    let result = withValue(Array(key)) {
      mdb_put(handle, database.handle, &$0, &data, UInt32(bitPattern: flags))
    }
    try check(result, "write a key of “\(database.name)”")
  }

  /// Stores a value.
  public borrowing func put(
    _ value: [UInt8], at key: some Sequence<UInt8>, in database: Database, _ placement: Placement = .replacing
  ) throws(LMDBError) {
    let result = value.withUnsafeBytes { bytes in
      Result { () throws(LMDBError) in try put(bytes, at: key, in: database, placement) }
    }
    try result.get()
  }

  /// Removes a key.
  ///
  /// - Returns: whether it was there.
  @discardableResult
  public borrowing func remove(_ key: some Sequence<UInt8>, from database: Database) throws(LMDBError) -> Bool {
    let result = withValue(Array(key)) { mdb_del(handle, database.handle, &$0, nil) }
    guard result != MDB_NOTFOUND else { return false }
    try check(result, "remove a key of “\(database.name)”")
    return true
  }

  /// Removes every key that begins with a prefix.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public borrowing func removeAll(prefix: [UInt8] = [], from database: Database) throws(LMDBError) -> Int {
    guard !prefix.isEmpty else {
      let count = try entries(handle, database)
      try check(mdb_drop(handle, database.handle, 0), "empty “\(database.name)”")
      return count
    }
    var cursor: OpaquePointer?
    try check(mdb_cursor_open(handle, database.handle, &cursor), "walk over “\(database.name)”")
    // The cursor is closed before the transaction ends: lmdb.h, mdb_cursor_open().
    defer { mdb_cursor_close(cursor) }
    var count = 0
    var key = MDB_val()
    var result = withValue(prefix) {
      let result = mdb_cursor_get(cursor, &$0, nil, MDB_SET_RANGE)
      key = $0
      return result
    }
    while result != MDB_NOTFOUND {
      try check(result, "walk over “\(database.name)”")
      guard UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size).starts(with: prefix) else { break }
      try check(mdb_cursor_del(cursor, 0), "remove a key of “\(database.name)”")
      count += 1
      // After a removal the cursor stands on the key that followed.
      result = mdb_cursor_get(cursor, &key, nil, MDB_GET_CURRENT)
      if result == EINVAL { break }
    }
    return count
  }

  /// The value of a key, in place, as this transaction sees it; it holds until the next change.
  public borrowing func address(
    _ key: some Sequence<UInt8>, in database: Database
  ) throws(LMDBError) -> UnsafeRawBufferPointer? {
    try get(handle, database, Array(key))
  }

  /// A copy of the value of a key, as this transaction sees it.
  public borrowing func bytes(_ key: some Sequence<UInt8>, in database: Database) throws(LMDBError) -> [UInt8]? {
    try get(handle, database, Array(key)).map { [UInt8]($0) }
  }

  /// Walks over the keys that begin with a prefix, in ascending order; the closure changes nothing.
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

  /// The pages of a database, this transaction's included.
  public borrowing func pages(_ database: Database) throws(LMDBError) -> Int {
    var status = MDB_stat()
    try check(mdb_stat(handle, database.handle, &status), "measure “\(database.name)”")
    return status.ms_branch_pages + status.ms_leaf_pages + status.ms_overflow_pages
  }
}
