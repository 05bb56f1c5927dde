internal import Corpus
internal import LMDB

/// The journal's conversations: `conversations` (owner, id → summary), `turns` (owner, id, number → turn), `ages` (time,
/// owner, id) for the oldest first, and `sizes` for the bytes of all.
struct JournalTables: Sendable {
  private let environment: Environment
  private let conversations: Database
  private let turns: Database
  private let ages: Database
  private let sizes: Database
  /// What was asked, in the same file.
  let asked: AskedTables

  private static let total = Array("total".utf8)

  init(_ environment: Environment) throws {
    self.environment = environment
    conversations = try environment.database("conversations")
    turns = try environment.database("turns")
    ages = try environment.database("ages")
    sizes = try environment.database("sizes")
    asked = try AskedTables(environment, sizes: sizes)
  }

  private struct Record {
    var title: String
    var created: Int64
    var updated: Int64
    /// The number of the first turn that is kept, and of the next one.
    var first: Int
    var next: Int
    var bytes: Int

    init(title: String, at time: Int64) {
      (self.title, created, updated, first, next, bytes) = (title, time, time, 0, 0, 0)
    }

    init?(_ bytes: [UInt8]) {
      guard let value = try? JSONValue(parsing: bytes), let title = value["title"]?.string,
        let created = value["created"]?.int, let updated = value["updated"]?.int, let first = value["first"]?.int,
        let next = value["next"]?.int, let size = value["bytes"]?.int
      else { return nil }
      self.title = title
      self.created = Int64(created)
      self.updated = Int64(updated)
      (self.first, self.next, self.bytes) = (first, next, size)
    }

    var encoded: [UInt8] {
      let value: JSONValue = [
        "title": .string(title), "created": .integer(created), "updated": .integer(updated),
        "first": .integer(Int64(first)), "next": .integer(Int64(next)), "bytes": .integer(Int64(bytes)),
      ]
      return value.bytes
    }
  }

  // MARK: Writing

  /// Adds a turn, and lets go of the first where there are more than so many.
  ///
  /// - Returns: the bytes of all conversations then.
  func append(
    _ turn: Journal.Turn, in id: ConversationID, of owner: ConversationOwner, keeping most: Int
  ) throws -> Int {
    let key = Self.key(owner, id)
    let value = turn.encoded
    return try environment.write { transaction in
      let known = try transaction.bytes(key, in: conversations).flatMap { Record($0) }
      var record = known ?? Record(title: turn.question.title, at: turn.time)
      if known != nil { try transaction.remove(Self.big(record.updated) + key, from: ages) }
      var change = value.count
      try transaction.put(value, at: key + Self.big(Int64(record.next)), in: turns)
      record.next += 1
      while record.next - record.first > most {
        let old = key + Self.big(Int64(record.first))
        change -= try transaction.bytes(old, in: turns)?.count ?? 0
        try transaction.remove(old, from: turns)
        record.first += 1
      }
      record.bytes += change
      record.updated = max(record.updated, turn.time)
      try transaction.put(record.encoded, at: key, in: conversations)
      try transaction.put([1], at: Self.big(record.updated) + key, in: ages)
      return try add(change, transaction)
    }
  }

  /// Removes a conversation; false when there is none of this name.
  func remove(_ id: ConversationID, of owner: ConversationOwner) throws -> Bool {
    let key = Self.key(owner, id)
    return try environment.write { transaction in
      guard let record = try transaction.bytes(key, in: conversations).flatMap({ Record($0) }) else { return false }
      try remove(key, record, transaction)
      return true
    }
  }

  private func remove(_ key: [UInt8], _ record: Record, _ transaction: borrowing WriteTransaction) throws {
    try transaction.removeAll(prefix: key, from: turns)
    try transaction.remove(key, from: conversations)
    try transaction.remove(Self.big(record.updated) + key, from: ages)
    _ = try add(-record.bytes, transaction)
  }

