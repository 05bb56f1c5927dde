public import Answering
public import Embedding
internal import Synchronization

/// A language model that says what a test wrote down, and remembers what it was asked.
public final class ScriptedModel: LanguageModel {
  /// One thing that it does.
  public enum Step: Sendable {
    /// Says something.
    case say(String)
    /// Waits so many seconds; ends early when nobody listens any more.
    case wait(Double)
    /// Tells what it took.
    case usage(ModelUsage)
    /// Fails.
    case fail(ProviderError.Kind)
  }

  /// Its name.
  public let name: String
  /// Who serves it.
  public let provider: String

  private struct State {
    var script: [[Step]]
    var requests: [ModelRequest] = []
    var cancelled = 0
  }

  private let state: Mutex<State>

  /// Makes a model.
  ///
  /// - Parameters:
  ///   - answers: what it does at each request, in order; the last one stays.
  ///   - name: its name.
  ///   - provider: who serves it.
  public init(_ answers: [[Step]], name: String = "scripted-1", provider: String = "scripted") {
    self.name = name
    self.provider = provider
    state = Mutex(State(script: answers))
  }

  /// Makes a model that answers every request with one text, word by word.
  public convenience init(saying text: String, name: String = "scripted-1", provider: String = "scripted") {
    var words: [Step] = []
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      words.append(.say((words.isEmpty ? "" : " ") + word))
    }
    self.init([words], name: name, provider: provider)
  }

  /// What it was asked so far.
  public var requests: [ModelRequest] { state.withLock(\.requests) }
  /// How many answers nobody waited for to the end.
  public var cancelled: Int { state.withLock(\.cancelled) }

  /// Does what the script says.
  public func stream(_ request: ModelRequest) -> AsyncThrowingStream<ModelEvent, any Error> {
    let steps = state.withLock { state -> [Step] in
      state.requests.append(request)
      return state.script.count > 1 ? state.script.removeFirst() : state.script.first ?? []
    }
    return AsyncThrowingStream { continuation in
      let task = Task {
        for step in steps {
          switch step {
          case .say(let text): continuation.yield(.text(text))
          case .usage(let usage): continuation.yield(.usage(usage))
          case .wait(let seconds): try? await Task.sleep(for: .seconds(seconds))
          case .fail(let kind):
            continuation.finish(
              throwing: ProviderError(kind, provider: provider, model: name, message: "as the script says"))
            return
          }
          if Task.isCancelled {
            state.withLock { $0.cancelled += 1 }
            continuation.finish(throwing: CancellationError())
            return
          }
        }
        continuation.yield(.stopped(.complete))
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }
}
