internal import CCurl
internal import Synchronization

/// One exchange: its libcurl handle, what came in so far, and who waits for it.
///
/// `@unchecked`: until the transfer is handed to the loop only its maker touches it, afterwards only the loop's
/// thread does; what both need (`waiter`) is behind the mutex.
final class Transfer: @unchecked Sendable {
  typealias Waiter = CheckedContinuation<HTTPResponse, any Error>

  private enum State {
    case idle
    case waiting(Waiter)
    case cancelled
    case done
  }

  let easy: UnsafeMutableRawPointer
  private let request: HTTPRequest
  private let state = Mutex(State.idle)
  private let maximumHeaderSize: Int
  private let errorText: UnsafeMutablePointer<CChar>
  private var fields: UnsafeMutablePointer<curl_slist>?
  private var response = HTTPResponse(status: 0)
  private var headerSize = 0
  private var bodyStarted = false
  private var bodyUnwanted = false
  private var refusal: HTTPError.Kind?
  /// Where a body goes that is read as it comes; nil gathers it in the response.
  let pipe: BodyPipe?
  private var bodySize = 0

  init(_ request: HTTPRequest, _ configuration: HTTPClient.Configuration, pipe: BodyPipe? = nil) throws(HTTPError) {
    self.pipe = pipe
    guard request.url.scheme == "http" || request.url.scheme == "https", request.url.host?.isEmpty == false else {
      throw HTTPError(kind: .unsupportedURL, url: request.url.withoutCredentials, message: "cannot send to this URL")
    }
    guard let easy = curl_easy_init() else {
      throw HTTPError(
        kind: .other(Int(CURLE_FAILED_INIT.rawValue)), url: request.url.withoutCredentials,
        message: "libcurl has no handle left: out of memory")
    }
    self.easy = easy
    self.request = request
    maximumHeaderSize = configuration.maximumHeaderSize
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    // From here on deinit runs when something throws.
    try setUp(configuration)
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(fields)
    errorText.deallocate()
  }

  // MARK: Waiting

  /// Whether the waiting task was cancelled.
  var isCancelled: Bool {
    pipe?.isCancelled ?? state.withLock { if case .cancelled = $0 { true } else { false } }
  }

  /// Stores who waits; false, with the waiter resumed, when the cancellation came first.
  func wait(with waiter: Waiter) -> Bool {
    let isCancelled = state.withLock { state in
      if case .cancelled = state { return true }
      state = .waiting(waiter)
      return false
    }
    if isCancelled { waiter.resume(throwing: CancellationError()) }
    return !isCancelled
  }

  /// Resumes the waiter with `CancellationError`; false when there was none to resume.
  func cancel() -> Bool {
    let waiter = state.withLock { state -> Waiter? in
      switch state {
      case .idle:
        state = .cancelled
        return nil
      case .waiting(let waiter):
        state = .cancelled
        return waiter
      case .cancelled, .done:
        return nil
      }
    }
    waiter?.resume(throwing: CancellationError())
    return waiter != nil
  }

  private func resume(_ result: Result<HTTPResponse, any Error>) {
    if let pipe {
      pipe.finish(result)
      return
    }
    let waiter = state.withLock { state -> Waiter? in
      guard case .waiting(let waiter) = state else { return nil }
      state = .done
      return waiter
    }
    waiter?.resume(with: result)
  }

  // MARK: Ending, on the loop's thread

  /// Ends the transfer with libcurl's verdict.
  func complete(_ code: CURLcode) {
    response.peerAddress = acervo_curl_peer(easy).map { String(cString: $0) } ?? ""
    if code == CURLE_OK || (bodyUnwanted && refusal == nil) {
      response.status = acervo_curl_status(easy)
      resume(.success(response))
      return
    }
    guard let refusal else {
      fail(code: code, detail: String(cString: errorText))
      return
    }
    let message =
      switch refusal {
      case .tooLarge: "the body has more than \(request.maximumBodySize) bytes"
      case .headerTooLarge: "the header has more than \(maximumHeaderSize) bytes"
      case .peerRefused: "the host's address is \(response.peerAddress), which is refused here"
      default: String(cString: errorText)
      }
    resume(.failure(HTTPError(kind: refusal, url: request.url.withoutCredentials, message: message)))
  }

