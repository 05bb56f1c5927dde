internal import Corpus
public import Embedding
internal import Retrieval
internal import TextAnalysis

/// Answers questions from evidence: with the models of a chain, and with quotes where none answers in time.
///
/// There is one way, whether somebody reads along or not: what is shown while it comes is what stands in the answer.
public struct Answerer: Sendable {
  let models: ModelChain
  let settings: AnswerSettings
  private let embedder: (any Embedder)?
  private let detector = LanguageDetector()

  /// What quotes need of the time, should the models fail: so much of it, and no more than so many seconds.
  private static let reservedShare = 0.25
  private static let reservedSeconds = 1.5
  /// Before the deadline, in seconds, quotes are chosen by words alone.
  private static let lastMoment = 0.3

  /// Makes an answerer.
  ///
  /// - Parameters:
  ///   - models: who is asked; without any, every answer is made of quotes.
  ///   - embedder: compares sentences by meaning; nil compares words only. One that asks a provider is not used here:
  ///     checking must not depend on it.
  ///   - settings: how questions are answered.
  public init(models: ModelChain, embedder: (any Embedder)?, settings: AnswerSettings = AnswerSettings()) {
    self.models = models
    self.embedder = embedder.flatMap { $0.fingerprint.isRemote ? nil : $0 }
    self.settings = settings
  }

