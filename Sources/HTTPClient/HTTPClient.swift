internal import CCurl

/// Sends HTTP requests, many at a time, from one thread that runs libcurl's multi loop.
///
/// Verified TLS, HTTP/2 where it is offered, gzip/br/deflate, reused connections and a DNS cache; only `http` and
/// `https`. Redirects are answers like others: whoever crawls has to check each hop. Proxies, `.netrc` and cookies
/// are not used, so that a request does not depend on the environment it is sent from.
public final class HTTPClient: Sendable {
  /// What is the same for all requests of a client.
  public struct Configuration: Sendable {
    /// The `User-Agent` of requests that bring none.
    public var userAgent: String
    /// A connection must stand within so many seconds.
    public var connectTimeout: Double
    /// The whole header may have so many bytes; 256 KiB by default.
    public var maximumHeaderSize: Int

    /// Makes a configuration; 10 seconds to connect.
    public init(userAgent: String = "acervo", connectTimeout: Double = 10, maximumHeaderSize: Int = 256 << 10) {
      self.userAgent = userAgent
      self.connectTimeout = connectTimeout
      self.maximumHeaderSize = maximumHeaderSize
    }
  }

  private let configuration: Configuration
  private let loop: TransferLoop

  /// Starts a client and its thread.
  ///
  /// - Throws: `HTTPError` when libcurl or the thread cannot start: memory or threads are used up.
  public init(_ configuration: Configuration = Configuration()) throws(HTTPError) {
    self.configuration = configuration
    loop = try TransferLoop.start()
  }

  deinit {
    // The thread ends its last transfers and then itself: nobody has to wait for it here.
    loop.finish()
  }

  /// Sends a request and waits for the whole response.
  ///
  /// Cancelling the task ends the exchange at once.
  ///
  /// - Parameter request: what to send.
  /// - Returns: the response, whatever its status.
  /// - Throws: `HTTPError`; `CancellationError`.
  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let transfer = try Transfer(request, configuration)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if transfer.wait(with: continuation) { loop.add(transfer) }
      }
    } onCancel: {
      if transfer.cancel() { loop.remove(transfer) }
    }
  }

  /// Sends a request and gives its response as soon as the head is there; the body is read as it comes.
  ///
  /// Cancelling the task, or letting go of the stream, ends the exchange at once. `timeout` and `maximumBodySize` hold
  /// for the whole exchange; `wantsBody` is not asked.
  ///
  /// - Parameter request: what to send.
  /// - Returns: the head, whatever its status, and the body to be read.
  /// - Throws: `HTTPError`; `CancellationError`.
  public func stream(_ request: HTTPRequest) async throws -> HTTPStream {
    let pipe = BodyPipe()
    let transfer = try Transfer(request, configuration, pipe: pipe)
    let head = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if pipe.waitForHead(with: continuation) { loop.add(transfer) }
      }
    } onCancel: {
      if pipe.cancel() { loop.remove(transfer) }
    }
    return HTTPStream(head: head, pipe: pipe, transfer: transfer, loop: loop)
  }
}
