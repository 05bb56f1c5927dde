internal import Corpus
internal import Dispatch
internal import Glibc
internal import LMDB
internal import Synchronization

/// Where and how long conversations are kept.
public struct JournalSettings: Sendable, Equatable {
  /// The journal's file; it is made when it is missing.
  public var path: String
  /// Seconds after which a conversation that nobody went on with is removed; 30 days by default.
  public var retentionSeconds = 30 * 86_400
  /// The bytes of all conversations together, 256 MB by default; above, the oldest are removed.
  ///
  /// The file itself is somewhat larger.
  public var bytes = 256_000_000

  /// Makes settings with the defaults.
  public init(path: String) {
    self.path = path
  }
}

/// What the service keeps of its own, beside the snapshots and never in them.
///
/// One file; conversations, what was asked and thought of it, and what questions to projects took, have tables of their
/// own in it.
///
/// Everything happens on one queue, off the threads that answer: writing is not waited for, and what was written before
/// is seen by whoever reads after.
final class Journal: Sendable {
  /// One question with its answer.
  struct Turn: Sendable, Equatable {
    var question: String
    var answer: String
    /// Addresses of the evidence.
    var sources: [String]
    /// Seconds since 1970.
    var time: Int64
  }

  /// What a conversation is called, and how long it is.
  struct Summary: Sendable, Equatable {
    var id: ConversationID
    /// The beginning of the first question.
    var title: String
    /// When its first and its last question were asked, in seconds since 1970.
    var created: Int64
    var updated: Int64
    /// How many turns there are.
    var turns: Int
  }

  /// What happened so far.
  struct Counts: Sendable, Equatable {
    var written = 0
    var failed = 0
    var removed = 0
    /// What is kept, in bytes.
    var bytes = 0
  }

  /// Turns that wait to be written at most; more are dropped and counted as failures.
  static let mostWaiting = 1_000
  /// The turns of a conversation that are kept, the last ones.
  static let mostTurns = 1_000
  /// How many conversations are listed at once.
  static let mostListed = 100

  struct State {
    var counts = Counts()
    var waiting = 0
    /// Questions that wait to be written.
    var asked: [(Asked, ConversationOwner)] = []
  }

  let settings: JournalSettings
  /// What is masked in questions and comments.
  let masked: Set<PersonalData>
  let tables: JournalTables
  /// What the questions to projects took.
  let interactions: InteractionTable
  let log: ServiceLog
  let now: @Sendable () -> Int64
  let queue = DispatchQueue(label: "acervo.journal")
  let state = Mutex(State())

  /// Opens the file, and removes what is too old.
  ///
  /// - Parameters:
  ///   - settings: where, how long and how much.
  ///   - masked: personal data that is masked in what was asked.
  ///   - log: is told of what cannot be kept.
  ///   - now: the time, in seconds since 1970.
  /// - Throws: `LMDBError` when the file cannot be opened.
  init(
    _ settings: JournalSettings, masking masked: Set<PersonalData> = [], log: ServiceLog,
    now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
  ) throws {
    self.settings = settings
    self.masked = masked
    self.log = log
    self.now = now
    let environment = try Environment(path: settings.path, use: .readWrite(mapSize: 1 << 24))
    tables = try JournalTables(environment)
    interactions = try InteractionTable(environment)
    let bytes = try tables.bytes()
    state.withLock { $0.counts.bytes = bytes }
    try removeOld()
    try removeOldAsked()
  }

  var counts: Counts { state.withLock(\.counts) }

  // MARK: Writing

  /// Keeps a turn, soon: returns at once, and a failure is told to the log alone.
  func record(_ turn: Turn, in conversation: ConversationID, of owner: ConversationOwner) {
    soon { try self.write(turn, in: conversation, of: owner) }
  }

