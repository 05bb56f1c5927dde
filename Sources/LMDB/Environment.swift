internal import CLMDB
internal import Glibc
internal import Synchronization

// Sendable: an MDB_env may be used by several threads (lmdb.h ties transactions, not environments, to threads); the
// map is resized only while `gate` is held alone, `databases` and `readers` are behind a Mutex.

/// An open LMDB file.
///
/// - Rule 1: a process opens a file once at a time. `lmdb.h`, “Restrictions”: “Do not have open an LMDB database twice
///   in the same process at the same time. Not even from a plain open() call - close()ing it breaks fcntl() advisory
///   locking.” Share the environment instead.
/// - Rule 2: a writing closure may run twice (the map grew in between), so it changes nothing but the database.
/// - Rule 3: no `write` inside a `read` of the same thread; it is refused, since the map could not grow.
public final class Environment: @unchecked Sendable {
  /// What a file is opened for.
  public enum Use: Sendable, Equatable {
    /// Read and written by this process; the map grows by itself from so many bytes.
    case readWrite(mapSize: Int = 1 << 28)
    /// Read by this process while another one may write it.
    case readOnly
    /// A new file, written in one transaction into the map itself; so many bytes are reserved, not used.
    case writeOnce(mapSize: Int)
    /// A file that nobody changes any more; any number of processes read it without a lock.
    case immutable
  }

  /// The longest key, in bytes: LMDB's compiled-in limit on Debian.
  public static let maximumKeyLength = 511

  /// The file's path.
  public let path: String
  /// What it was opened for.
  public let use: Use

  let handle: OpaquePointer
  private let databases = Mutex<[String: Database]>([:])
  /// How many reading closures each thread is in, for rule 3.
  private let readers = Mutex<[UInt: Int]>([:])
  private let gate: UnsafeMutablePointer<pthread_rwlock_t>

  /// Opens a file, which `readWrite` makes when it is missing and `writeOnce` wants missing or empty.
  ///
  /// - Throws: `LMDBError` naming the file.
  public init(path: String, use: Use, maximumDatabases: Int = 32) throws(LMDBError) {
    var environment: OpaquePointer?
    try check(mdb_env_create(&environment), "prepare an environment")
    guard let environment else { throw LMDBError(number: ENOMEM, action: "prepare an environment") }
    do throws(LMDBError) {
      try check(mdb_env_set_maxdbs(environment, MDB_dbi(clamping: maximumDatabases)), "open “\(path)”")
      if let size = try Self.mapSize(path: path, use: use) {
        try check(mdb_env_set_mapsize(environment, size), "reserve \(size) bytes for “\(path)”")
      }
      try check(mdb_env_open(environment, path, Self.flags(use), 0o644), "open “\(path)”")
    } catch {
      // lmdb.h: “If this function fails, mdb_env_close() must be called to discard the MDB_env handle.”
      mdb_env_close(environment)
      throw error
    }
    self.path = path
    self.use = use
    handle = environment
    gate = .allocate(capacity: 1)
    pthread_rwlock_init(gate, nil)
  }

  deinit {
    mdb_env_close(handle)
    pthread_rwlock_destroy(gate)
    gate.deallocate()
  }

  // `MDB_NOTLS` ties reader slots to transactions instead of threads: Swift's tasks move between threads.
  // `MDB_NOLOCK` is sound where nobody writes (`immutable`) and where nobody else reads yet (`writeOnce`).
  // `MDB_WRITEMAP` makes dirty pages file pages: the heap stays flat, and unused bytes of a page are the file's
  // zeros, never leftovers of the heap.
  private static func flags(_ use: Use) -> UInt32 {
    let flags: Int32 =
      switch use {
      case .readWrite: MDB_NOSUBDIR | MDB_NOTLS
      case .readOnly: MDB_NOSUBDIR | MDB_NOTLS | MDB_RDONLY
      case .writeOnce: MDB_NOSUBDIR | MDB_NOTLS | MDB_NOLOCK | MDB_WRITEMAP | MDB_NOSYNC
      case .immutable: MDB_NOSUBDIR | MDB_NOTLS | MDB_NOLOCK | MDB_RDONLY
      }
    return UInt32(bitPattern: flags)
  }

  /// An immutable file is mapped as long as it is, not as long as its writer had reserved.
  private static func mapSize(path: String, use: Use) throws(LMDBError) -> Int? {
    switch use {
    case .writeOnce(let mapSize): return max(mapSize, 1 << 20)
    case .readWrite(let mapSize): return max(mapSize, 1 << 20, try fileSize(path) ?? 0)
    // Far more than the file has, as its writer may make it grow meanwhile: address space, not memory.
    case .readOnly: return max(1 << 36, 4 * (try fileSize(path) ?? 0))
    case .immutable:
      guard let size = try fileSize(path) else { throw LMDBError(number: ENOENT, action: "open “\(path)”") }
      // An empty or cut file would be mapped past its end.
      guard size >= 8192 else { throw LMDBError(notADatabase: path) }
      try FileStructure.check(path: path, size: size)
      return size
    }
  }

  /// The names of the databases that stand in a part of an immutable file, as far as they can be told: for saying where
  /// a file is damaged.
  ///
  /// - Complexity: O(pages of the file).
  public static func contents(path: String, range: Range<Int>) throws(LMDBError) -> [String] {
    guard let size = try fileSize(path), size >= 8192 else { return [] }
    return try FileStructure.contents(path: path, size: size, range: range)
  }

