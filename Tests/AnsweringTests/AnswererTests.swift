import AcervoTesting
import Answering
import Corpus
import Embedding
import Retrieval
import Testing

@Suite struct AnswererTests {
  static let evidence = [Handbook.password, Handbook.invoices, Handbook.table]

  static func request(
    _ question: String = "How do I change my password?", evidence: [SearchHit] = AnswererTests.evidence,
    seconds: Double = 20
  ) -> AnswerRequest {
    AnswerRequest(question: question, evidence: evidence, deadline: .now.advanced(by: Patience.seconds(seconds)))
  }

  static func answerer(_ models: any LanguageModel..., settings: AnswerSettings = AnswerSettings()) -> Answerer {
    Answerer(
      models: ModelChain(models.map { ModelChain.Member($0, tries: 1) }), embedder: ConceptEmbedder(),
      settings: settings)
  }

  /// All events of an answer, and the answer.
  static func events(_ answerer: Answerer, _ request: AnswerRequest) async throws -> ([AnswerEvent], Answer) {
    var events: [AnswerEvent] = []
    for await event in answerer.answer(request) { events.append(event) }
    guard case .done(let answer)? = events.last else { throw NoAnswer() }
    return (events, answer)
  }

  struct NoAnswer: Error {}

  /// The texts since the last restart.
  static func shown(_ events: [AnswerEvent]) -> String {
    events.reduce(into: "") { text, event in
      switch event {
      case .token(let part): text += part
      case .restart: text = ""
      default: break
      }
    }
  }

