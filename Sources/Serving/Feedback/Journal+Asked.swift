internal import Corpus
internal import Dispatch
internal import Synchronization

extension Journal {
  /// The share of the journal's bytes that what was asked may take beside the conversations.
  private static let share = 10
  /// How many questions are read at once, so that nobody who wants a conversation waits for long.
  private static let pageSize = 1_000

  /// The most bytes of what was asked.
  private var askedBytes: Int { settings.bytes / Self.share }

  /// Keeps a question that was answered, soon, its personal data masked.
  func record(_ asked: Asked, of owner: ConversationOwner) {
    var kept = asked
    kept.question = masked(asked.question, Asked.longestText)
    let isFirst = state.withLock { state -> Bool? in
      guard state.asked.count < Self.mostWaiting else {
        state.counts.failed += 1
        return nil
      }
      state.asked.append((kept, owner))
      return state.asked.count == 1
    }
    // Those that come while the queue is busy are written together.
    guard isFirst == true else { return }
    queue.async {
      let waiting = self.state.withLock { state in
        defer { state.asked = [] }
        return state.asked
      }
      do {
        try self.tables.asked.append(waiting)
        try self.removeOldAsked()
      } catch {
        self.state.withLock { $0.counts.failed += waiting.count }
        self.log.write(.warning, "journal_failed", ["error": .string("\(error)")])
      }
    }
  }

  func removeOldAsked() throws {
    try tables.asked.removeOldest(before: now() - Int64(settings.retentionSeconds), downTo: askedBytes)
  }

  /// Keeps what a person thought of an answer that they had.
  ///
  /// - Returns: false when the owner had no such answer, or it is not kept any more.
  func record(isUp: Bool, comment: String, on id: InteractionID, of owner: ConversationOwner) async throws -> Bool {
    let verdict = Feedback(isUp: isUp, comment: masked(comment, .max), time: now())
    return try await perform { try $0.asked.put(verdict, on: id, of: owner) }
  }

  /// Gives what was asked since a time, oldest first, a page after the other.
  func asked(since time: Int64, _ take: ([(Asked, Feedback?)]) -> Void) async throws {
    var start: [UInt8]? = JournalTables.big(time)
    while let from = start {
      try Task.checkCancellation()
      let (found, next) = try await perform { try $0.asked.page(from: from, limit: Self.pageSize) }
      take(found)
      start = next
    }
  }

  private func masked(_ text: String, _ longest: Int) -> String {
    let masked = PersonalData.mask(text, masked)
    guard masked.utf8.count > longest else { return masked }
    var bytes = 0
    return String(
      masked.prefix { character in
        bytes += character.utf8.count
        return bytes <= longest
      })
  }
}
