internal import Corpus
internal import Embedding
internal import Retrieval

/// Asks several models side by side and has a moderator make one answer of what they say.
///
/// A model that fails takes nothing from the others. Where the moderator fails, the best single answer stands in its
/// place; where no model answers, quotes do.
public struct Orchestrator: Sendable {
  private let answerer: Answerer
  /// The moderator's name or provider; nil: the first of the chain.
  private let moderator: String?

  private var models: ModelChain { answerer.models }

  /// The share of the time that the models may take; the rest is the moderator's.
  private static let modelShare = 0.6
  /// How much of each answer the moderator reads, in bytes.
  private static let longestResponse = 4_000

  /// Makes an orchestrator.
  ///
  /// - Parameters:
  ///   - answerer: its models are asked, and as it does are their words checked.
  ///   - moderator: the moderator's name or provider; nil: the first of the chain.
  public init(_ answerer: Answerer, moderator: String? = nil) {
    self.answerer = answerer
    self.moderator = moderator
  }

  /// Answers.
  ///
  /// - Parameters:
  ///   - request: what is asked; its `provider` is not used.
  ///   - names: the models that are asked, by name or provider; nil: all of the chain.
  /// - Returns: what was made of it, within the deadline; what had to be done without is said in it.
  public func answer(_ request: AnswerRequest, asking names: [String]? = nil) async -> OrchestratedAnswer {
    let started = models.clock.now()
    let language = answerer.language(of: request)
    let evidence = answerer.shown(of: request)
    let places = models.members.indices.filter { place in
      let member = models.members[place]
      return names.map { $0.contains(member.name) || $0.contains(member.model.provider) } ?? true
    }
    guard !places.isEmpty, answerer.mayBeAsked(request, evidence) else {
      return await quotes(request, language: language, responses: [])
    }
    let end = answerer.modelDeadline(request)
    let left = started.duration(to: end) / .seconds(1)
    let responses = await responses(
      request, evidence: evidence, language: language, places: places,
      until: started.advanced(by: .seconds(left * Self.modelShare)))
    let asked = models.clock.now()
    var made = await moderated(request, evidence: evidence, language: language, responses, until: end)
    made.modelSeconds = started.duration(to: asked) / .seconds(1)
    made.moderatorSeconds = asked.duration(to: models.clock.now()) / .seconds(1)
    return made
  }

  // MARK: Side by side

  private func responses(
    _ request: AnswerRequest, evidence: [SearchHit], language: String, places: [Int],
    until deadline: ContinuousClock.Instant
  ) async -> [IndividualResponse] {
    await withTaskGroup(of: (Int, IndividualResponse).self) { group in
      for place in places {
        group.addTask { [answerer, models] in
          let member = models.members[place]
          let started = models.clock.now()
          let told = await answerer.ask(
            request, evidence: evidence, language: language, order: [place], until: deadline, { _ in })
          return (
            place,
            IndividualResponse(
              provider: member.name, model: member.model.name, answer: told.answer,
              failure: told.answer == nil ? told.failures.last : nil,
              seconds: started.duration(to: models.clock.now()) / .seconds(1))
          )
        }
      }
      var found: [Int: IndividualResponse] = [:]
      for await (place, response) in group { found[place] = response }
      return places.compactMap { found[$0] }
    }
  }

  // MARK: The moderator

