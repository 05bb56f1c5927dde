internal import Synchronization

/// Searches that are asked for at the same time, done in one pass over the memory.
///
/// A pass reads every row, which is nearly all it costs; the questions of other requests that come meanwhile wait for
/// the next one and share it. Nobody waits where nobody searches.
public final class VectorQueue: Sendable {
  /// What is searched.
  public let index: VectorIndex

  /// The most queries of one pass: what they need stays in the second cache.
  static let largestBatch = 16

  private struct Waiting: Sendable {
    let query: VectorQuery
    let answer: CheckedContinuation<[ScoredChunk], any Error>
  }

  private struct State {
    var waiting: [Waiting] = []
    var isSearching = false
  }

  private let state = Mutex(State())

  /// Makes a queue in front of an index.
  public init(_ index: VectorIndex) {
    self.index = index
  }

  /// Finds what the index finds for a query alone.
  ///
  /// - Throws: `SearchIndexError` for a query or a set of another size.
  public func search(_ query: VectorQuery) async throws -> [ScoredChunk] {
    // What does not fit fails here, so that it spoils no pass of others.
    _ = try index.checked(query)
    return try await withCheckedThrowingContinuation { answer in
      let isFirst = state.withLock { state in
        state.waiting.append(Waiting(query: query, answer: answer))
        defer { state.isSearching = true }
        return !state.isSearching
      }
      if isFirst { pass() }
    }
  }

  /// One pass for those that wait; another task does the next, so that whoever asked first need not stay for it.
  private func pass() {
    let batch = state.withLock { state in
      let batch = Array(state.waiting.prefix(Self.largestBatch))
      state.waiting.removeFirst(batch.count)
      return batch
    }
    // Where several ask, the other cores have their requests to see to; where one asks, they are free to help.
    let found = Result { try index.search(batch.map(\.query), threads: batch.count > 1 ? 1 : nil) }
    let goesOn = state.withLock { state in
      state.isSearching = !state.waiting.isEmpty
      return state.isSearching
    }
    if goesOn { Task { self.pass() } }
    for (place, waiting) in batch.enumerated() {
      waiting.answer.resume(with: found.map { $0[place] })
    }
  }
}
