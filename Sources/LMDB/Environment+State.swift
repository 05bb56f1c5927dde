/// One call, one transaction: the plain way to keep state.
extension Environment {
  /// A copy of the value of a key.
  public func bytes(_ key: some Sequence<UInt8>, in database: Database) throws -> [UInt8]? {
    try read { try $0.bytes(key, in: database) }
  }

  /// Stores a value in a transaction of its own; several belong into one `write`.
  public func put(_ value: [UInt8], at key: some Sequence<UInt8>, in database: Database) throws {
    let key = Array(key)
    try write { try $0.put(value, at: key, in: database) }
  }

  /// Removes a key in a transaction of its own.
  @discardableResult
  public func remove(_ key: some Sequence<UInt8>, from database: Database) throws -> Bool {
    let key = Array(key)
    return try write { try $0.remove(key, from: database) }
  }

  /// Copies of up to `limit` keys with a prefix and their values, in ascending order from a key on.
  ///
  /// For walking over many in bounded memory: ask again from the last key with a zero byte behind it.
  public func page(
    prefix: [UInt8] = [], in database: Database, from start: [UInt8] = [], limit: Int
  ) throws -> [(key: [UInt8], value: [UInt8])] {
    var page: [(key: [UInt8], value: [UInt8])] = []
    guard limit > 0 else { return page }
    try read { transaction in
      try transaction.forEach(prefix: prefix, in: database, from: start) { key, value in
        page.append((key.copied, value.copied))
        return page.count < limit
      }
    }
    return page
  }
}

extension RawSpan {
  /// A copy of the bytes.
  public var copied: [UInt8] {
    withUnsafeBytes { [UInt8]($0) }
  }
}