  private func moderated(
    _ request: AnswerRequest, evidence: [SearchHit], language: String, _ responses: [IndividualResponse],
    until deadline: ContinuousClock.Instant
  ) async -> OrchestratedAnswer {
    guard let best = Self.best(of: responses) else {
      return await quotes(request, language: language, responses: responses)
    }
    let place = moderator.flatMap { name in models.order(preferring: name).first } ?? models.members.startIndex
    var written = ""
    let outcome = await models.ask(
      ModelChain.Request(
        messages: { place in messages(request, evidence: evidence, language: language, responses, place: place) },
        temperature: request.temperature, maxTokens: nil, deadline: deadline, order: [place])
    ) { step in
      switch step {
      case .begin: written = ""
      case .text(let text): written += text
      case .end: break
      }
    }
    let member = models.members[place]
    guard outcome.place != nil, let reply = ModeratorReply(written) else {
      var fallback = OrchestratedAnswer(synthesis: best, quality: .failed, responses: responses)
      fallback.failure =
        outcome.failures.last ?? models.fault(.badResponse, member, "the moderator's words could not be read")
      return fallback
    }
    var checker = answerer.checker(evidence: evidence, request, language: language)
    _ = await checker.take(reply.synthesis)
    _ = await checker.end(isCut: false)
    guard evidence.isEmpty || checker.isSupported || checker.abstains else {
      var fallback = OrchestratedAnswer(synthesis: best, quality: .failed, responses: responses)
      fallback.failure = models.fault(.unsupported, member, "nothing that the moderator wrote stands in the sources")
      return fallback
    }
    let synthesis = answerer.answer(
      of: checker, by: place, outcome, isCut: false, language: language, evidence: evidence)
    let share = evidence.isEmpty ? nil : checker.sentences.supportedShare
    var made = OrchestratedAnswer(
      synthesis: synthesis, quality: reply.quality(supported: share), responses: responses)
    made.keyThemes = reply.lists["key_themes"] ?? []
    made.contradictions = reply.lists["contradictions"] ?? []
    made.consensusAreas = reply.lists["consensus_areas"] ?? []
    made.recommendations = reply.lists["recommendations"] ?? []
    made.suggestedQuestions = reply.lists["suggested_questions"] ?? []
    made.researchAreas = reply.lists["research_areas"] ?? []
    return made
  }

  /// The answer that the sources support best; of equals the first of the chain.
  static func best(of responses: [IndividualResponse]) -> Answer? {
    var best: IndividualResponse?
    for response in responses where response.answer != nil {
      func rank(_ response: IndividualResponse) -> (Int, Double) {
        (response.answer?.isAnswered == true ? 1 : 0, response.supportedShare)
      }
      if best.map({ rank(response) > rank($0) }) ?? true { best = response }
    }
    return best?.answer
  }

  private func messages(
    _ request: AnswerRequest, evidence: [SearchHit], language: String, _ responses: [IndividualResponse], place: Int
  ) -> [ChatMessage] {
    let wording = PromptWording(language: language)
    let answers = responses.compactMap(\.answer).enumerated().map { number, answer in
      // Their numbers are their own: sources are numbered anew for the moderator.
      let plain = Markers.take(from: String(answer.text.prefix(Self.longestResponse))).text
      return wording.response(number: number + 1) + "\n" + PromptText.quoted(plain)
    }
    let system = wording.moderating(lists: ModeratorReply.names)
    func tokens(_ text: String) -> Int { models.tokens(of: text, by: place) }
    let spent = tokens(system) + answers.reduce(0) { $0 + tokens($1) }
    let writer = PromptWriter(
      question: request.question, history: [], turns: 0, evidence: evidence, language: language)
    let prompt = writer.messages(budget: answerer.budget(of: place, request) - spent, tokens: tokens)
    let asked = prompt.messages.last?.text ?? request.question
    return [
      ChatMessage(.system, system), ChatMessage(.user, (answers + [asked]).joined(separator: "\n\n")),
    ]
  }

  // MARK: Without models

  private func quotes(
    _ request: AnswerRequest, language: String, responses: [IndividualResponse]
  ) async -> OrchestratedAnswer {
    var answer = await answerer.quotes(request, language: language)
    answer.failures = responses.compactMap(\.failure)
    if !responses.isEmpty {
      answer.notice = AnswerWording(language: answer.language).quotesInstead(
        timedOut: answer.failures.contains { $0.kind == .timedOut })
    }
    var made = OrchestratedAnswer(synthesis: answer, quality: .failed, responses: responses)
    made.failure = answer.failures.last
    return made
  }
}
