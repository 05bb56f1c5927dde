internal import Embedding
public import HTTPClient
internal import Synchronization

/// The language models of a service in the order in which they are asked; behind the last one stand quotes.
///
/// A model that fails is tried again where that may help, and rests for a while where it fails again and again.
public final class ModelChain: Sendable {
  /// A model, with what the chain has to know of it.
  public struct Member: Sendable {
    /// What requests call it.
    public var name: String
    /// The model.
    public var model: any LanguageModel
    /// How often a request is sent at most.
    public var tries: Int
    /// How many tokens request and answer may have together.
    public var contextTokens: Int
    /// How many tokens it answers with unless asked otherwise.
    public var maxTokens: Int
    /// What a million tokens cost.
    public var price: ModelSettings.Price?

    /// Makes a member; two tries, 8,192 tokens of which 800 for the answer.
    public init(
      _ model: any LanguageModel, name: String? = nil, tries: Int = 2, contextTokens: Int = 8_192,
      maxTokens: Int = 800, price: ModelSettings.Price? = nil
    ) {
      self.name = name ?? model.provider
      self.model = model
      self.tries = tries
      self.contextTokens = contextTokens
      self.maxTokens = maxTokens
      self.price = price
    }
  }

  /// The models, the first one asked first.
  public let members: [Member]

  let clock: ChainClock
  private let standings: [Standing]

  /// Waits between two tries of one model.
  private static func retries(_ tries: Int) -> RetryPolicy {
    RetryPolicy(tries: tries, firstWait: 0.25, longestWait: 2, longestRetryAfter: 5, budget: 6)
  }

  /// Less time than this, in seconds, is not worth asking for.
  private static let leastTime = 0.2

  /// Makes a chain of models.
  ///
  /// - Parameter members: the models in order; none: every answer is made of quotes.
  public convenience init(_ members: [Member]) {
    self.init(members, clock: .system)
  }

  /// Makes a chain of the models that settings name.
  ///
  /// - Parameters:
  ///   - settings: the models in order.
  ///   - client: sends the requests.
  public convenience init(_ settings: [ModelSettings], client: HTTPClient) {
    self.init(
      settings.map { settings in
        Member(
          ProviderModel(settings, client: client), name: settings.name, tries: settings.tries,
          contextTokens: settings.contextTokens, maxTokens: settings.maxTokens, price: settings.price)
      })
  }

  init(_ members: [Member], clock: ChainClock) {
    self.members = members
    self.clock = clock
    standings = members.map { _ in Standing() }
  }

  /// Whether a request may name this: a model's name, its provider, or `extractive`.
  public func knows(_ name: String) -> Bool {
    name == Answer.extractive || members.contains { $0.name == name || $0.model.provider == name }
  }

  /// What happened so far, by model, in order.
  public var counts: [(member: Member, counts: ModelCounts)] {
    zip(members, standings).map { ($0, $1.counts(at: clock.now())) }
  }

  /// The tokens that a text takes of a model, as far as that can be told without its tokenizer.
  ///
  /// Learned from what the provider counted of earlier requests; at first a token is thought to be three bytes, which
  /// is cautious for Spanish and English.
  func tokens(of text: String, by place: Int) -> Int {
    Int((Double(text.utf8.count) / standings[place].bytesPerToken).rounded(.up)) + 1
  }

  // MARK: Asking

  /// What the chain is asked.
  struct Request {
    /// Writes the messages for a member, by its place.
    var messages: (Int) -> [ChatMessage]
    var temperature: Double?
    var maxTokens: Int?
    var deadline: ContinuousClock.Instant
    /// The places of the members that are asked, in order.
    var order: [Int]
  }

  /// What comes while the chain is asked.
  enum Step {
    /// A member is asked; whatever text came before does not count.
    case begin(Int)
    /// More text of the one that began last.
    case text(String)
    /// It said all, or as much as it may.
    case end(ModelStop)
  }

  /// How asking went.
  struct Outcome {
    /// The place of the one that answered; nil: none did.
    var place: Int?
    var usage: ModelUsage?
    /// Who failed before, and how.
    var failures: [ProviderError] = []
  }

  /// The places of the members in the order in which a request wants them; none for `extractive`.
  func order(preferring name: String?) -> [Int] {
    guard let name else { return Array(members.indices) }
    guard name != Answer.extractive else { return [] }
    let isWanted = { (place: Int) in
      self.members[place].name == name || self.members[place].model.provider == name
    }
    return members.indices.filter(isWanted) + members.indices.filter { !isWanted($0) }
  }

  /// Asks one member after the other until one answers.
  ///
  /// - Parameters:
  ///   - request: what is asked.
  ///   - take: gets what comes; a `ProviderError` that it throws counts as the model's failure.
  /// - Returns: how it went; after a cancellation nobody has answered.
  func ask(_ request: Request, take: (Step) async throws -> Void) async -> Outcome {
    var outcome = Outcome()
    for place in request.order {
      guard !Task.isCancelled else { break }
      let member = members[place]
      let standing = standings[place]
      guard clock.secondsLeft(until: request.deadline) >= Self.leastTime else {
        outcome.failures.append(fault(.timedOut, member, "no time was left to ask it"))
        continue
      }
      guard standing.mayBeAsked(at: clock.now()) else {
        outcome.failures.append(fault(.resting, member, "it failed several times lately and rests"))
        continue
      }
      do {
        let usage = try await attempts(request, place: place, take: take)
        standing.succeeded()
        (outcome.place, outcome.usage) = (place, usage)
        return outcome
      } catch let error as ProviderError {
        outcome.failures.append(error)
      } catch {
        // Cancelled from outside, or something that no provider does.
        standing.wasAbandoned()
        if !(error is CancellationError) { outcome.failures.append(fault(.badResponse, member, "\(error)")) }
      }
    }
    return outcome
  }