  /// Removes what nobody went on with since a time, and then the oldest until so many bytes are left.
  ///
  /// - Returns: how many conversations went, and the bytes of those that stay.
  func removeOldest(before limit: Int64, downTo most: Int) throws -> (removed: Int, bytes: Int) {
    var removed = 0
    while true {
      let bytes = try bytes()
      guard let oldest = try environment.page(in: ages, limit: 1).first?.key, oldest.count > 8 else {
        return (removed, bytes)
      }
      let updated = oldest.prefix(8).reduce(0 as Int64) { $0 << 8 | Int64($1) }
      guard updated < limit || bytes > most else { return (removed, bytes) }
      let key = Array(oldest.dropFirst(8))
      try environment.write { transaction in
        if let record = try transaction.bytes(key, in: conversations).flatMap({ Record($0) }) {
          try remove(key, record, transaction)
        }
        try transaction.remove(oldest, from: ages)
      }
      removed += 1
    }
  }

  private func add(_ change: Int, _ transaction: borrowing WriteTransaction) throws -> Int {
    let before = try transaction.bytes(Self.total, in: sizes).map(Self.number) ?? 0
    let after = max(0, before + change)
    try transaction.put(Self.big(Int64(after)), at: Self.total, in: sizes)
    return after
  }

  // MARK: Reading

  /// The bytes of all conversations.
  func bytes() throws -> Int { try environment.bytes(Self.total, in: sizes).map(Self.number) ?? 0 }

  func summary(of id: ConversationID, _ owner: ConversationOwner) throws -> Journal.Summary? {
    try environment.bytes(Self.key(owner, id), in: conversations).flatMap { Record($0) }.map { Self.summary(id, $0) }
  }

  /// An owner's conversations.
  func summaries(of owner: ConversationOwner) throws -> [Journal.Summary] {
    var found: [Journal.Summary] = []
    try environment.read { transaction in
      try transaction.forEach(prefix: owner.bytes, in: conversations) { key, value in
        let id = ConversationID(String(decoding: key.copied.dropFirst(owner.bytes.count), as: UTF8.self))
        if let id, let record = Record(value.copied) { found.append(Self.summary(id, record)) }
        return true
      }
    }
    return found
  }

  /// The last turns, oldest first; nil when there is no such conversation.
  func turns(of id: ConversationID, _ owner: ConversationOwner, last count: Int) throws -> [Journal.Turn]? {
    let key = Self.key(owner, id)
    return try environment.read { transaction in
      guard let record = try transaction.bytes(key, in: conversations).flatMap({ Record($0) }) else { return nil }
      var found: [Journal.Turn] = []
      let start = key + Self.big(Int64(max(record.first, record.next - count)))
      try transaction.forEach(prefix: key, in: turns, from: start) { _, value in
        if let turn = Journal.Turn(value.copied) { found.append(turn) }
        return found.count < count
      }
      return found
    }
  }

  private static func summary(_ id: ConversationID, _ record: Record) -> Journal.Summary {
    Journal.Summary(
      id: id, title: record.title, created: record.created, updated: record.updated, turns: record.next - record.first)
  }

  // MARK: Keys

  private static func key(_ owner: ConversationOwner, _ id: ConversationID) -> [UInt8] { owner.bytes + id.text.utf8 }

  /// Eight bytes, the highest first, so that keys stand in the order of numbers.
  static func big(_ number: Int64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: max(0, number) >> (56 - 8 * $0)) }
  }

  static func number(_ bytes: [UInt8]) -> Int {
    Int(clamping: bytes.prefix(8).reduce(0 as Int64) { $0 << 8 | Int64($1) })
  }
}

extension Journal.Turn {
  fileprivate init?(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes), let question = value["question"]?.string,
      let answer = value["answer"]?.string, let time = value["time"]?.int
    else { return nil }
    self.init(
      question: question, answer: answer, sources: value["sources"]?.array?.compactMap(\.string) ?? [],
      time: Int64(time))
  }

  fileprivate var encoded: [UInt8] {
    let value: JSONValue = [
      "question": .string(question), "answer": .string(answer), "sources": .array(sources.map { .string($0) }),
      "time": .integer(time),
    ]
    return value.bytes
  }
}

extension String {
  /// Its beginning on one line, cut between words: what a conversation is called by its first question.
  fileprivate var title: String {
    let words = split(whereSeparator: \.isWhitespace)
    var title = ""
    for word in words {
      guard title.count + word.count < 80 else { return (title.isEmpty ? String(word.prefix(79)) : title) + "…" }
      title += (title.isEmpty ? "" : " ") + word
    }
    return title
  }
}