  /// Ends the transfer with an error.
  func fail(code: CURLcode, detail: String) {
    resume(.failure(HTTPError(code: code, url: request.url.withoutCredentials, detail: detail)))
  }

  // MARK: Receiving, on the loop's thread

  /// Takes one header line; false ends the transfer.
  fileprivate func receive(headerLine line: UnsafeRawBufferPointer) -> Bool {
    headerSize += line.count
    guard headerSize <= maximumHeaderSize else {
      refusal = .headerTooLarge
      return false
    }
    // Trailers after the body carry nothing that anybody here asks for.
    guard !bodyStarted else { return true }
    if let pipe, line.allSatisfy({ $0 <= 0x20 }) {
      response.status = acervo_curl_status(easy)
      // After an interim response (1xx) the head is yet to come.
      if response.status >= 200 { pipe.begin(response) }
      return true
    }
    if line.starts(with: "HTTP/".utf8) {
      // A new head: what came before was an interim response (1xx).
      response.headers = []
      return true
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return true }
    let name = line[..<colon].map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
    var value = line[(colon + 1)...]
    while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
    while let last = value.last, last <= 0x20 { value = value.dropLast() }
    response.headers.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
    return true
  }

  /// What becomes of a piece of the body.
  fileprivate enum Reception {
    case taken
    /// Nobody has read what came before: libcurl keeps the piece and stops reading until it is told to go on.
    case later
    case refused
  }

  /// Takes a piece of the body, or puts it off where the reader is behind.
  fileprivate func reception(of piece: UnsafeRawBufferPointer) -> Reception {
    guard let pipe else { return receive(body: piece) ? .taken : .refused }
    bodyStarted = true
    guard piece.count <= request.maximumBodySize - bodySize else {
      refusal = .tooLarge
      return .refused
    }
    guard pipe.offer(piece) else { return .later }
    bodySize += piece.count
    return .taken
  }

  /// Takes a piece of the body; false ends the transfer.
  private func receive(body piece: UnsafeRawBufferPointer) -> Bool {
    if !bodyStarted {
      bodyStarted = true
      if let wantsBody = request.wantsBody {
        response.status = acervo_curl_status(easy)
        bodyUnwanted = !wantsBody(response)
      }
    }
    guard !bodyUnwanted else { return false }
    guard piece.count <= request.maximumBodySize - response.body.count else {
      refusal = .tooLarge
      response.body = []
      return false
    }
    response.body.append(contentsOf: piece)
    return true
  }

  /// Judges the peer before anything is sent to it.
  fileprivate func accepts(peer: String) -> Bool {
    guard let acceptsPeer = request.acceptsPeer, !acceptsPeer(peer) else { return true }
    refusal = .peerRefused
    return false
  }

  // MARK: Setting up