  private func attempts(
    _ request: Request, place: Int, take: (Step) async throws -> Void
  ) async throws -> ModelUsage {
    let member = members[place]
    let retries = Self.retries(member.tries)
    var tries = 0
    var waited = 0.0
    while true {
      tries += 1
      var hasText = false
      do {
        return try await attempt(request, place: place) { step in
          if case .text = step { hasText = true }
          try await take(step)
        }
      } catch let error as ProviderError {
        standings[place].failed(error, at: clock.now())
        // What was shown cannot be taken back unseen: the next model, or quotes, begin anew.
        guard error.isTransient, !hasText, !Task.isCancelled,
          let wait = retries.wait(
            afterTries: tries, waited: waited, retryAfter: error.retryAfter, random: clock.random()),
          wait + Self.leastTime < clock.secondsLeft(until: request.deadline)
        else { throw error }
        waited += wait
        try await clock.sleep(wait)
      }
    }
  }

  /// Asks a member once, and counts what that took whatever comes of it.
  private func attempt(
    _ request: Request, place: Int, take: (Step) async throws -> Void
  ) async throws -> ModelUsage {
    var progress = Progress()
    var call = ProviderCall(.chat, name: members[place].name)
    do {
      let usage = try await answer(request, place: place, &progress, take: take)
      count(usage, &call, place)
      return usage
    } catch {
      call.failure = (error as? ProviderError)?.kind.rawValue ?? ProviderCall.abandoned
      // Of a call that was refused nothing has to be paid; of one that was cut, what came until then.
      count(progress.written > 0 || progress.told != nil ? usage(progress, place) : nil, &call, place)
      throw error
    }
  }

  private func count(_ usage: ModelUsage?, _ call: inout ProviderCall, _ place: Int) {
    if let usage {
      call.promptTokens = usage.promptTokens
      call.completionTokens = usage.completionTokens
      call.cost = members[place].price?.cost(of: usage) ?? 0
      standings[place].spent(usage, cost: call.cost)
    }
    CallMeter.current?.count(call)
  }

  /// How far a member has come with an answer.
  private struct Progress {
    /// Bytes of the request and of the answer.
    var asked = 0
    var written = 0
    /// What the provider counted.
    var told: ModelUsage?
  }

  private func usage(_ progress: Progress, _ place: Int) -> ModelUsage {
    let perToken = standings[place].bytesPerToken
    return progress.told
      ?? ModelUsage(
        promptTokens: Int(Double(progress.asked) / perToken),
        completionTokens: Int(Double(progress.written) / perToken), isEstimated: true)
  }

  private func answer(
    _ request: Request, place: Int, _ progress: inout Progress, take: (Step) async throws -> Void
  ) async throws -> ModelUsage {
    let member = members[place]
    let messages = request.messages(place)
    progress.asked = messages.reduce(0) { $0 + $1.text.utf8.count }
    var stop: ModelStop?
    try await take(.begin(place))
    let events = member.model.stream(
      ModelRequest(
        messages: messages, temperature: request.temperature, maxTokens: request.maxTokens ?? member.maxTokens,
        deadline: request.deadline))
    for try await event in ended(events, at: request.deadline, member) {
      switch event {
      case .text(let text):
        progress.written += text.utf8.count
        try await take(.text(text))
      case .usage(let told): progress.told = told
      case .stopped(let reason): stop = reason
      }
    }
    // The sequence of a cancelled task ends without an error.
    try Task.checkCancellation()
    guard let stop else { throw fault(.cut, member, "its answer ended in the middle") }
    if let told = progress.told { standings[place].learn(bytes: progress.asked, tokens: told.promptTokens) }
    try await take(.end(stop))
    return usage(progress, place)
  }

  /// The events of a model up to the deadline, whatever the model makes of it.
  private func ended(
    _ events: AsyncThrowingStream<ModelEvent, any Error>, at deadline: ContinuousClock.Instant, _ member: Member
  ) -> AsyncThrowingStream<ModelEvent, any Error> {
    let late = fault(.timedOut, member, "its answer was not whole in time")
    return AsyncThrowingStream { continuation in
      let reader = Task {
        do {
          for try await event in events { continuation.yield(event) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      let timer = Task {
        try await Task.sleep(until: deadline, clock: .continuous)
        continuation.finish(throwing: late)
      }
      continuation.onTermination = { _ in
        reader.cancel()
        timer.cancel()
      }
    }
  }

  func fault(_ kind: ProviderError.Kind, _ member: Member, _ message: String) -> ProviderError {
    ProviderError(kind, provider: member.model.provider, model: member.model.name, message: message)
  }
}

/// The clock, the sleep and the dice of a chain.
struct ChainClock: Sendable {
  var now: @Sendable () -> ContinuousClock.Instant
  var sleep: @Sendable (Double) async throws -> Void
  var random: @Sendable () -> Double

  static let system = ChainClock(
    now: { .now }, sleep: { try await Task.sleep(for: .seconds($0)) }, random: { Double.random(in: 0..<1) })

  func secondsLeft(until deadline: ContinuousClock.Instant) -> Double { now().duration(to: deadline) / .seconds(1) }
}
