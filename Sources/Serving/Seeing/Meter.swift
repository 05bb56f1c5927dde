internal import Corpus
internal import Synchronization

/// Counts what answers cost and how they end: for `/metrics`, by names that are few.
///
/// Each family keeps at most so many different names; what comes beyond is counted as `other`, so that nobody fills the
/// memory, or Prometheus, with names.
public final class Meter: Sendable {
  private static let room = 200

  private struct State {
    var counters: [String: [[String]: Double]] = [:]
  }

  private struct Definition {
    var name: String
    var help: String
    var labels: [String]
  }

  private static let definitions: [Definition] = [
    .init(
      name: "acervo_model_tokens_total", help: "Tokens of language models, as told or estimated.",
      labels: ["provider", "key", "kind"]),
    .init(
      name: "acervo_model_cost_total", help: "What language models cost, by the prices that are set.",
      labels: ["provider", "key"]),
    .init(name: "acervo_answers_total", help: "Answers by how they were made.", labels: ["route", "outcome"]),
    .init(name: "acervo_cache_requests_total", help: "Look-ups in memories.", labels: ["cache", "result"]),
    .init(
      name: "acervo_failures_total", help: "Failures by kind, also those that an answer was made in spite of.",
      labels: ["kind"]),
  ]

  private let state = Mutex(State())

  /// Starts at zero.
  public init() {}

  /// Counts tokens and their cost.
  ///
  /// - Parameters:
  ///   - provider: who runs the model.
  ///   - caller: for whom; a key's id, else the kind of caller.
  ///   - prompt: tokens that were sent.
  ///   - completion: tokens that came back.
  ///   - cost: in the currency of the prices that are set; 0 where none is.
  public func used(provider: String, caller: Caller, prompt: Int, completion: Int, cost: Double) {
    let key = caller.keyID ?? "-"
    add("acervo_model_tokens_total", [provider, key, "prompt"], Double(prompt))
    add("acervo_model_tokens_total", [provider, key, "completion"], Double(completion))
    if cost > 0 { add("acervo_model_cost_total", [provider, key], cost) }
  }

  /// Counts an answer: `answered`, `abstained`, `fallback`.
  public func answered(route: String, outcome: String) { add("acervo_answers_total", [route, outcome], 1) }

  /// Counts a look-up in a memory.
  public func lookedUp(cache: String, isHit: Bool) {
    add("acervo_cache_requests_total", [cache, isHit ? "hit" : "miss"], 1)
  }

  /// Counts a failure by kind: a word of the program's, never a message.
  public func failed(_ kind: String) { add("acervo_failures_total", [kind], 1) }

  private func add(_ family: String, _ labels: [String], _ amount: Double) {
    guard amount.isFinite, amount >= 0 else { return }
    state.withLock { state in
      let isKnown = state.counters[family]?[labels] != nil
      let isFull = state.counters[family].map { $0.count >= Self.room } ?? false
      let key = isKnown || !isFull ? labels : labels.map { _ in "other" }
      state.counters[family, default: [:]][key, default: 0] += amount
    }
  }

  /// The families with something counted.
  var families: [Metrics.Family] {
    let counters = state.withLock(\.counters)
    return Self.definitions.compactMap { definition in
      guard let counts = counters[definition.name] else { return nil }
      let samples = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { labels, value in
        (labels: Array(zip(definition.labels, labels)), value: value)
      }
      return Metrics.Family(definition.name, .counter, definition.help, samples.map { ($0.labels, $0.value) })
    }
  }
}
