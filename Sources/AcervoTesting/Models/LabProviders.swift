internal import Corpus

/// Answers as each provider does.
struct LabProviders: Sendable {
  let state: ModelLabState

  func reply(to request: LabServer.Request) -> LabServer.Reply {
    let parts = request.path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: true)
    guard parts.count == 2, let provider = LabProvider(rawValue: String(parts[0])) else {
      return .whole("not found", status: 404, type: "text/plain")
    }
    guard request.method == "POST" else { return provider.fault(405, "method not allowed") }
    guard provider.accepts(request) else { return provider.fault(401, "invalid key") }
    guard request.header("content-type") == "application/json", let body = try? JSONValue(parsing: request.body) else {
      return provider.fault(400, "the body is not JSON")
    }
    let fault = state.nextFault()
    switch fault {
    case .rateLimit(let seconds): return provider.rateLimit(seconds: seconds)
    case .status(let status): return provider.fault(status, "as the test wants it")
    default: break
    }
    guard let call = provider.call(route: "/" + parts[1], body: body) else {
      return provider.fault(404, "no such route or model")
    }
    switch call {
    case .refused(let reason): return provider.fault(400, reason)
    case .chat(let streams): return chat(provider, body, streams: streams, fault)
    case .embedding(let texts, let dimensions):
      return embedding(provider, texts, dimensions: dimensions ?? ModelLab.dimensions, fault)
    }
  }

  // MARK: Chat

  private func chat(
    _ provider: LabProvider, _ body: JSONValue, streams: Bool, _ fault: ModelLab.Fault?
  ) -> LabServer.Reply {
    let answer = state.nextAnswer()
    let prompt = request(body)
    let written = answer.split(separator: " ").count
    guard streams else {
      var steps: [LabServer.Reply.Step] = []
      if case .silence(let seconds) = fault { steps.append(.pause(seconds)) }
      let whole = provider.whole(answer, prompt: prompt, written: written, fault: fault)
      steps.append(.send(fault == .garbage ? Array("{\"broken".utf8) : whole.bytes))
      return LabServer.Reply(headers: [("Content-Type", "application/json")], steps: steps)
    }
    var words: [String] = []
    for word in answer.split(separator: " ", omittingEmptySubsequences: false) {
      words.append((words.isEmpty ? "" : " ") + word)
    }
    if fault == .blocked { words = [] }
    var frames = words.map { provider.frame(provider.part($0)) }
    frames += provider.ending(prompt: prompt, written: written, fault: fault).map { provider.frame($0) }
    if provider.framing == .events(done: true) { frames.append(Array("data: [DONE]\n\n".utf8)) }
    return LabServer.Reply(
      headers: [("Content-Type", provider.framing == .lines ? "application/x-ndjson" : "text/event-stream")],
      steps: steps(of: frames, provider, fault))
  }

  private func steps(of frames: [[UInt8]], _ provider: LabProvider, _ fault: ModelLab.Fault?) -> [LabServer.Reply.Step]
  {
    var steps: [LabServer.Reply.Step] = []
    if case .silence(let seconds) = fault { steps.append(.pause(seconds)) }
    for (index, frame) in frames.enumerated() {
      switch fault {
      case .cut(let after) where index == after: return steps + [.cut]
      case .slow(let seconds): steps.append(.pause(seconds))
      case .garbage where index == 1: steps.append(.send(provider.frame("{\"broken")))
      case .flood where index == 1:
        steps += Array(repeating: .send([UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)), count: 8)
      case .errorInStream(let after) where index == after:
        return steps + [.send(provider.frame(provider.errorPart("overloaded")))]
      default: break
      }
      // Cut anywhere: in two, and never where a part ends.
      let half = frame.count / 2
      steps += [.send(Array(frame[..<half])), .send(Array(frame[half...]))]
    }
    return steps
  }

  /// The words of a request: what the lab counts as its tokens.
  private func request(_ body: JSONValue) -> Int { body.text().split(separator: " ").count }

  // MARK: Vectors

  private func embedding(
    _ provider: LabProvider, _ texts: [String], dimensions: Int, _ fault: ModelLab.Fault?
  ) -> LabServer.Reply {
    let length = fault == .wrongDimensions ? dimensions + 1 : dimensions
    var vectors = texts.map { HashingEmbedder(dimensions: length).vector($0) }
    if fault == .missingVector { vectors = vectors.dropLast() }
    // Longer than one, so that whoever forgets to normalise is found out.
    let numbers = vectors.map { JSONValue.array($0.map { .number(Double($0) * 2) }) }
    var steps: [LabServer.Reply.Step] = []
    if case .silence(let seconds) = fault { steps.append(.pause(seconds)) }
    let tokens = texts.reduce(0) { $0 + $1.split(separator: " ").count }
    let answer = provider.embeddings(numbers, tokens: tokens)
    steps.append(.send(fault == .garbage ? Array("[1, 2".utf8) : answer.bytes))
    return LabServer.Reply(headers: [("Content-Type", "application/json")], steps: steps)
  }
}
