internal import Answering
internal import Corpus
internal import Retrieval
internal import Snapshots

/// A question with all that a request says of how it is to be answered.
struct AskedQuestion: Sendable {
  /// What the person asks, as they wrote it.
  var text: String
  /// The conversation so far, oldest first.
  var history: [ChatMessage] = []
  /// The snapshot that the whole answer comes from.
  var served: ServedSnapshot
  /// How evidence is searched for; the question itself is put in when it stands alone.
  var search: SearchRequest
  /// Who asks.
  var caller: Caller
  var provider: String?
  var temperature: Double?
  var maxTokens: Int?
  var includeContext = true
  /// When the question came, and when the answer has to be there.
  var started: ContinuousClock.Instant
  var deadline: ContinuousClock.Instant
}

/// An answer with what it was made of.
struct AnsweredQuestion: Sendable {
  var answer: Answer
  var evidence: Evidence
  /// What was searched for: the question, made to stand alone.
  var standalone: String
  var served: ServedSnapshot
  /// Names it in the journal; nil where none is kept.
  var event: InteractionID?
  /// What a catalogue's rows answered; nil where the question went the ordinary way.
  var catalogue: CatalogueAnswer?
  /// Whether a model had given it before.
  var isRemembered = false
  /// Milliseconds that each step took.
  var retrievalTime = 0.0
  var answerTime = 0.0
}

/// The one way from a question to its answer, whatever the route and whether somebody reads along or not.
final class AnswerDesk: Sendable {
  private struct Key: Hashable, Sendable {
    var collection: String
    var snapshot: String
    /// Who may read the same pages shares an answer; nobody else does.
    var audience: ContentHash
    var chunks: [Int]
    var messages: [ChatMessage]
    var provider: String?
    var temperature: Double?
    var maxTokens: Int?
    var includeContext: Bool
  }

  let store: CollectionStore
  let finder: EvidenceFinder
  let models: ModelChain
  let limits: ServerLimits
  /// Where what was asked is kept; nil: nowhere.
  private let journal: Journal?
  private let settings: AnswerSettings
  private let memory: BoundedCache<Key, Answer>

  /// Time beyond the deadline after which an answer that was promised for it is not waited for any more.
  private static let grace = Duration.seconds(2)

  init(
    store: CollectionStore, finder: EvidenceFinder, models: ModelChain, settings: AnswerSettings,
    caches: CacheSettings, limits: ServerLimits, journal: Journal? = nil
  ) {
    self.store = store
    self.finder = finder
    self.models = models
    self.settings = settings
    self.limits = limits
    self.journal = journal
    memory = BoundedCache(bytes: caches.answerBytes, life: .seconds(caches.answerSeconds))
  }

  /// What the memory of answers did.
  var counts: (hits: Int, misses: Int, bytes: Int) {
    let counts = memory.counts
    return (counts.hits, counts.misses, counts.bytes)
  }

  /// Answers a question.
  ///
  /// - Parameters:
  ///   - question: what is asked.
  ///   - take: gets what there is as soon as it is checked; what it throws ends the work.
  /// - Returns: the whole answer.
  /// - Throws: `RequestFailure` where nothing can be answered in time; what retrieval and `take` throw.
  func answer(
    _ question: AskedQuestion, _ take: @escaping @Sendable (AnswerEvent) async throws -> Void = { _ in }
  ) async throws -> AnsweredQuestion {
    let answered = try await inTime(question.deadline.advanced(by: Self.grace)) {
      try await self.made(question, take)
    }
    guard var answered else { throw RequestFailure.late }
    let answer = answered.answer
    RequestTrace.current?.answered(answer, isFallback: answer.isFallback, failures: answer.failures)
    if journal != nil {
      let event = InteractionID()
      answered.event = event
      note(
        question, event, answered.answer, retrieval: answered.retrievalTime, answering: answered.answerTime,
        isRemembered: answered.isRemembered, intent: answered.catalogue?.query.intent)
    }
    return answered
  }

  /// Has the journal keep what was asked; nothing where there is none.
  ///
  /// - Parameters:
  ///   - question: what was asked.
  ///   - event: names it from now on.
  ///   - answer: what was answered.
  ///   - retrieval: milliseconds that the evidence took.
  ///   - answering: milliseconds that the answer took.
  ///   - isRemembered: whether it had been given, and paid for, before.
  ///   - intent: what was wanted of a catalogue; nil: nothing.
  func note(
    _ question: AskedQuestion, _ event: InteractionID, _ answer: Answer, retrieval: Double, answering: Double,
    isRemembered: Bool = false, intent: String? = nil
  ) {
    guard let journal else { return }
    let manifest = question.served.manifest
    var asked = Journal.Asked(
      id: event, time: journal.now(), question: question.text, collection: manifest.collection, snapshot: manifest.id)
    asked.answer = question.served.identifier(of: answer).description
    asked.isAnswered = answer.isAnswered
    asked.provider = answer.provider
    asked.isFallback = answer.isFallback
    asked.intent = intent
    asked.unsupported = answer.checks.unsupported
    asked.retrieval = retrieval
    asked.answering = answering
    asked.total = milliseconds(question.started.duration(to: .now))
    if !isRemembered {
      asked.promptTokens = answer.usage?.promptTokens ?? 0
      asked.completionTokens = answer.usage?.completionTokens ?? 0
      asked.cost = answer.cost ?? 0
    }
    journal.record(asked, of: ConversationOwner(question.caller))
  }

