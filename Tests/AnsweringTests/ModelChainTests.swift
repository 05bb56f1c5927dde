import AcervoTesting
import Embedding
import Synchronization
import Testing

@testable import Answering

/// A clock that goes only where a test puts it, and whose sleeps put it further.
final class ChainTime: Sendable {
  private let passed = Mutex(Duration.zero)
  private let start = ContinuousClock.now
  private let slept = Mutex<[Double]>([])

  var sleeps: [Double] { slept.withLock { $0 } }

  func pass(_ seconds: Double) { passed.withLock { $0 += .seconds(seconds) } }

  func now() -> ContinuousClock.Instant { start.advanced(by: passed.withLock { $0 }) }

  var clock: ChainClock {
    ChainClock(
      now: { self.now() },
      sleep: { seconds in
        self.slept.withLock { $0.append(seconds) }
        self.pass(seconds)
      }, random: { 0.5 })
  }
}

@Suite struct ModelChainTests {
  static func request(_ chain: ModelChain, seconds: Double = 100) -> ModelChain.Request {
    ModelChain.Request(
      messages: { _ in [ChatMessage(.user, "?")] }, temperature: nil, maxTokens: nil,
      deadline: chain.clock.now().advanced(by: .seconds(seconds)), order: Array(chain.members.indices))
  }

  static func ask(_ chain: ModelChain, seconds: Double = 100) async -> (ModelChain.Outcome, String) {
    var text = ""
    let outcome = await chain.ask(request(chain, seconds: seconds)) { step in
      switch step {
      case .begin: text = ""
      case .text(let part): text += part
      case .end: break
      }
    }
    return (outcome, text)
  }

  @Test func `what may succeed later is tried again, after a wait`() async {
    let time = ChainTime()
    let model = ScriptedModel([[.fail(.rateLimited)], [.fail(.unreachable)], [.say("here")]])
    let chain = ModelChain([.init(model, tries: 3)], clock: time.clock)
    let (outcome, text) = await Self.ask(chain)
    #expect(text == "here" && outcome.place == 0 && outcome.failures.isEmpty)
    #expect(time.sleeps == [0.125, 0.25])
    #expect(chain.counts[0].counts.failures == ["rate_limited": 1, "unreachable": 1])
    #expect(chain.counts[0].counts.answers == 1)
  }

  @Test func `what cannot succeed is not tried again, nor what was shown already, nor what the time forbids`() async {
    for (script, seconds, tries) in [
      ([ScriptedModel.Step.fail(.refusedKey)], 100.0, 1), ([.say("half"), .fail(.cut)], 100, 1),
      ([.fail(.unavailable)], 0.25, 1), ([.fail(.unavailable)], 100, 3),
    ] {
      let model = ScriptedModel([script])
      let chain = ModelChain([.init(model, tries: 3)], clock: ChainTime().clock)
      let (outcome, _) = await Self.ask(chain, seconds: seconds)
      #expect(outcome.place == nil && outcome.failures.count == 1 && model.requests.count == tries)
    }
  }

  @Test func `a model that fails again and again rests, and one request finds out when it is back`() async {
    let time = ChainTime()
    let model = ScriptedModel([
      [.fail(.unavailable)], [.fail(.unavailable)], [.fail(.unavailable)], [.fail(.unavailable)],
      [.fail(.unavailable)], [.say("back")],
    ])
    let other = ScriptedModel(saying: "other", name: "o", provider: "other")
    let chain = ModelChain([.init(model, tries: 1), .init(other)], clock: time.clock)
    for _ in 0..<4 { #expect(await Self.ask(chain).1 == "other") }
    #expect(chain.counts[0].counts.isResting)
    #expect(await Self.ask(chain).0.failures.map(\.kind) == [.resting])
    #expect(model.requests.count == 4)
    time.pass(31)
    #expect(await Self.ask(chain).0.failures.map(\.kind) == [.unavailable])
    #expect(await Self.ask(chain).0.failures.map(\.kind) == [.resting])
    time.pass(31)
    #expect(await Self.ask(chain).1 == "back")
    #expect(!chain.counts[0].counts.isResting && chain.counts[0].counts.answers == 1)
  }

  @Test func `tokens and money are counted, and what a token is worth is learned`() async {
    let told = ModelUsage(promptTokens: 1_000, completionTokens: 500)
    let model = ScriptedModel([[.say("text"), .usage(told)]])
    let chain = ModelChain([.init(model, price: .init(prompt: 2, completion: 8))], clock: ChainTime().clock)
    let before = chain.tokens(of: String(repeating: "a", count: 3_000), by: 0)
    var request = Self.request(chain)
    request.messages = { _ in [ChatMessage(.user, String(repeating: "b", count: 5_000))] }
    for _ in 0..<40 { _ = await chain.ask(request) { _ in } }
    let counts = chain.counts[0].counts
    #expect(counts.promptTokens == 40_000 && counts.completionTokens == 20_000)
    #expect(abs(counts.cost - 0.24) < 1e-9)
    #expect(before == 1_001 && (600...620).contains(chain.tokens(of: String(repeating: "a", count: 3_000), by: 0)))
  }

  @Test func `a request names a model by its name or its provider`() {
    let chain = ModelChain(
      [
        .init(ScriptedModel(saying: "", name: "a", provider: "openai")),
        .init(ScriptedModel(saying: "", name: "b", provider: "ollama"), name: "small"),
      ])
    #expect(chain.order(preferring: nil) == [0, 1] && chain.order(preferring: "small") == [1, 0])
    #expect(chain.order(preferring: "ollama") == [1, 0] && chain.order(preferring: "extractive").isEmpty)
    #expect(chain.knows("openai") && chain.knows("extractive") && !chain.knows("gemini"))
  }
}