  /// Does something to the file, soon: returns at once, and a failure is told to the log alone.
  func soon(_ work: @escaping @Sendable () throws -> Void) {
    let isTaken = state.withLock { state in
      guard state.waiting < Self.mostWaiting else {
        state.counts.failed += 1
        return false
      }
      state.waiting += 1
      return true
    }
    guard isTaken else { return }
    queue.async {
      do {
        try work()
      } catch {
        self.state.withLock { $0.counts.failed += 1 }
        self.log.write(.warning, "journal_failed", ["error": .string("\(error)")])
      }
      self.state.withLock { $0.waiting -= 1 }
    }
  }

  /// Waits until everything is written that was to be written soon.
  func finish() { queue.sync {} }

  private func write(_ turn: Turn, in conversation: ConversationID, of owner: ConversationOwner) throws {
    let bytes = try tables.append(turn, in: conversation, of: owner, keeping: Self.mostTurns)
    state.withLock { state in
      state.counts.written += 1
      state.counts.bytes = bytes
    }
    try removeOld()
  }

  /// Removes what is older than it may be, and the oldest where there is too much.
  private func removeOld() throws {
    let (removed, bytes) = try tables.removeOldest(
      before: now() - Int64(settings.retentionSeconds), downTo: settings.bytes)
    state.withLock { state in
      state.counts.removed += removed
      state.counts.bytes = bytes
    }
  }

  // MARK: Reading

  /// The last turns of a conversation, oldest first; nil when the owner has none of this name.
  func turns(of conversation: ConversationID, _ owner: ConversationOwner, last count: Int) async throws -> [Turn]? {
    try await perform { try $0.turns(of: conversation, owner, last: count) }
  }

  /// A conversation whole; nil when the owner has none of this name.
  func conversation(_ id: ConversationID, of owner: ConversationOwner) async throws -> (Summary, [Turn])? {
    try await perform { tables in
      guard let summary = try tables.summary(of: id, owner) else { return nil }
      return (summary, try tables.turns(of: id, owner, last: Self.mostTurns) ?? [])
    }
  }

  /// An owner's conversations, the one that was gone on with last first.
  func conversations(of owner: ConversationOwner) async throws -> [Summary] {
    try await perform { tables in
      let all = try tables.summaries(of: owner)
      return Array(all.sorted { ($0.updated, $0.id.text) > ($1.updated, $1.id.text) }.prefix(Self.mostListed))
    }
  }

  /// Removes a conversation; false when the owner has none of this name.
  func remove(_ id: ConversationID, of owner: ConversationOwner) async throws -> Bool {
    let (wasThere, bytes) = try await perform { (try $0.remove(id, of: owner), try $0.bytes()) }
    state.withLock { state in
      state.counts.removed += wasThere ? 1 : 0
      state.counts.bytes = bytes
    }
    return wasThere
  }

  func perform<Value: Sendable>(_ work: @escaping @Sendable (JournalTables) throws -> Value) async throws
    -> Value
  {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try work(self.tables) }) }
    }
  }
}

/// Names a conversation: 128 random bits in hexadecimal digits.
struct ConversationID: Hashable, Sendable {
  let text: String

  /// A new one that nobody can guess.
  init() {
    text = (0..<2).map { _ in
      let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Reads one; nil for anything but 32 hexadecimal digits in lower case.
  init?(_ text: String) {
    let isHex = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    guard text.utf8.count == 32, isHex else { return nil }
    self.text = text
  }
}

/// Whose a conversation is.
///
/// What the caller may read decides where that is known, so that one person has one list whatever key is shown; the
/// caller's name otherwise.
struct ConversationOwner: Hashable, Sendable {
  /// The key's beginning in every table.
  let bytes: [UInt8]

  init(_ caller: Caller) {
    let principals = caller.principals.sorted().map(\.name).joined(separator: "\n")
    let name = (caller.keyID == nil ? "name:" : "key:") + caller.name
    bytes = ContentHash.of(principals.isEmpty ? name : "principals:" + principals).bytes
  }
}
