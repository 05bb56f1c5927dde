internal import Corpus
internal import LMDB

/// What was asked, in the journal's file: `asked` (id → question), `asked_ages` (time, id) for the oldest first,
/// `asked_owners` (id → owner), `feedback` (id → verdict), and their bytes in `sizes`.
struct AskedTables: Sendable {
  private let environment: Environment
  private let asked: Database
  private let ages: Database
  private let owners: Database
  private let feedback: Database
  private let sizes: Database

  private static let total = Array("asked".utf8)

  init(_ environment: Environment, sizes: Database) throws {
    self.environment = environment
    self.sizes = sizes
    asked = try environment.database("asked")
    ages = try environment.database("asked_ages")
    owners = try environment.database("asked_owners")
    feedback = try environment.database("feedback")
  }

  // MARK: Writing

  /// Adds questions, all in one transaction.
  func append(_ records: [(Journal.Asked, ConversationOwner)]) throws {
    try environment.write { transaction in
      var change = 0
      for (record, owner) in records {
        let key = Array(record.id.text.utf8)
        let value = record.json.bytes
        try transaction.put(value, at: key, in: asked)
        try transaction.put(owner.bytes, at: key, in: owners)
        try transaction.put([1], at: JournalTables.big(record.time) + key, in: ages)
        change += value.count
      }
      try add(change, transaction)
    }
  }

  /// Keeps what a person thought of an answer, in the place of what they thought before.
  ///
  /// - Returns: false when the owner had no such answer.
  func put(_ verdict: Journal.Feedback, on id: InteractionID, of owner: ConversationOwner) throws -> Bool {
    let key = Array(id.text.utf8)
    let value = verdict.json.bytes
    return try environment.write { transaction in
      guard try transaction.bytes(key, in: owners) == owner.bytes else { return false }
      let before = try transaction.bytes(key, in: feedback)?.count ?? 0
      try transaction.put(value, at: key, in: feedback)
      try add(value.count - before, transaction)
      return true
    }
  }

  /// Removes what was asked before a time, and then the oldest until so many bytes are left.
  func removeOldest(before limit: Int64, downTo most: Int) throws {
    while true {
      let oldest = try environment.page(in: ages, limit: Self.removedAtOnce).map(\.key)
      let isTooMuch = try bytes() > most
      let gone = oldest.filter { $0.count > 8 && (isTooMuch || JournalTables.number($0) < Int(clamping: limit)) }
      guard !gone.isEmpty else { return }
      // Too much is told by each removal; too old by all of them together.
      let isOver = try environment.write { transaction in
        for age in gone {
          let isOld = JournalTables.number(age) < Int(clamping: limit)
          if !isOld, try Self.size(transaction, sizes) <= most { return true }
          let key = Array(age.dropFirst(8))
          let size =
            (try transaction.bytes(key, in: asked)?.count ?? 0) + (try transaction.bytes(key, in: feedback)?.count ?? 0)
          for database in [asked, owners, feedback] { try transaction.remove(key, from: database) }
          try transaction.remove(age, from: ages)
          try add(-size, transaction)
        }
        return gone.count < Self.removedAtOnce
      }
      if isOver { return }
    }
  }

  private static let removedAtOnce = 100

  private func add(_ change: Int, _ transaction: borrowing WriteTransaction) throws {
    let after = max(0, try Self.size(transaction, sizes) + change)
    try transaction.put(JournalTables.big(Int64(after)), at: Self.total, in: sizes)
  }

  private static func size(_ transaction: borrowing WriteTransaction, _ sizes: Database) throws -> Int {
    try transaction.bytes(total, in: sizes).map(JournalTables.number) ?? 0
  }

  // MARK: Reading

  /// The bytes of everything that was asked, and of what was thought of it.
  func bytes() throws -> Int { try environment.bytes(Self.total, in: sizes).map(JournalTables.number) ?? 0 }

  /// What was asked from a place on, oldest first.
  ///
  /// - Parameters:
  ///   - start: a time in seconds since 1970 as eight bytes, or what was returned before.
  ///   - limit: how many at most.
  /// - Returns: the questions with what was thought of their answers, and where to go on; nil at the end.
  /// - Throws: `LMDBError`.
  func page(
    from start: [UInt8], limit: Int
  ) throws -> (found: [(Journal.Asked, Journal.Feedback?)], next: [UInt8]?) {
    try environment.read { transaction in
      var keys: [[UInt8]] = []
      try transaction.forEach(in: ages, from: start) { key, _ in
        keys.append(key.copied)
        return keys.count < limit
      }
      let found = try keys.compactMap { age -> (Journal.Asked, Journal.Feedback?)? in
        let key = Array(age.dropFirst(8))
        guard let id = InteractionID(String(decoding: key, as: UTF8.self)),
          let value = try transaction.bytes(key, in: asked).flatMap({ try? JSONValue(parsing: $0) }),
          let record = Journal.Asked(id, value)
        else { return nil }
        let verdict = try transaction.bytes(key, in: feedback).flatMap { try? JSONValue(parsing: $0) }
        return (record, verdict.flatMap { Journal.Feedback($0) })
      }
      return (found, keys.count < limit ? nil : keys.last.map { $0 + [0] })
    }
  }
}
