internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// A web site on 127.0.0.1 that answers as a test says and remembers what it was asked.
///
/// `@unchecked`: the daemon pointer is set once before anybody else sees the site; libmicrohttpd calls the handler
/// from its own threads, and everything the handler touches is behind the mutex.
public final class LoopbackSite: @unchecked Sendable {
  /// What the site answers to one request.
  public struct Answer: Sendable {
    /// The status code; 0 closes the connection without a response.
    public var status: Int
    /// Header fields.
    public var headers: [(name: String, value: String)]
    /// The body as it is sent.
    public var body: [UInt8]
    /// Seconds before the answer.
    public var delay: Double
    /// Bytes of the body a second; nil sends them as fast as they go.
    public var pace: Int?
    /// After so many bytes of the body the connection is cut; nil sends all of it.
    public var cut: Int?

    /// Makes an answer of bytes.
    public init(
      status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = [], delay: Double = 0
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.delay = delay
    }

    /// An HTML page.
    public static func html(
      _ text: String, status: Int = 200, headers: [(name: String, value: String)] = [], delay: Double = 0
    ) -> Answer {
      let type = headers.contains { $0.name.lowercased() == "content-type" }
      return Answer(
        status: status, headers: (type ? [] : [("Content-Type", "text/html; charset=utf-8")]) + headers,
        body: Array(text.utf8), delay: delay)
    }

    /// A text of some type; `text/plain` by default.
    public static func text(_ text: String, type: String = "text/plain", status: Int = 200) -> Answer {
      Answer(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
    }

    /// A redirect; 302 by default.
    public static func redirect(to location: String, status: Int = 302) -> Answer {
      Answer(status: status, headers: [("Location", location)])
    }

    /// An error status with a short text.
    public static func status(_ status: Int, headers: [(name: String, value: String)] = []) -> Answer {
      Answer(status: status, headers: [("Content-Type", "text/plain")] + headers, body: Array("\(status)".utf8))
    }

    /// No response: the connection is closed.
    public static var hangUp: Answer { Answer(status: 0) }
  }

  /// A request that came in.
  public struct Request: Sendable {
    /// The method.
    public var method: String
    /// The path with its query, as it was sent.
    public var path: String
    /// Header fields, names in lower case.
    public var headers: [(name: String, value: String)]
    /// The body, up to a mebibyte of it.
    public var body: [UInt8]
    /// When it came, in seconds of a clock that only goes forward.
    public var time: Double

    /// The first value of a field; the name in lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
  }

  /// Computes an answer from a request: for sites without end.
  public typealias Handler = @Sendable (Request) -> Answer

  private struct State {
    var script: [String: [Answer]] = [:]
    var remembers = true
    var fallback: Handler?
    var requests: [Request] = []
    var running = 0
    var mostRunning = 0
  }

  private let state = Mutex(State())
  private var daemon: OpaquePointer?

  /// The address that it listens on.
  public let address: String
  /// The port that the system chose.
  public private(set) var port = 0

  /// Starts a site.
  ///
  /// - Parameters:
  ///   - pages: by path and query, the answers in order; the last one stays. What is not there is a 404.
  ///   - host: the last number of the address 127.0.0.N: another number is another host.
  ///   - port: the port; 0 takes any free one.
  ///   - remembers: whether `requests` keeps what was asked; a site that runs for long need not.
  ///   - fallback: answers what is not in `pages`.
  /// - Throws: `LoopbackSiteError` when the port cannot be had.
  public init(
    _ pages: [String: [Answer]] = [:], host: UInt8 = 1, port: Int = 0, remembers: Bool = true, fallback: Handler? = nil
  ) throws {
    address = "127.0.0.\(host)"
    state.withLock {
      $0.script = pages
      $0.fallback = fallback
      $0.remembers = remembers
    }
    daemon = acervo_mhd_start_loopback(
      0x7F00_0000 | UInt32(host), UInt16(clamping: port), handle, release, Unmanaged.passUnretained(self).toOpaque())
    guard let daemon else {
      throw LoopbackSiteError(description: "libmicrohttpd cannot listen on \(address), port \(port)")
    }
    self.port = Int(acervo_mhd_port(daemon))
  }

  deinit {
    stop()
  }

  /// Stops listening and ends all connections; later requests find nobody.
  public func stop() {
    guard let daemon else { return }
    self.daemon = nil
    MHD_stop_daemon(daemon)
  }

  /// The site's address: `http://127.0.0.1:PORT` and a path.
  public func url(_ path: String = "/") -> String { "http://\(address):\(port)\(path)" }

  /// What was asked so far, in order of arrival.
  public var requests: [Request] { state.withLock { $0.requests } }

  /// The paths asked for so far, in order of arrival.
  public var paths: [String] { requests.map(\.path) }

  /// The largest number of requests that were under way at the same time.
  public var mostConcurrentRequests: Int { state.withLock { $0.mostRunning } }

  /// Replaces the answers of a path.
  public func set(_ path: String, _ answers: Answer...) {
    state.withLock { $0.script[path] = answers }
  }