  /// Answers with a snapshot's embedder.
  func answerer(for served: ServedSnapshot) -> Answerer {
    Answerer(models: models, embedder: served.embedder, settings: settings)
  }

  /// The question made to stand alone, and the evidence for it, with the milliseconds that both took.
  ///
  /// - Parameters:
  ///   - question: what is asked.
  ///   - known: the question made to stand alone, where that is done already.
  /// - Returns: what was searched for, what was found, and milliseconds.
  /// - Throws: what retrieval throws.
  func evidence(
    for question: AskedQuestion, standalone known: String? = nil
  ) async throws -> (standalone: String, evidence: Evidence, time: Double) {
    let begun = ContinuousClock.now
    var standalone = known ?? question.text
    if known == nil, !question.history.isEmpty { standalone = await rewritten(question) }
    var search = question.search
    search.query = standalone
    // Half of what is left stays for the answer.
    let now = ContinuousClock.now
    let evidence = try await finder.find(
      search, in: question.served, for: question.caller,
      before: now.advanced(by: now.duration(to: question.deadline) / 2))
    return (standalone, evidence, milliseconds(begun.duration(to: .now)))
  }

  private func rewritten(_ question: AskedQuestion) async -> String {
    await step(.rewrite) {
      await answerer(for: question.served).standalone(
        question.text, history: question.history, provider: question.provider, deadline: question.deadline)
    }
  }

  private func made(
    _ question: AskedQuestion, _ take: @Sendable (AnswerEvent) async throws -> Void
  ) async throws -> AnsweredQuestion {
    let alone = question.history.isEmpty ? question.text : await rewritten(question)
    if let answered = try await catalogued(question, alone, take) { return answered }
    let (standalone, evidence, time) = try await evidence(for: question, standalone: alone)
    let begun = ContinuousClock.now
    let key = Key(
      collection: question.served.manifest.collection, snapshot: question.served.manifest.id,
      audience: try question.served.retriever.audience(of: question.caller.principals).key,
      chunks: evidence.hits.map(\.chunkNumber),
      messages: question.history + [ChatMessage(.user, question.text), ChatMessage(.user, standalone)],
      provider: question.provider, temperature: question.temperature, maxTokens: question.maxTokens,
      includeContext: question.includeContext)
    var result = AnsweredQuestion(
      answer: Answer(text: "", language: "", citations: [], sources: [], isAnswered: false), evidence: evidence,
      standalone: standalone, served: question.served, retrievalTime: time)
    // Quotes cost less than looking.
    if !models.members.isEmpty, let known = memory.value(of: key) {
      try await replay(known, evidence, take)
      (result.answer, result.isRemembered) = (known, true)
    } else {
      let answer = try await step(.answer) {
        try await events(of: request(question, standalone, evidence), for: question, take)
      }
      guard let answer else { throw CancellationError() }
      if answer.model != nil, answer.failures.isEmpty {
        memory.remember(answer, of: key, bytes: answer.weight + question.text.utf8.count)
      }
      result.answer = answer
    }
    if evidence.isByWordsAlone { result.answer.addNotice(Self.byWordsAlone(result.answer.language)) }
    result.answerTime = milliseconds(begun.duration(to: .now))
    return result
  }

  private func request(_ question: AskedQuestion, _ standalone: String, _ evidence: Evidence) -> AnswerRequest {
    var request = AnswerRequest(question: standalone, evidence: evidence.hits, deadline: question.deadline)
    request.history = question.history
    request.provider = question.provider
    request.temperature = question.temperature
    request.maxTokens = question.maxTokens
    request.includeContext = question.includeContext
    return request
  }

  private func events(
    of request: AnswerRequest, for question: AskedQuestion, _ take: (AnswerEvent) async throws -> Void
  ) async throws -> Answer? {
    var answer: Answer?
    for await event in answerer(for: question.served).answer(request) {
      if case .done(let whole) = event { answer = whole } else { try await take(event) }
    }
    return answer
  }

  /// Gives an answer again as it was given.
  private func replay(
    _ answer: Answer, _ evidence: Evidence, _ take: (AnswerEvent) async throws -> Void
  ) async throws {
    var seen: Set<String> = []
    let pages = evidence.hits.filter { seen.insert($0.url).inserted }
    try await take(.sources(pages.map { AnswerSource(url: $0.url, title: $0.title) }))
    for (index, citation) in answer.citations.enumerated() { try await take(.citation(number: index + 1, citation)) }
    try await take(.token(answer.text))
  }

  private static func byWordsAlone(_ language: String) -> String {
    language == "es"
      ? "No se ha podido comparar el significado de la pregunta; solo se han buscado sus palabras."
      : "The meaning of the question could not be compared; only its words were searched."
  }
}

extension Answer {
  /// About how many bytes it takes.
  fileprivate var weight: Int {
    citations.reduce(text.utf8.count * 2) { $0 + $1.quote.utf8.count + $1.url.utf8.count + $1.title.utf8.count + 200 }
      + sources.reduce(0) { $0 + $1.utf8.count + 32 }
  }

  fileprivate mutating func addNotice(_ text: String) {
    notice = notice.map { $0 + " " + text } ?? text
  }
}
