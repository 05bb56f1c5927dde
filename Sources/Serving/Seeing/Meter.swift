public import Embedding
internal import Synchronization

/// Counts what answers cost and how they end: for `/metrics` and for whoever shows it, by names that are few.
///
/// Each list keeps at most so many different names; what comes beyond is counted as `other`, so that nobody fills the
/// memory, or Prometheus, with names.
public final class Meter: Sendable {
  private static let room = 200
  private static let other = "other"

  /// The calls of one model for one key since the start.
  public struct Use: Sendable, Equatable {
    /// What is called.
    public var kind: ProviderCall.Kind
    /// What requests and settings call the model; the provider's name by default.
    public var provider: String
    /// The id of the key that they were made for; `-` for callers without one, of whom there may be too many to list.
    public var key: String
    /// Calls, those that failed included.
    public var calls = 0
    /// Calls of which nothing came, by why.
    public var failures: [String: Int] = [:]
    /// Tokens that were sent, as told or estimated.
    public var promptTokens = 0
    /// Tokens that came back; 0 for vectors.
    public var completionTokens = 0
    /// What they cost, in the money of the prices that are set.
    public var cost = 0.0
  }

  /// Answers that were made in one way since the start.
  public struct Answers: Sendable, Equatable {
    /// How an answer ended.
    public enum Outcome: String, Sendable, CaseIterable {
      /// With an answer.
      case answered
      /// The evidence was too weak, and it says so.
      case abstained
      /// Quotes, or the best single answer, stand in for a model that was to answer.
      case fallback
    }

    /// The route's path.
    public var route: String
    /// Who wrote them: a model as requests call it, or `extractive`.
    public var provider: String
    /// How they ended.
    public var outcome: Outcome
    /// How many.
    public var count: Int
  }

  /// Everything that was counted since the start.
  public struct Reading: Sendable, Equatable {
    /// What models took, by kind, provider and key.
    public var uses: [Use]
    /// How answers ended, by route, provider and outcome.
    public var answers: [Answers]
    /// Failures that an answer was made in spite of, by kind.
    public var failures: [String: Int]
    /// Questions that a catalogue's rows answered, by collection and intent.
    public var intents: [Intents]
  }

  /// Questions of one intent that a catalogue's rows answered since the start.
  public struct Intents: Sendable, Equatable {
    /// The collection.
    public var collection: String
    /// The intent's name.
    public var intent: String
    /// How many.
    public var count: Int
  }

  private struct UseName: Hashable {
    var kind: ProviderCall.Kind
    var provider: String
    var key: String
  }

  private struct AnswerName: Hashable {
    var route: String
    var provider: String
    var outcome: Answers.Outcome
  }

  private struct State {
    var uses: [UseName: Use] = [:]
    var answers: [AnswerName: Int] = [:]
    var failures: [String: Int] = [:]
    var intents: [[String]: Int] = [:]
  }

  private let state = Mutex(State())

  /// Starts at zero.
  public init() {}

  /// Counts a call of a model for a caller.
  public func took(_ call: ProviderCall, for caller: Caller) {
    state.withLock { state in
      var name = UseName(kind: call.kind, provider: call.name, key: caller.keyID ?? "-")
      if state.uses[name] == nil, state.uses.count >= Self.room {
        name = UseName(kind: call.kind, provider: Self.other, key: Self.other)
      }
      var use = state.uses[name] ?? Use(kind: name.kind, provider: name.provider, key: name.key)
      if !call.isShare {
        use.calls += 1
        if let failure = call.failure { use.failures[failure, default: 0] += 1 }
      }
      use.promptTokens &+= max(0, call.promptTokens)
      use.completionTokens &+= max(0, call.completionTokens)
      if call.cost.isFinite { use.cost += max(0, call.cost) }
      state.uses[name] = use
    }
  }