  fileprivate func answer(_ request: Request) -> Answer {
    let (scripted, fallback) = state.withLock { state -> (Answer?, Handler?) in
      if state.remembers { state.requests.append(request) }
      state.running += 1
      state.mostRunning = max(state.mostRunning, state.running)
      guard var answers = state.script[request.path], let first = answers.first else { return (nil, state.fallback) }
      if answers.count > 1 {
        answers.removeFirst()
        state.script[request.path] = answers
      }
      return (first, nil)
    }
    let answer = scripted ?? fallback?(request) ?? .status(404)
    if answer.delay > 0 { usleep(UInt32(answer.delay * 1_000_000)) }
    state.withLock { $0.running -= 1 }
    return answer
  }
}

/// Why a loopback site cannot start.
public struct LoopbackSiteError: Error, CustomStringConvertible {
  /// What happened.
  public var description: String
}

/// A request's body as it comes in; lives from its first call to `release`.
private final class UploadedBody {
  static let limit = 1 << 20
  var bytes: [UInt8] = []
}

private let handle: MHD_AccessHandlerCallback = { context, connection, target, method, _, upload, uploadSize, memory in
  guard let context, let connection, let target, let method, let memory else { return .NO }
  // libmicrohttpd calls once when the header is there, again for each piece of a body, and once more at its end.
  guard let kept = memory.pointee else {
    memory.pointee = Unmanaged.passRetained(UploadedBody()).toOpaque()
    return .YES
  }
  let body = Unmanaged<UploadedBody>.fromOpaque(kept).takeUnretainedValue()
  if let size = uploadSize, size.pointee > 0 {
    if let upload {
      let piece = UnsafeRawBufferPointer(start: upload, count: size.pointee)
      body.bytes += piece.prefix(UploadedBody.limit - body.bytes.count)
    }
    size.pointee = 0
    return .YES
  }
  let site = Unmanaged<LoopbackSite>.fromOpaque(context).takeUnretainedValue()
  var headers: [(name: String, value: String)] = []
  var query: [String] = []
  withUnsafeMutablePointer(to: &headers) { headers in
    _ = MHD_get_connection_values(connection, .HEADER_KIND, collect, headers)
  }
  withUnsafeMutablePointer(to: &query) { query in
    _ = MHD_get_connection_values(connection, .GET_ARGUMENT_KIND, collectQuery, query)
  }
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  let path = String(cString: target) + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
  let answer = site.answer(
    LoopbackSite.Request(
      method: String(cString: method), path: path, headers: headers, body: body.bytes,
      time: Double(now.tv_sec) + Double(now.tv_nsec) / 1e9))
  guard answer.status > 0, let response = response(of: answer) else { return .NO }
  defer { MHD_destroy_response(response) }
  for header in answer.headers { MHD_add_response_header(response, header.name, header.value) }
  return MHD_queue_response(connection, UInt32(answer.status), response)
}

private let release: MHD_RequestCompletedCallback = { _, _, memory, _ in
  guard let kept = memory?.pointee else { return }
  Unmanaged<UploadedBody>.fromOpaque(kept).release()
  memory?.pointee = nil
}

private func response(of answer: LoopbackSite.Answer) -> OpaquePointer? {
  guard answer.pace != nil || answer.cut != nil else {
    return answer.body.withUnsafeBytes { bytes in
      MHD_create_response_from_buffer(
        bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
    }
  }
  let body = PacedBody(answer)
  return MHD_create_response_from_callback(
    UInt64(answer.body.count), 1 << 12, readPaced, Unmanaged.passRetained(body).toOpaque(),
    { context in
      if let context { Unmanaged<PacedBody>.fromOpaque(context).release() }
    })
}

/// A body that is sent piece by piece; the connection's own thread reads it.
private final class PacedBody {
  let bytes: [UInt8]
  let pace: Int?
  let end: Int

  init(_ answer: LoopbackSite.Answer) {
    bytes = answer.body
    pace = answer.pace
    end = min(answer.body.count, answer.cut ?? answer.body.count)
  }
}

private let readPaced: MHD_ContentReaderCallback = { context, position, buffer, size in
  guard let context, let buffer else { return -2 }
  let body = Unmanaged<PacedBody>.fromOpaque(context).takeUnretainedValue()
  let start = Int(position)
  // -2 is MHD_CONTENT_READER_END_WITH_ERROR: the connection is closed before the promised length.
  guard start < body.end else { return -2 }
  // A tenth of a second's bytes at a time.
  let count = min(size, body.end - start, max(1, (body.pace ?? size * 10) / 10))
  if body.pace != nil { usleep(100_000) }
  body.bytes.withUnsafeBytes { bytes in
    if let source = bytes.baseAddress { memcpy(buffer, source + start, count) }
  }
  return count
}

private let collect: MHD_KeyValueIterator = { context, _, name, value in
  guard let context, let name else { return .YES }
  let headers = context.assumingMemoryBound(to: [(name: String, value: String)].self)
  headers.pointee.append((String(cString: name).lowercased(), value.map { String(cString: $0) } ?? ""))
  return .YES
}

private let collectQuery: MHD_KeyValueIterator = { context, _, name, value in
  guard let context, let name else { return .YES }
  let query = context.assumingMemoryBound(to: [String].self)
  query.pointee.append(String(cString: name) + (value.map { "=" + String(cString: $0) } ?? ""))
  return .YES
}