  private func setUp(_ configuration: HTTPClient.Configuration) throws(HTTPError) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    try check(acervo_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
    try check(acervo_curl_set_string(easy, CURLOPT_URL, request.url.description))
    try check(acervo_curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"))
    // The URL is normalised already; a second normalisation by other rules could change the resource.
    try check(acervo_curl_set_long(easy, CURLOPT_PATH_AS_IS, 1))
    try check(acervo_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0))
    try check(acervo_curl_set_long(easy, CURLOPT_NOSIGNAL, 1))
    // An empty proxy switches off the environment's; a peer's address would be the proxy's otherwise.
    try check(acervo_curl_set_string(easy, CURLOPT_PROXY, ""))
    // Empty: every encoding that this libcurl can undo.
    try check(acervo_curl_set_string(easy, CURLOPT_ACCEPT_ENCODING, ""))
    try check(acervo_curl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)))
    try check(acervo_curl_set_long(easy, CURLOPT_PIPEWAIT, 1))
    try check(acervo_curl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1))
    try check(acervo_curl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2))
    let connectTimeout = request.connectTimeout ?? configuration.connectTimeout
    try check(acervo_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(connectTimeout)))
    try check(acervo_curl_set_long(easy, CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout)))
    try check(acervo_curl_set_string(easy, CURLOPT_USERAGENT, configuration.userAgent))
    try setUpMethod()
    try setUpFields()
    try check(acervo_curl_set_receiver(easy, CURLOPT_WRITEFUNCTION, receiveBody))
    try check(acervo_curl_set_pointer(easy, CURLOPT_WRITEDATA, context))
    try check(acervo_curl_set_receiver(easy, CURLOPT_HEADERFUNCTION, receiveHeader))
    try check(acervo_curl_set_pointer(easy, CURLOPT_HEADERDATA, context))
    if request.acceptsPeer != nil {
      try check(acervo_curl_set_prerequest(easy, judgePeer, context))
    }
  }

  private func setUpMethod() throws(HTTPError) {
    switch request.method {
    case "GET": break
    case "HEAD": try check(acervo_curl_set_long(easy, CURLOPT_NOBODY, 1))
    case "POST":
      try check(acervo_curl_set_long(easy, CURLOPT_POST, 1))
      try check(
        acervo_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
      let code = request.body.withUnsafeBytes { bytes in
        // libcurl copies the bytes here, so they may go when the closure ends; an empty body still needs an address.
        acervo_curl_set_string(easy, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
      }
      try check(code)
    default: try check(acervo_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method))
    }
  }

  private func setUpFields() throws(HTTPError) {
    for field in request.headers {
      guard !(field.name + field.value).utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else {
        throw HTTPError(
          kind: .other(Int(CURLE_BAD_FUNCTION_ARGUMENT.rawValue)), url: request.url.withoutCredentials,
          message: "the header field \(field.name.debugDescription) has a line break or a NUL in it")
      }
      // "Name;" is how libcurl is told to send a field without a value.
      let line = field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
      guard let longer = curl_slist_append(fields, line) else { try check(CURLE_OUT_OF_MEMORY); return }
      fields = longer
    }
    if let fields { try check(acervo_curl_set_pointer(easy, CURLOPT_HTTPHEADER, fields)) }
  }

  private func check(_ code: CURLcode) throws(HTTPError) {
    guard code != CURLE_OK else { return }
    throw HTTPError(code: code, url: request.url.withoutCredentials, detail: "")
  }

  /// At least one: zero would mean libcurl's default.
  private static func milliseconds(_ seconds: Double) -> Int {
    Int(max(1, min(seconds.isNaN ? 0 : seconds, 1_000_000) * 1000))
  }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
  context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private let receiveBody: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
  bytes, size, count, context in
  guard let transfer = transfer(context) else { return 0 }
  let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
  switch transfer.reception(of: piece) {
  case .taken: return piece.count
  case .later: return Int(CURL_WRITEFUNC_PAUSE)
  // Fewer bytes taken than given ends the transfer; an empty piece has to be "taken" as it is.
  case .refused: return piece.isEmpty ? 1 : 0
  }
}

private let receiveHeader: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
  bytes, size, count, context in
  guard let transfer = transfer(context) else { return 0 }
  let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
  return transfer.receive(headerLine: line) ? line.count : 0
}

private let judgePeer:
  @convention(c) (
    UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?, Int32, Int32
  ) -> Int32 = { context, peer, _, _, _ in
    guard let transfer = transfer(context), let peer, transfer.accepts(peer: String(cString: peer)) else {
      return CURL_PREREQFUNC_ABORT
    }
    return CURL_PREREQFUNC_OK
  }

extension WebURL {
  /// The URL for messages: without user name and password.
  var withoutCredentials: String {
    guard !username.isEmpty || !password.isEmpty else { return description }
    return "\(scheme)://\(host ?? "")\(port.map { ":\($0)" } ?? "")\(path)\(query.map { "?" + $0 } ?? "")"
  }
}
