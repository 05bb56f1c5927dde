internal import Corpus
internal import Dispatch
internal import Glibc
internal import Synchronization

/// One assistant at two streams: reads messages, answers several at a time, writes each answer whole.
final class ContextSession: Sendable {
  /// Requests that are worked on at a time; the rest waits unread.
  private static let width = 8
  /// The longest message, in bytes.
  private static let longest = 1 << 20

  private let server: ContextServer
  private let request: ServerRequest
  private let output: Int32
  private let slots = DispatchSemaphore(value: ContextSession.width)
  private let state = Mutex(State())
  /// Held while an answer is written, so that answers do not mix.
  private let writing = Mutex(())

  private struct State {
    /// What is worked on, by the text of its id.
    var working: [String: Task<Void, Never>] = [:]
    var count = 0
    var hasEnded = false
    var waiting: CheckedContinuation<Void, Never>?
  }

  init(server: ContextServer, caller: Caller, output: Int32) {
    self.server = server
    self.output = output
    var request = ServerRequest(method: "POST", path: "")
    request.caller = caller
    self.request = request
  }

  /// Returns when the input has ended and everything is answered.
  func run(from input: Int32) async {
    // A write to a client that has gone is told by its result.
    signal(SIGPIPE, SIG_IGN)
    await withCheckedContinuation { continuation in
      state.withLock { $0.waiting = continuation }
      // Reading waits: on a thread of its own.
      let begun = detachThread {
        self.read(from: input)
        self.finish { $0.hasEnded = true }
      }
      if !begun { finish { $0.hasEnded = true } }
    }
  }

  private func finish(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
      change(&state)
      guard state.hasEnded, state.count == 0 else { return nil }
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume()
  }

  private func read(from input: Int32) {
    var line: [UInt8] = []
    var isTooLong = false
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(input, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      var rest = buffer[..<count]
      while let cut = rest.firstIndex(of: UInt8(ascii: "\n")) {
        if !isTooLong { line += rest[..<cut] }
        take(line, isTooLong: isTooLong || line.count > Self.longest)
        (line, isTooLong) = ([], false)
        rest = rest[(cut + 1)...]
      }
      if !isTooLong { line += rest }
      if line.count > Self.longest { (line, isTooLong) = ([], true) }
    }
    if isTooLong || !line.isEmpty { take(line, isTooLong: isTooLong) }
  }

  private func take(_ line: [UInt8], isTooLong: Bool) {
    if isTooLong {
      write(ContextFailure.invalidRequest("a message is longer than \(Self.longest) bytes").message(to: nil))
      return
    }
    guard line.contains(where: { $0 > 0x20 }) else { return }
    let value: JSONValue
    do { value = try JSONValue(parsing: line, maximumDepth: 16) } catch {
      write(ContextFailure.parse("the message is not JSON: \(error)").message(to: nil))
      return
    }
    if value["method"]?.string == "notifications/cancelled", value["id"] == nil {
      if let id = value["params"]?["requestId"] { state.withLock { $0.working[id.text()]?.cancel() } }
      return
    }
    slots.wait()
    let id = value["id"]?.text() ?? ""
    state.withLock { state in
      state.count += 1
      let task = Task {
        await self.answer(value)
        self.slots.signal()
        self.finish { state in
          state.working[id] = nil
          state.count -= 1
        }
      }
      if !id.isEmpty { state.working[id] = task }
    }
  }

  private func answer(_ value: JSONValue) async {
    do {
      let reply = try await server.reply(to: value, for: request, head: nil)
      // A request that was called off is not answered any more.
      if let message = reply.message, !Task.isCancelled { write(message) }
    } catch is CancellationError {
      return
    } catch {
      write(ContextFailure.unexpected.message(to: value["id"]))
    }
  }

  private func write(_ message: JSONValue) {
    let bytes = message.bytes + [UInt8(ascii: "\n")]
    writing.withLock { _ in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