  @Test func `a model's answer is checked, cited and shown as it stands`() async throws {
    let model = ScriptedModel(
      saying: "Open Settings and choose “Reset password” [1]. A new password needs at least 12 characters [1].")
    let (events, answer) = try await Self.events(Self.answerer(model), Self.request())
    #expect(
      answer.text
        == "Open Settings and choose “Reset password”. [1] A new password needs at least 12 characters. [2]")
    #expect(Self.shown(events) == answer.text)
    #expect(answer.citations.map(\.chunk) == [1, 1])
    #expect(answer.citations.map(\.quote).last == "A new password needs at least 12 characters.")
    #expect(answer.provider == "scripted" && answer.model == "scripted-1" && answer.isAnswered)
    #expect(answer.checks == AnswerChecks() && answer.failures.isEmpty && answer.notice == nil)
    #expect(answer.usage?.isEstimated == true)
  }

  @Test func `numbers that no source has are dropped and counted`() async throws {
    let model = ScriptedModel(saying: "A new password needs at least 12 characters [7][1].")
    let (_, answer) = try await Self.events(Self.answerer(model), Self.request())
    #expect(answer.text == "A new password needs at least 12 characters. [1]")
    #expect(answer.checks.droppedCitations == 1)
  }

  @Test func `a sentence without support is marked and counted, and a number that differs is no support`() async throws
  {
    let model = ScriptedModel(
      saying: "A new password needs at least 12 characters [1]. A new password needs at least 16 characters [1].")
    let (events, answer) = try await Self.events(Self.answerer(model), Self.request())
    #expect(
      answer.text
        == "A new password needs at least 12 characters. [1] A new password needs at least 16 characters. [?]")
    #expect(answer.checks.unsupported == 1 && answer.checks.droppedCitations == 1)
    #expect(answer.sentences.map(\.basis) == [.words, .none])
    #expect(answer.notice?.contains("[?]") == true)
    #expect(Self.shown(events) == answer.text)
  }

  @Test func `quotation marks around words that stand nowhere are taken off`() async throws {
    let model = ScriptedModel(
      saying:
        "You can download every invoice “from the secret billing page” [2]. “Invoices stay there for ten years” [2].")
    let (_, answer) = try await Self.events(Self.answerer(model), Self.request("Where are invoices?"))
    #expect(answer.text.hasPrefix("You can download every invoice from the secret billing page."))
    #expect(answer.text.contains("“Invoices stay there for ten years”"))
    #expect(answer.checks.droppedQuotes == 1)
  }

  @Test func `an answer that invents everything is never shown, and quotes stand in for it`() async throws {
    let model = ScriptedModel(saying: "The moon is made of green cheese and tastes wonderful tonight.")
    let (events, answer) = try await Self.events(Self.answerer(model), Self.request())
    #expect(answer.provider == Answer.extractive && answer.isFallback)
    #expect(!events.contains { if case .token(let text) = $0 { text.contains("cheese") } else { false } })
    #expect(answer.failures.map(\.kind) == [.unsupported])
    // It is no worse off for the next question: it answers, only not from the sources.
    let answerer = Self.answerer(model)
    for _ in 0..<CircuitBreaker.failuresBeforeRest + 1 { _ = await answerer.whole(Self.request()) }
    #expect(model.requests.count == CircuitBreaker.failuresBeforeRest + 2)
  }

  @Test func `a model that fails in the middle leaves a whole answer of quotes that says so`() async throws {
    let model = ScriptedModel([
      [.say("A new password needs at least 12 characters [1]. "), .say("The office is "), .fail(.cut)]
    ])
    let (events, answer) = try await Self.events(Self.answerer(model), Self.request())
    #expect(answer.provider == Answer.extractive && answer.isAnswered && answer.failures.map(\.kind) == [.cut])
    #expect(answer.notice == "The language model could not answer; these are quotes from the sources.")
    #expect(Self.shown(events) == answer.text)
    #expect(answer.text.contains("Open Settings and choose “Reset password”."))
  }

  @Test func `a model that is slow is left at the deadline`() async throws {
    let model = ScriptedModel([[.wait(600), .say("late")]])
    let started = ContinuousClock.now
    let request = Self.request("¿Cómo cambio la contraseña?", evidence: Handbook.all, seconds: 1)
    let (_, answer) = try await Self.events(Self.answerer(model), request)
    #expect(answer.provider == Answer.extractive && answer.isAnswered)
    #expect(answer.failures.map(\.kind) == [.timedOut])
    #expect(answer.notice == "El modelo de lenguaje no respondió a tiempo; estas son citas de las fuentes.")
    #expect(started.duration(to: .now) < Patience.seconds(60))
  }

  @Test func `the next model answers where the first fails`() async throws {
    let first = ScriptedModel([[.fail(.rateLimited)]], name: "a", provider: "one")
    let second = ScriptedModel(saying: "Invoices stay there for ten years [2].", name: "b", provider: "two")
    let (_, answer) = try await Self.events(Self.answerer(first, second), Self.request("How long do invoices stay?"))
    #expect(answer.provider == "two" && answer.model == "b")
    #expect(answer.failures.map(\.kind) == [.rateLimited])
    var preferring = Self.request("How long do invoices stay?")
    preferring.provider = Answer.extractive
    let (_, quoted) = try await Self.events(Self.answerer(first, second), preferring)
    #expect(quoted.provider == Answer.extractive && quoted.failures.isEmpty && first.requests.count == 1)
  }

  @Test func `without evidence no model is asked, unless it may go on without`() async throws {
    let model = ScriptedModel(saying: "Mount Everest is 8849 metres high.")
    let request = Self.request("How high is Mount Everest?", evidence: [])
    let (_, unknown) = try await Self.events(Self.answerer(model), request)
    #expect(!unknown.isAnswered && model.requests.isEmpty)
    var free = request
    free.goesOnWithoutContext = true
    let (_, answer) = try await Self.events(Self.answerer(model), free)
    #expect(answer.text == "Mount Everest is 8849 metres high." && !answer.usesContext && answer.sources.isEmpty)
    #expect(answer.notice == "This answer comes from the language model and not from the sources: check it.")
  }

  @Test func `who leaves stops the model`() async throws {
    let model = ScriptedModel([[.say("A new password needs at least 12 characters [1]. And "), .wait(600)]])
    let answerer = Self.answerer(model)
    let task = Task {
      for await event in answerer.answer(Self.request(seconds: 300)) {
        if case .token = event { return }
      }
    }
    await task.value
    for _ in 0..<3000 where model.cancelled == 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(model.cancelled == 1)
  }
}
