public import Corpus
internal import Synchronization

/// The providers' interfaces on one loopback server, as their published descriptions have them.
///
/// OpenAI's at `/openai`, Gemini's at `/gemini`, Ollama's at `/ollama`, Hugging Face's at `/huggingface` and Jina's at
/// `/jina`. Chat answers say what the test wrote down, in words, as a stream or whole; vectors are those of
/// `HashingEmbedder`. Keys are asked for; wrong routes, methods and bodies are refused in each provider's own shape;
/// faults are switched on as a test needs them.
public final class ModelLab: Sendable {
  /// The key that every provider but Ollama asks for.
  public static let key = "lab-key-5f2c9a71"
  /// The length of the vectors, unless a request asks for another.
  public static let dimensions = 32

  /// What goes wrong with a request.
  public enum Fault: Sendable, Equatable {
    /// Too many requests; come back after so many seconds.
    case rateLimit(seconds: Int)
    /// A status with a body in the provider's shape.
    case status(Int)
    /// Nothing for so many seconds, then the answer.
    case silence(Double)
    /// The stream breaks after so many parts.
    case cut(after: Int)
    /// A pause of so many seconds before each part.
    case slow(Double)
    /// A part that is no JSON.
    case garbage
    /// An error as a part of the stream, after so many parts.
    case errorInStream(after: Int)
    /// A part without end.
    case flood
    /// Vectors that are longer than asked for.
    case wrongDimensions
    /// One vector too few.
    case missingVector
    /// The provider's rules forbid the answer.
    case blocked
    /// The answer reached its limit of tokens.
    case length
  }

  private let state: ModelLabState
  private let server: LabServer

  /// Starts the lab.
  ///
  /// - Parameter answers: what chats are answered with, in order; the last one stays.
  /// - Throws: `LoopbackSiteError` when no port can be had.
  public init(answers: [String] = ["It is so."]) throws {
    let state = ModelLabState(answers: answers)
    self.state = state
    server = try LabServer { LabProviders(state: state).reply(to: $0) }
  }

  /// The address of a provider's interface.
  public func url(_ provider: String) -> String { "\(server.url)/\(provider)" }
  /// What was asked so far.
  public var requests: [LabServer.Request] { server.requests }
  /// The bodies of what was asked so far.
  public var bodies: [JSONValue] { requests.compactMap { try? JSONValue(parsing: $0.body) } }
  /// How many answers could not be sent whole, because nobody listened any more.
  public var broken: Int { server.broken }

  /// Lets the next requests go wrong, one fault each.
  public func fail(_ faults: Fault...) {
    state.faults.withLock { $0 += faults }
  }

  /// Replaces what chats are answered with.
  public func answer(with answers: String...) {
    state.answers.withLock { $0 = answers }
  }

  /// Stops; later requests find nobody.
  public func stop() { server.stop() }
}

/// What the lab does next.
final class ModelLabState: Sendable {
  let answers: Mutex<[String]>
  let faults = Mutex<[ModelLab.Fault]>([])

  init(answers: [String]) {
    self.answers = Mutex(answers)
  }

  func nextAnswer() -> String {
    answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? "" }
  }

  func nextFault() -> ModelLab.Fault? {
    faults.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }
}
