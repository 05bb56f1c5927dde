internal import Corpus
internal import Embedding
public import HTTPClient
internal import Synchronization

/// A language model behind a provider's HTTP interface.
public struct ProviderModel: LanguageModel {
  /// The model's name, as its provider knows it.
  public var name: String { settings.model }
  /// Who serves it.
  public var provider: String { settings.access.provider.rawValue }
  /// How it is asked.
  public let settings: ModelSettings

  private let dialect: any ModelDialect
  private let endpoint: ProviderEndpoint

  /// More text than this is no answer: the model runs on.
  static let longestAnswer = 512 << 10
  /// The largest part of a stream, and the largest answer that is not streamed.
  private static let largestPart = 4 << 20

  /// Joins a model's settings and a client.
  ///
  /// - Parameters:
  ///   - settings: what is asked, and how.
  ///   - client: sends the requests.
  public init(_ settings: ModelSettings, client: HTTPClient) {
    self.settings = settings
    endpoint = ProviderEndpoint(settings.access, model: settings.model, client: client)
    dialect =
      switch settings.access.provider {
      case .gemini: GeminiDialect(model: settings.model)
      case .ollama: OllamaDialect(model: settings.model, contextTokens: settings.contextTokens)
      case .openai, .jina:
        OpenAIDialect(
          model: settings.model, isOpenAI: settings.access.url.description.hasPrefix(Provider.openai.usualAddress))
      case .huggingface:
        // The router's address is that of all its routes; a server of one's own is given with its `/v1`.
        OpenAIDialect(
          model: settings.model, isOpenAI: false,
          prefix: settings.access.url.description.hasPrefix(Provider.huggingface.usualAddress) ? "/v1" : "")
      }
  }

  /// Asks once.
  public func stream(_ request: ModelRequest) -> AsyncThrowingStream<ModelEvent, any Error> {
    AsyncThrowingStream { continuation in
      let firstText = FirstText()
      let work = Task {
        do {
          try await ask(request, firstText) { continuation.yield($0) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: fault(error, firstText))
        }
      }
      // Whoever has said nothing by then is not waited for.
      let clock = Task {
        try? await Task.sleep(for: .seconds(settings.timeouts.firstToken))
        if !Task.isCancelled, firstText.miss() { work.cancel() }
      }
      continuation.onTermination = { _ in
        work.cancel()
        clock.cancel()
      }
    }
  }

  private func fault(_ error: any Error, _ firstText: FirstText) -> any Error {
    switch error {
    case is CancellationError where firstText.isMissed:
      endpoint.error(.timedOut, "no text within \(settings.timeouts.firstToken) seconds")
    case let error as HTTPError: endpoint.fault(error)
    case let error as LineSplitter.TooLong: endpoint.error(.badResponse, error.description)
    default: error
    }
  }

  private func ask(_ request: ModelRequest, _ firstText: FirstText, _ yield: (ModelEvent) -> Void) async throws {
    let left = min(settings.timeouts.whole, ContinuousClock.now.duration(to: request.deadline) / .seconds(1))
    guard left > 0 else { throw endpoint.error(.timedOut, "no time is left to ask") }
    let call = ProviderEndpoint.Call(
      path: dialect.path,
      body: dialect.body(
        request.messages, temperature: request.temperature ?? settings.temperature,
        maxTokens: min(request.maxTokens ?? settings.maxTokens, settings.contextTokens)),
      connectTimeout: min(settings.timeouts.connect, left), timeout: left, maximumBodySize: 64 << 20)
    var reader = ReplyReader(endpoint: endpoint)
    let media = if case .lines = dialect.framing { "application/x-ndjson" } else { "text/event-stream" }
    let stream = try await endpoint.stream(call, accept: media)
    // A server that does not stream answers with one JSON value.
    if case .events = dialect.framing, stream.head.header("content-type")?.contains("json") == true {
      let bytes = try await stream.rest(upTo: Self.largestPart)
      try reader.take(reply(in: bytes), yield)
      return try reader.end(isMarked: true, yield)
    }
    var parts = PartReader(framing: dialect.framing, largest: Self.largestPart)
    while !parts.isEnded, let piece = try await stream.next() {
      for part in try parts.parts(piece) { try take(part, &reader, firstText, yield) }
    }
    for part in try parts.rest() { try take(part, &reader, firstText, yield) }
    try reader.end(isMarked: parts.isEnded, yield)
  }

