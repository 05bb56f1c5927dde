internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// A server on 127.0.0.1 that a test scripts down to the bytes: bodies in pieces, pauses, and connections that break.
///
/// One connection carries one request. `LoopbackSite` is the better one where whole answers will do.
public final class LabServer: Sendable {
  /// A request that came in.
  public struct Request: Sendable {
    /// The method.
    public var method: String
    /// The path with its query, as it was sent.
    public var path: String
    /// Header fields, names in lower case.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// The first value of a field; the name in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
  }

  /// What is sent.
  public struct Reply: Sendable {
    /// One thing that is done while the body is sent.
    public enum Step: Sendable {
      /// Sends bytes.
      case send([UInt8])
      /// Sends nothing for so many seconds.
      case pause(Double)
      /// Sends nothing until this is true.
      case wait(@Sendable () -> Bool)
      /// Closes the connection in the middle.
      case cut
    }

    /// The status code.
    public var status: Int
    /// Header fields.
    public var headers: [(name: String, value: String)]
    /// The body, chunk by chunk.
    public var steps: [Step]

    /// Makes a reply in steps.
    public init(status: Int = 200, headers: [(name: String, value: String)] = [], steps: [Step]) {
      self.status = status
      self.headers = headers
      self.steps = steps
    }

    /// A reply whose body is sent at once; JSON unless another type is given.
    public static func whole(
      _ text: String, status: Int = 200, type: String = "application/json",
      headers: [(name: String, value: String)] = []
    ) -> Reply {
      Reply(status: status, headers: [("Content-Type", type)] + headers, steps: [.send(Array(text.utf8))])
    }
  }

  /// Answers a request.
  public typealias Handler = @Sendable (Request) -> Reply

  private struct State {
    var requests: [Request] = []
    var broken = 0
    var open: Set<Int32> = []
    var isStopped = false
  }

  private let handler: Handler
  private let state = Mutex(State())
  private let listener: Int32
  /// The port that the system chose.
  public let port: Int

  /// Starts a server.
  ///
  /// - Parameter handler: answers each request, on a thread of its own.
  /// - Throws: `LoopbackSiteError` when no port can be had.
  public init(_ handler: @escaping Handler) throws {
    self.handler = handler
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { [listener] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(listener, generic, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, generic, &length) == 0
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    guard isListening else {
      close(listener)
      throw LoopbackSiteError(description: "no port can be had on 127.0.0.1: \(String(cString: strerror(errno)))")
    }
    Self.onThread { [listener, weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        // Closed by this thread alone: a number that is free again may be another lab's, whose clients it would take.
        guard connection >= 0 else {
          close(listener)
          return
        }
        guard let server = self, server.opened(connection) else {
          close(connection)
          close(listener)
          return
        }
        Self.onThread { server.serve(connection) }
      }
    }
  }

  deinit { stop() }

  /// The server's address, without a slash at the end.
  public var url: String { "http://127.0.0.1:\(port)" }
  /// What was asked so far.
  public var requests: [Request] { state.withLock(\.requests) }
  /// How many replies could not be sent whole, because nobody listened any more.
  public var broken: Int { state.withLock(\.broken) }

  /// Stops listening and breaks every connection.
  public func stop() {
    let open = state.withLock { state in
      state.isStopped = true
      return state.open
    }
    shutdown(listener, Int32(SHUT_RDWR))
    for connection in open { shutdown(connection, Int32(SHUT_RDWR)) }
  }

  // MARK: Connections

  private func opened(_ connection: Int32) -> Bool {
    state.withLock { state in
      if !state.isStopped { state.open.insert(connection) }
      return !state.isStopped
    }
  }

  private func serve(_ connection: Int32) {
    if let request = read(connection) {
      state.withLock { $0.requests.append(request) }
      if !send(handler(request), to: connection) { state.withLock { $0.broken += 1 } }
    }
    state.withLock { _ = $0.open.remove(connection) }
    close(connection)
  }

  private func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var end: Int?
    while end == nil {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0, bytes.count < 1 << 20 else { return nil }
      bytes += buffer[..<count]
      end = Self.endOfHead(bytes)
    }
    guard let end else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      return (line[..<colon].lowercased(), String(value))
    }
    var body = Array(bytes[(end + 4)...])
    let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    while body.count < length {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      body += buffer[..<count]
    }
    return Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body)
  }

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...bytes.count - 4).first { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }
  }

  private func send(_ reply: Reply, to connection: Int32) -> Bool {
    var head = "HTTP/1.1 \(reply.status) Scripted\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    for header in reply.headers { head += "\(header.name): \(header.value)\r\n" }
    guard write(Array((head + "\r\n").utf8), to: connection) else { return false }
    for step in reply.steps {
      switch step {
      case .send(let bytes):
        guard !bytes.isEmpty else { continue }
        let size = Array((String(bytes.count, radix: 16) + "\r\n").utf8)
        guard write(size + bytes + [13, 10], to: connection) else { return false }
      case .pause(let seconds):
        // In small steps, so that a server that is stopped ends soon.
        var left = seconds
        while left > 0, !state.withLock(\.isStopped) {
          usleep(UInt32(min(left, 0.02) * 1_000_000))
          left -= 0.02
        }
      case .wait(let isOver):
        while !isOver(), !state.withLock(\.isStopped) { usleep(10_000) }
      case .cut: return true
      }
    }
    return write(Array("0\r\n\r\n".utf8), to: connection)
  }

  private func write(_ bytes: [UInt8], to connection: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        Glibc.send(connection, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func onThread(_ work: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let work: @Sendable () -> Void
      init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    let box = Unmanaged.passRetained(Box(work))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work() }
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      return
    }
    pthread_detach(thread)
  }
}
