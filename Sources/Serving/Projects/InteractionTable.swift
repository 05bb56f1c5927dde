internal import Corpus
internal import LMDB

/// What the questions to projects took and how they ended, in the journal's file: `interactions` (time, number → record).
struct InteractionTable: Sendable {
  private let environment: Environment
  private let records: Database

  init(_ environment: Environment) throws {
    self.environment = environment
    records = try environment.database("interactions")
  }

  /// The newest records, oldest first, each with its key.
  func newest(_ count: Int) throws -> [(key: [UInt8], record: InteractionRecords.Record)] {
    var found: [(key: [UInt8], record: InteractionRecords.Record)] = []
    try environment.read { transaction in
      try transaction.forEach(prefix: [], in: records) { key, value in
        guard let record = InteractionRecords.Record(value.copied) else { return true }
        // Half at once: moving all of them for each new one would be work for nothing.
        if found.count >= 2 * count { found.removeFirst(count) }
        found.append((key.copied, record))
        return true
      }
    }
    return Array(found.suffix(count))
  }

  /// Keeps a record.
  func add(_ record: InteractionRecords.Record, at key: [UInt8]) throws {
    try environment.write { try $0.put(record.encoded, at: key, in: records) }
  }

  /// Forgets what stands before a key.
  func remove(before limit: [UInt8]) throws {
    while true {
      // A part at a time: nobody else can write meanwhile.
      let first = try environment.page(in: records, limit: 1_000).map(\.key)
      let old = first.filter { $0.lexicographicallyPrecedes(limit) }
      guard !old.isEmpty else { return }
      try environment.write { transaction in
        for key in old { try transaction.remove(key, from: records) }
      }
    }
  }

  /// A key that stands in the order of times, and of numbers among records of one second.
  static func key(time: Int64, number: Int64 = 0) -> [UInt8] { JournalTables.big(time) + JournalTables.big(number) }
}

extension InteractionRecords.Record {
  fileprivate init?(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes), let project = value["project"]?.string,
      let time = value["time"]?.int, let quality = value["quality"]?.string
    else { return nil }
    self.init(project: project, time: Int64(time), quality: quality)
    retrieval = value["retrieval"]?.double ?? 0
    models = value["models"]?.double ?? 0
    moderator = value["moderator"]?.double ?? 0
    total = value["total"]?.double ?? 0
    isFallback = value["fallback"]?.bool ?? false
    asked = value["asked"]?.int ?? 0
    failures = value["failures"]?.array?.compactMap(\.string) ?? []
  }

  fileprivate var encoded: [UInt8] {
    let value: JSONValue = [
      "project": .string(project), "time": .integer(time), "quality": .string(quality),
      "retrieval": .number(retrieval), "models": .number(models), "moderator": .number(moderator),
      "total": .number(total), "fallback": .bool(isFallback), "asked": .integer(Int64(asked)),
      "failures": .array(failures.map { .string($0) }),
    ]
    return value.bytes
  }
}
