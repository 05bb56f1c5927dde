internal import Corpus
internal import Glibc
internal import LMDB

/// Keeping the state file small: results leave some time after the last page that used them.
extension StateFile {
  /// Notes which results no page uses since when, and drops those that nobody used for too long.
  ///
  /// A result that a page of the current snapshot uses never leaves: there is nothing to note when it is used, and an
  /// unchanged run writes nothing.
  ///
  /// - Parameters:
  ///   - used: the memo keys that the pages of the current snapshot refer to.
  ///   - now: seconds since 1970.
  ///   - keep: how long an unused result stays, in seconds.
  ///   - limit: the size of the file above which unused results leave early, the oldest first.
  /// - Throws: `LMDBError`.
  func retire(keeping used: Set<[UInt8]>, at now: Int64, after keep: Double, limit: Int) throws {
    var since: [[UInt8]: Int64] = [:]
    try forEach(in: unused) { key, value in since[key] = Int64(bitPattern: value.loadUnaligned(as: UInt64.self)) }
    var fresh: [[UInt8]] = []
    try environment.read { transaction in
      try transaction.forEach(in: memo) { key, _ in
        let key = key.copied
        if !used.contains(key), since[key] == nil { fresh.append(key) }
        return true
      }
    }
    let revived = since.keys.filter { used.contains($0) }
    try inPortions(fresh) { key, transaction in
      try transaction.put(withUnsafeBytes(of: UInt64(bitPattern: now)) { [UInt8]($0) }, at: key, in: unused)
    }
    try inPortions(revived) { key, transaction in try transaction.remove(key, from: unused) }
    for key in revived { since[key] = nil }
    for key in fresh { since[key] = now }
    let expired = since.filter { Double(now - $0.value) >= keep }.map(\.key)
    try drop(expired)
    for key in expired { since[key] = nil }
    try shrink(to: limit, dropping: since.sorted { ($0.value, $1.key.count) < ($1.value, $0.key.count) }.map(\.key))
  }

  /// Drops what nobody used for too long.
  func dropExpired(at now: Int64, after keep: Double) throws {
    var expired: [[UInt8]] = []
    try forEach(in: unused) { key, value in
      if Double(now - Int64(bitPattern: value.loadUnaligned(as: UInt64.self))) >= keep { expired.append(key) }
    }
    try drop(expired)
  }

  /// Drops results until the live pages of the file fit a limit, or nothing is left to drop.
  private func shrink(to limit: Int, dropping keys: [[UInt8]]) throws {
    var rest = keys[...]
    while !rest.isEmpty, try liveBytes > limit {
      try drop(Array(rest.prefix(512)))
      rest = rest.dropFirst(512)
    }
  }

  private func drop(_ keys: [[UInt8]]) throws {
    try inPortions(keys) { key, transaction in
      try transaction.remove(key, from: memo)
      try transaction.remove(key, from: unused)
    }
  }

  /// Many small changes in transactions of bounded size.
  private func inPortions(
    _ keys: some Collection<[UInt8]>, _ body: ([UInt8], borrowing WriteTransaction) throws -> Void
  ) throws {
    let keys = Array(keys)
    for start in stride(from: 0, to: keys.count, by: 4096) {
      try environment.write { transaction in
        for key in keys[start..<min(start + 4096, keys.count)] { try body(key, transaction) }
      }
    }
  }

  /// What the tables take, without pages that are free for new entries.
  var liveBytes: Int {
    get throws {
      try environment.read { transaction in
        try ([pages, superseded, visits, memo, unused, failures, sources] + [groups].compactMap { $0 })
          .reduce(0) { $0 + (try transaction.pages($1)) * 4096 }
      }
    }
  }

  /// The length of a file, 0 where there is none.
  static func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Rewrites the file without its free pages where it has outgrown a limit though its tables have not.
  ///
  /// LMDB uses free pages again but never gives them back. The lock file goes with the old data: a process that still
  /// reads keeps both, and the new file starts with a new one. Where there is no room for the copy, or it cannot be
  /// written for another reason, the file stays as it is: it is large, not wrong.
  static func compactIfLarge(collectionFolder: String, limit: Int) throws {
    let path = collectionFolder + "/" + name
    let size = fileSize(path)
    guard size > limit else { return }
    let copy = path + ".compact"
    unlink(copy)
    do {
      let state = try StateFile(collectionFolder: collectionFolder)
      guard try state.liveBytes < size / 2 else { return }
      do {
        try state.environment.copyCompacted(to: copy)
      } catch {
        unlink(copy)
        return
      }
    }
    guard rename(copy, path) == 0 else {
      unlink(copy)
      return
    }
    unlink(path + "-lock")
  }
}