  /// Counts an answer, and the failures that it was made in spite of.
  ///
  /// - Parameters:
  ///   - route: the route's path.
  ///   - provider: who wrote it.
  ///   - outcome: how it ended.
  ///   - failures: the kinds of failure of those who were to answer.
  public func answered(route: String, by provider: String, _ outcome: Answers.Outcome, failures: [String] = []) {
    state.withLock { state in
      var name = AnswerName(route: route, provider: provider, outcome: outcome)
      if state.answers[name] == nil, state.answers.count >= Self.room { name.provider = Self.other }
      state.answers[name, default: 0] += 1
      for failure in failures {
        let isKnown = state.failures[failure] != nil || state.failures.count < Self.room
        state.failures[isKnown ? failure : Self.other, default: 0] += 1
      }
    }
  }

  /// Counts a question that a catalogue's rows answered.
  func understood(_ collection: String, intent: String) {
    state.withLock { state in
      var name = [collection, intent]
      if state.intents[name] == nil, state.intents.count >= Self.room { name = [Self.other, Self.other] }
      state.intents[name, default: 0] += 1
    }
  }

  /// Everything that was counted so far, in the order of names.
  public var reading: Reading {
    let state = state.withLock { $0 }
    func rank(_ use: Use) -> [String] { [use.kind.rawValue, use.provider, use.key] }
    func rank(_ answers: Answers) -> [String] { [answers.route, answers.provider, answers.outcome.rawValue] }
    return Reading(
      uses: state.uses.values.sorted { rank($0).lexicographicallyPrecedes(rank($1)) },
      answers: state.answers.map { Answers(route: $0.route, provider: $0.provider, outcome: $0.outcome, count: $1) }
        .sorted { rank($0).lexicographicallyPrecedes(rank($1)) },
      failures: state.failures,
      intents: state.intents.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
        Intents(collection: $0.key[0], intent: $0.key[1], count: $0.value)
      })
  }

  /// The families with something counted.
  var families: [Metrics.Family] {
    let reading = reading
    var calls: [Metrics.Family.Sample] = []
    var tokens: [Metrics.Family.Sample] = []
    var costs: [Metrics.Family.Sample] = []
    for use in reading.uses {
      let labels = [("provider", use.provider), ("key", use.key)]
      let failed = use.failures.values.reduce(0, +)
      let outcomes = [("answered", use.calls - failed)] + use.failures.sorted { $0.key < $1.key }
      for (outcome, count) in outcomes where count > 0 {
        calls.append((labels + [("kind", use.kind.rawValue), ("outcome", outcome)], Double(count)))
      }
      switch use.kind {
      case .chat:
        tokens.append((labels + [("kind", "prompt")], Double(use.promptTokens)))
        tokens.append((labels + [("kind", "completion")], Double(use.completionTokens)))
      case .embedding: tokens.append((labels + [("kind", "embedding")], Double(use.promptTokens)))
      }
      costs.append((labels + [("kind", use.kind.rawValue)], use.cost))
    }
    let answers = reading.answers.map { answer -> Metrics.Family.Sample in
      (
        [("route", answer.route), ("provider", answer.provider), ("outcome", answer.outcome.rawValue)],
        Double(answer.count)
      )
    }
    let failures = reading.failures.sorted { $0.key < $1.key }.map { kind, count -> Metrics.Family.Sample in
      ([("kind", kind)], Double(count))
    }
    let intents = reading.intents.map { intents -> Metrics.Family.Sample in
      ([("collection", intents.collection), ("intent", intents.intent)], Double(intents.count))
    }
    let families: [Metrics.Family] = [
      .init("acervo_model_calls_total", .counter, "Calls of providers' models by outcome.", calls),
      .init("acervo_model_tokens_total", .counter, "Tokens of providers' models, as told or estimated.", tokens),
      .init("acervo_model_cost_total", .counter, "What providers' models cost, by the prices that are set.", costs),
      .init("acervo_answers_total", .counter, "Answers by who wrote them and how they ended.", answers),
      .init("acervo_failures_total", .counter, "Failures that an answer was made in spite of, by kind.", failures),
      .init("acervo_intents_total", .counter, "Questions that a catalogue's rows answered, by intent.", intents),
    ]
    return families.filter { !$0.samples.isEmpty }
  }
}