  private static func fileSize(_ path: String) throws(LMDBError) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw LMDBError(number: errno, action: "open “\(path)”")
    }
    return Int(status.st_size)
  }

  // MARK: Transactions

  /// Begins a reading transaction, which ends with the value's life.
  ///
  /// - Complexity: O(1); without a lock about as dear as one heap allocation.
  public func beginReading() throws(LMDBError) -> ReadTransaction {
    var transaction: OpaquePointer?
    try check(mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction), "begin to read “\(path)”")
    guard let transaction else { throw LMDBError(number: ENOMEM, action: "begin to read “\(path)”") }
    return ReadTransaction(handle: transaction, environment: self)
  }

  /// Begins a writing transaction; the thread that begins it must end it.
  ///
  /// `write` is the easy way: it commits, and grows the map. This one is for a file that is written once.
  public func beginWriting() throws(LMDBError) -> WriteTransaction {
    var transaction: OpaquePointer?
    try check(mdb_txn_begin(handle, nil, 0, &transaction), "begin to write “\(path)”")
    guard let transaction else { throw LMDBError(number: ENOMEM, action: "begin to write “\(path)”") }
    return WriteTransaction(handle: transaction, environment: self)
  }

  /// Reads in one consistent view.
  public func read<Value>(_ body: (borrowing ReadTransaction) throws -> Value) throws -> Value {
    guard case .readWrite = use else { return try body(try beginReading()) }
    let thread = UInt(pthread_self())
    pthread_rwlock_rdlock(gate)
    readers.withLock { $0[thread, default: 0] += 1 }
    defer {
      readers.withLock { counts in
        let count = (counts[thread] ?? 1) - 1
        counts[thread] = count > 0 ? count : nil
      }
      pthread_rwlock_unlock(gate)
    }
    return try body(try beginReading())
  }

  /// Writes in one transaction: committed when the closure returns, undone when it throws.
  ///
  /// When the map is full, it is doubled and the closure runs again from the start.
  public func write<Value>(_ body: (borrowing WriteTransaction) throws -> Value) throws -> Value {
    guard readers.withLock({ $0[UInt(pthread_self())] == nil }) else {
      throw LMDBError(misuse: "write “\(path)”", reason: "this thread is reading it; end the reading first")
    }
    while true {
      do {
        pthread_rwlock_rdlock(gate)
        defer { pthread_rwlock_unlock(gate) }
        let transaction = try beginWriting()
        let value = try body(transaction)
        try transaction.commit()
        return value
      } catch let error as LMDBError where error.code == .mapFull {
        try grow()
      }
    }
  }

  /// Doubles the map. `mdb_env_set_mapsize`: “must only be called if no transactions are active in this process.”
  private func grow() throws(LMDBError) {
    guard case .readWrite = use else {
      throw LMDBError(number: MDB_MAP_FULL, action: "write “\(path)”, which may take \(mapSize) bytes")
    }
    pthread_rwlock_wrlock(gate)
    defer { pthread_rwlock_unlock(gate) }
    let (size, overflow) = mapSize.multipliedReportingOverflow(by: 2)
    guard !overflow else { throw LMDBError(number: MDB_MAP_FULL, action: "grow “\(path)”") }
    try check(mdb_env_set_mapsize(handle, size), "grow “\(path)” to \(size) bytes")
  }

  /// The bytes reserved for the file.
  public var mapSize: Int {
    var info = MDB_envinfo()
    mdb_env_info(handle, &info)
    return info.me_mapsize
  }

  /// The bytes of the file that committed pages take.
  public var usedBytes: Int {
    var info = MDB_envinfo()
    mdb_env_info(handle, &info)
    var status = MDB_stat()
    mdb_env_stat(handle, &status)
    return (info.me_last_pgno + 1) * Int(status.ms_psize)
  }

  /// Flushes to the disk what was committed.
  public func sync() throws(LMDBError) {
    try check(mdb_env_sync(handle, 1), "flush “\(path)” to the disk")
  }

  /// Writes a copy without free pages to a path where no file is, and flushes it to the disk.
  public func copyCompacted(to path: String) throws(LMDBError) {
    try check(mdb_env_copy2(handle, path, UInt32(MDB_CP_COMPACT)), "copy “\(self.path)” to “\(path)”")
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw LMDBError(number: errno, action: "open “\(path)”") }
    defer { close(file) }
    guard fsync(file) == 0 else { throw LMDBError(number: errno, action: "flush “\(path)” to the disk") }
  }

  // MARK: Databases

  /// A named database of the file, made when it is missing and the file is open for writing; handles are kept.
  ///
  /// Not to be called inside a transaction of the same thread.
  public func database(_ name: String) throws -> Database {
    // One at a time, as mdb_dbi_open() demands: “must not be called from multiple concurrent transactions”.
    try databases.withLock { known in
      if let database = known[name] { return database }
      let database =
        switch use {
        case .readWrite: try write { try $0.database(name, creates: true) }
        case .writeOnce:
          throw LMDBError(misuse: "open “\(name)”", reason: "open it in the one transaction of this file")
        case .immutable, .readOnly: try open(name)
        }
      known[name] = database
      return database
    }
  }

  /// A handle outlives its transaction only by a commit.
  private func open(_ name: String) throws(LMDBError) -> Database {
    let transaction = try beginReading()
    let database = try Database(name: name, transaction: transaction.handle, flags: 0)
    try transaction.commit()
    return database
  }
}

/// A named database of an environment.
public struct Database: Sendable {
  /// Its name.
  public let name: String
  let handle: UInt32

  init(name: String, transaction: OpaquePointer, flags: UInt32) throws(LMDBError) {
    var handle: MDB_dbi = 0
    try check(mdb_dbi_open(transaction, name, flags, &handle), "open the database “\(name)”")
    self.name = name
    self.handle = handle
  }
}