  /// Answers, and gives what there is as soon as it is checked; `done` is the last event, and it comes in any case.
  ///
  /// Cancelling the task that reads the events ends the work, a request to a provider included.
  public func answer(_ request: AnswerRequest) -> AsyncStream<AnswerEvent> {
    AsyncStream { continuation in
      let task = Task {
        await run(request) { continuation.yield($0) }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// Answers, and gives the whole answer; nil when the task was cancelled.
  public func whole(_ request: AnswerRequest) async -> Answer? {
    for await event in answer(request) {
      if case .done(let answer) = event { return answer }
    }
    return nil
  }

  // MARK: The way

  private func run(_ request: AnswerRequest, _ yield: (AnswerEvent) -> Void) async {
    let language = language(of: request)
    let order = models.order(preferring: request.provider)
    let evidence = shown(of: request)
    guard !order.isEmpty, mayBeAsked(request, evidence) else {
      yield(.sources(Self.sources(of: request.evidence)))
      return await quote(request, language: language, failures: [], isRestart: false, yield)
    }
    yield(.sources(Self.sources(of: evidence)))
    let told = await ask(
      request, evidence: evidence, language: language, order: order, until: modelDeadline(request), yield)
    guard !Task.isCancelled else { return }
    if let answer = told.answer {
      yield(.done(answer))
    } else {
      await quote(request, language: language, failures: told.failures, isRestart: told.isShown, yield)
    }
  }

  /// Asks models; gives their checked answer, or why there is none.
  ///
  /// - Parameters:
  ///   - request: what is asked.
  ///   - evidence: what may be shown to them and cited.
  ///   - language: the answer's.
  ///   - order: the places of the models in the chain.
  ///   - deadline: when the models have to be done.
  ///   - yield: gets what may be shown.
  /// - Returns: the answer; who failed, and how; whether anything was shown since the last one began.
  func ask(
    _ request: AnswerRequest, evidence: [SearchHit], language: String, order: [Int],
    until deadline: ContinuousClock.Instant, _ yield: (AnswerEvent) -> Void
  ) async -> (answer: Answer?, failures: [ProviderError], isShown: Bool) {
    let prompt = PromptWriter(
      question: request.question, history: request.history, turns: settings.historyTurns, evidence: evidence,
      language: language)
    var written = Written(language: language)
    let chainRequest = ModelChain.Request(
      messages: { place in
        prompt.messages(budget: budget(of: place, request), tokens: { models.tokens(of: $0, by: place) }).messages
      },
      temperature: request.temperature, maxTokens: request.maxTokens, deadline: deadline, order: order)
    let outcome = await models.ask(chainRequest) { step in
      try await take(step, into: &written, request, prompt, yield)
    }
    guard let place = outcome.place, let checker = written.checker else {
      return (nil, outcome.failures, written.isShown)
    }
    let answer = answer(
      of: checker, by: place, outcome, isCut: written.isCut, language: language, evidence: evidence)
    return (answer, outcome.failures, written.isShown)
  }

  /// The evidence that a model is shown.
  func shown(of request: AnswerRequest) -> [SearchHit] { request.includeContext ? near(request) : [] }

  /// Whether a model may be asked with this evidence.
  func mayBeAsked(_ request: AnswerRequest, _ evidence: [SearchHit]) -> Bool {
    !evidence.isEmpty || !request.includeContext || request.goesOnWithoutContext
  }

  /// When models have to be done, so that quotes can be chosen still.
  func modelDeadline(_ request: AnswerRequest) -> ContinuousClock.Instant {
    let left = models.clock.secondsLeft(until: request.deadline)
    return request.deadline.advanced(by: .seconds(-min(Self.reservedSeconds, left * Self.reservedShare)))
  }

  /// What a model has written so far.
  private struct Written {
    let language: String
    var checker: AnswerChecker?
    var place = 0
    var isShown = false
    var isCut = false
  }

  private func take(
    _ step: ModelChain.Step, into written: inout Written, _ request: AnswerRequest, _ prompt: PromptWriter,
    _ yield: (AnswerEvent) -> Void
  ) async throws {
    switch step {
    case .begin(let place):
      if written.isShown {
        let failed = models.members[written.place]
        yield(.restart(models.fault(.cut, failed, "it failed in the middle of its answer")))
      }
      // Only what stands in the prompt can be cited.
      let shown = prompt.messages(budget: budget(of: place, request), tokens: { models.tokens(of: $0, by: place) })
        .sources
      written.checker = checker(
        evidence: Array(prompt.evidence.prefix(shown)), request, language: written.language)
      (written.place, written.isShown, written.isCut) = (place, false, false)
    case .text(let text): await show(await written.checker?.take(text) ?? [], &written, yield)
    case .end(let stop):
      written.isCut = stop == .length
      await show(await written.checker?.end(isCut: written.isCut) ?? [], &written, yield)
      guard let checker = written.checker, !prompt.evidence.isEmpty, !checker.isSupported, !checker.abstains else {
        return
      }
      // It invented everything; nobody has seen it.
      throw models.fault(.unsupported, models.members[written.place], "nothing that it wrote stands in the sources")
    }
  }

  /// Checks what is written to a request.
  func checker(evidence: [SearchHit], _ request: AnswerRequest, language: String) -> AnswerChecker {
    AnswerChecker(
      evidence: evidence, question: request.question, language: language, settings: settings, embedder: embedder)
  }

  private func show(_ events: [AnswerEvent], _ written: inout Written, _ yield: (AnswerEvent) -> Void) async {
    for event in events {
      if case .token = event { written.isShown = true }
      yield(event)
    }
  }

  /// The tokens that the messages may have.
  func budget(of place: Int, _ request: AnswerRequest) -> Int {
    let member = models.members[place]
    return max(0, member.contextTokens - min(request.maxTokens ?? member.maxTokens, member.contextTokens / 2))
  }

  /// What a model wrote, checked, as an answer.
  func answer(
    of checker: AnswerChecker, by place: Int, _ outcome: ModelChain.Outcome, isCut: Bool, language: String,
    evidence: [SearchHit]
  ) -> Answer {
    let member = models.members[place]
    let wording = AnswerWording(language: language)
    let isAnswered = !checker.abstains || checker.isSupported
    var answer = Answer(
      text: checker.text, language: wording.language, citations: checker.citations,
      sources: isAnswered ? Self.sources(of: evidence).map(\.url) : [], isAnswered: isAnswered)
    answer.provider = member.name
    answer.model = member.model.name
    answer.failures = outcome.failures
    answer.sentences = checker.sentences
    answer.checks = checker.checks
    answer.usesContext = !evidence.isEmpty
    answer.usage = outcome.usage
    if let usage = outcome.usage { answer.cost = member.price?.cost(of: usage) }
    var notices: [String] = []
    if evidence.isEmpty { notices.append(wording.withoutSources) }
    if checker.checks.unsupported > 0, settings.unsupported == .mark {
      notices.append(wording.unsupported(checker.checks.unsupported))
    }
    if isCut { notices.append(wording.cut) }
    answer.notice = notices.isEmpty ? nil : notices.joined(separator: " ")
    return answer
  }

  // MARK: Quotes

  private func quote(
    _ request: AnswerRequest, language: String, failures: [ProviderError], isRestart: Bool,
    _ yield: (AnswerEvent) -> Void
  ) async {
    if isRestart, let last = failures.last { yield(.restart(last)) }
    var answer = await quotes(request, language: language)
    answer.failures = failures
    if !failures.isEmpty {
      answer.notice = AnswerWording(language: answer.language).quotesInstead(
        timedOut: failures.contains { $0.kind == .timedOut })
    }
    for (index, citation) in answer.citations.enumerated() { yield(.citation(number: index + 1, citation)) }
    yield(.token(answer.text))
    yield(.done(answer))
  }

  /// The answer of quotes; where embedding fails or takes too long, chosen by words alone.
  func quotes(_ request: AnswerRequest, language: String) async -> Answer {
    let patience = models.clock.secondsLeft(until: request.deadline) - Self.lastMoment
    if let embedder, patience > 0 {
      let found = try? await inTime(.now.advanced(by: .seconds(patience))) {
        try await ExtractiveAnswerer(embedder: embedder).answer(request.question, from: request.evidence)
      }
      if let found { return found }
    }
    // Nothing can fail where nothing is embedded.
    if let answer = try? await ExtractiveAnswerer(embedder: nil).answer(request.question, from: request.evidence) {
      return answer
    }
    let wording = AnswerWording(language: language)
    return Answer(text: wording.unknown, language: wording.language, citations: [], sources: [], isAnswered: false)
  }

  // MARK: Evidence

  /// The evidence that is near enough to the question to be shown to a model.
  private func near(_ request: AnswerRequest) -> [SearchHit] {
    request.evidence.filter { hit in
      guard let cosine = hit.cosine, cosine < settings.similarity else { return true }
      let analyzer = AnalyzerShelf.analyzer(for: hit.language ?? "")
      let asked = Set(analyzer.terms(String(request.question.prefix(PromptWriter.longestQuestion))))
      let told = Set(analyzer.terms(hit.chunk.text)).union(analyzer.terms(hit.title))
      return asked.intersection(told).count * 2 >= max(1, asked.count)
    }
  }

  func language(of request: AnswerRequest) -> String {
    let told =
      request.language
      ?? detector.language(ofQuestion: String(request.question.prefix(PromptWriter.longestQuestion)), among: [])
      ?? request.evidence.first?.language
    return AnswerWording(language: told).language
  }

  static func sources(of evidence: [SearchHit]) -> [AnswerSource] {
    var seen: Set<String> = []
    return evidence.filter { seen.insert($0.url).inserted }.map { AnswerSource(url: $0.url, title: $0.title) }
  }
}