  private func take(
    _ part: [UInt8], _ reader: inout ReplyReader, _ firstText: FirstText, _ yield: (ModelEvent) -> Void
  ) throws {
    let reply = try reply(in: part)
    if !reply.text.isEmpty { firstText.come() }
    try reader.take(reply, yield)
  }

  private func reply(in bytes: [UInt8]) throws -> ModelReply {
    guard let value = try? JSONValue(parsing: bytes) else {
      throw endpoint.error(.badResponse, "a part of its answer is not JSON")
    }
    do {
      return try dialect.reply(in: value)
    } catch {
      throw endpoint.error(error.kind, error.message)
    }
  }
}

/// Whether the first text of an answer came in time.
private final class FirstText: Sendable {
  private enum State { case awaited, come, missed }

  private let state = Mutex(State.awaited)

  var isMissed: Bool { state.withLock { $0 == .missed } }

  /// It has come.
  func come() {
    state.withLock { if $0 == .awaited { $0 = .come } }
  }

  /// Its time is over; false when it came before.
  func miss() -> Bool {
    state.withLock { state in
      guard state == .awaited else { return false }
      state = .missed
      return true
    }
  }
}

/// Gathers what the parts of an answer say, and holds them to their order.
private struct ReplyReader {
  let endpoint: ProviderEndpoint
  private var bytes = 0
  private var stop: ModelStop?

  init(endpoint: ProviderEndpoint) {
    self.endpoint = endpoint
  }

  mutating func take(_ reply: ModelReply, _ yield: (ModelEvent) -> Void) throws {
    if !reply.text.isEmpty {
      bytes += reply.text.utf8.count
      guard bytes <= ProviderModel.longestAnswer else {
        throw endpoint.error(.badResponse, "its answer does not end")
      }
      yield(.text(reply.text))
    }
    if let usage = reply.usage, usage.promptTokens >= 0, usage.completionTokens >= 0 { yield(.usage(usage)) }
    if let stop = reply.stop { self.stop = stop }
  }

  /// Judges the end: without a reason to stop, or the mark of the end, an answer was cut.
  func end(isMarked: Bool, _ yield: (ModelEvent) -> Void) throws {
    guard stop != nil || isMarked else { throw endpoint.error(.cut, "its answer ended in the middle") }
    if stop == .blocked, bytes == 0 { throw endpoint.error(.blocked, "its rules forbid to answer this") }
    guard bytes > 0 else { throw endpoint.error(.badResponse, "its answer is empty") }
    yield(.stopped(stop ?? .complete))
  }
}

/// Parts a stream of events or lines.
private struct PartReader {
  private(set) var isEnded = false
  private let end: String?
  private var events: EventStreamParser?
  private var lines: LineSplitter

  init(framing: StreamFraming, largest: Int) {
    lines = LineSplitter(longestLine: largest)
    switch framing {
    case .events(let end):
      events = EventStreamParser(largestEvent: largest)
      self.end = end
    case .lines: end = nil
    }
  }

  mutating func parts(_ piece: [UInt8]) throws(LineSplitter.TooLong) -> [[UInt8]] {
    if let found = try events?.events(piece) { return found.compactMap { part(of: $0) } }
    return try lines.lines(piece).filter { $0.contains { $0 > 0x20 } }
  }

  mutating func rest() throws(LineSplitter.TooLong) -> [[UInt8]] {
    if events != nil {
      guard !isEnded, let last = try events?.last() else { return [] }
      return part(of: last).map { [$0] } ?? []
    }
    let line = lines.rest()
    return line.contains { $0 > 0x20 } ? [line] : []
  }

  private mutating func part(of event: ServerSentEvent) -> [UInt8]? {
    if isEnded || event.data.isEmpty { return nil }
    if let end, event.data == end {
      isEnded = true
      return nil
    }
    return Array(event.data.utf8)
  }
}
