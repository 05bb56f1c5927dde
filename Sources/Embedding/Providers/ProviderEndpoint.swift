public import Corpus
public import HTTPClient

/// Asks one provider for one model over HTTP, and turns what goes wrong into a `ProviderError` without secrets.
public struct ProviderEndpoint: Sendable {
  /// Where it is, and what opens it.
  public let access: ProviderAccess
  /// The model that is asked for.
  public let model: String

  private let client: HTTPClient
  private let timing: RetryTiming

  /// What an error's body is read of.
  private static let longestFault = 64 << 10

  /// Joins a provider's address and a client.
  public init(_ access: ProviderAccess, model: String, client: HTTPClient, timing: RetryTiming = .system) {
    self.access = access
    self.model = model
    self.client = client
    self.timing = timing
  }

  /// One request.
  public struct Call: Sendable {
    /// The route below the provider's address, beginning with a slash.
    public var path: String
    /// The body.
    public var body: JSONValue
    /// The connection must stand within so many seconds.
    public var connectTimeout: Double
    /// The whole exchange must end within so many seconds.
    public var timeout: Double
    /// The largest response, in bytes.
    public var maximumBodySize: Int

    /// Makes a call; 5 seconds to connect, 60 in all, 64 MB.
    public init(
      path: String, body: JSONValue, connectTimeout: Double = 5, timeout: Double = 60,
      maximumBodySize: Int = 64_000_000
    ) {
      self.path = path
      self.body = body
      self.connectTimeout = connectTimeout
      self.timeout = timeout
      self.maximumBodySize = maximumBodySize
    }
  }

  /// Sends a call and reads the whole response.
  ///
  /// - Parameters:
  ///   - call: what is asked.
  ///   - retries: when it is sent again.
  /// - Returns: the response's JSON and how many requests it took.
  /// - Throws: `ProviderError`; `CancellationError`.
  public func post(_ call: Call, retries: RetryPolicy = .never) async throws -> (value: JSONValue, requests: Int) {
    let request = try self.request(for: call)
    var requests = 0
    let response: HTTPResponse
    do {
      response = try await retries.run(timing: timing) {
        requests += 1
        var response = try await client.send(request)
        // Gemini says in the body how long to wait.
        if response.status == 429, response.header("retry-after") == nil,
          let seconds = Self.waitInBody(of: response.body)
        {
          response.headers.append(("retry-after", "\(Int(seconds.rounded(.up)))"))
        }
        return response
      }
    } catch let error as HTTPError {
      throw fault(error)
    }
    guard response.status == 200 else { throw fault(response, body: response.body) }
    guard let value = try? JSONValue(parsing: response.body) else {
      throw error(.badResponse, "its response is not JSON")
    }
    return (value, requests)
  }

  /// Sends a call and gives the response as it comes.
  ///
  /// - Parameters:
  ///   - call: what is asked.
  ///   - accept: the media type that is asked for.
  /// - Returns: a response with status 200 whose body is to be read.
  /// - Throws: `ProviderError`; `CancellationError`.
  public func stream(_ call: Call, accept: String) async throws -> HTTPStream {
    var request = try self.request(for: call)
    request.headers.append(("Accept", accept))
    do {
      let stream = try await client.stream(request)
      guard stream.head.status == 200 else {
        throw fault(stream.head, body: (try? await stream.rest(upTo: Self.longestFault)) ?? [])
      }
      return stream
    } catch let error as HTTPError {
      throw fault(error)
    }
  }

  /// An error of this provider and model, without the key.
  public func error(_ kind: ProviderError.Kind, _ message: String, retryAfter: Double? = nil) -> ProviderError {
    ProviderError(
      kind, provider: access.provider.rawValue, model: model, message: redacted(message), retryAfter: retryAfter)
  }

  /// What an exchange without a response was about.
  public func fault(_ error: HTTPError) -> ProviderError {
    switch error.kind {
    case .timedOut: self.error(.timedOut, "no answer in time")
    case .unresolvedHost, .cannotConnect, .tls, .peerRefused, .unsupportedURL: self.error(.unreachable, error.message)
    case .connectionLost: self.error(.cut, "the connection ended before the answer did")
    case .badResponse, .tooLarge, .headerTooLarge, .other: self.error(.badResponse, error.message)
    }
  }

  // MARK: Requests

  private func request(for call: Call) throws -> HTTPRequest {
    guard let url = WebURL(access.url.description.trimmingSlash + call.path) else {
      throw error(.refusedRequest, "the model's name does not fit into an address")
    }
    var headers: [(name: String, value: String)] = [("Content-Type", "application/json")]
    if let key = access.key {
      headers.append(
        access.provider == .gemini ? ("x-goog-api-key", key.reveal) : ("Authorization", "Bearer \(key.reveal)"))
    }
    var request = HTTPRequest(
      method: "POST", url: url, headers: headers, body: call.body.bytes, timeout: call.timeout,
      maximumBodySize: call.maximumBodySize)
    request.connectTimeout = call.connectTimeout
    return request
  }

  // MARK: Faults

  private func fault(_ response: HTTPResponse, body: [UInt8]) -> ProviderError {
    let told = Self.message(in: body)
    let wait = response.header("retry-after").flatMap { RetryAfter.seconds($0, now: timing.now()) }
    let status = "status \(response.status)"
    // What is said of a key may repeat parts of it.
    let text = told.map { "\(status): \($0)" } ?? status
    return switch response.status {
    case 401, 403: error(.refusedKey, "\(status): the key is not accepted")
    // Gemini's answer to a key that it does not know.
    case 400 where told?.contains("API key") == true: error(.refusedKey, "\(status): the key is not accepted")
    case 404: error(.noModel, text)
    case 429: error(.rateLimited, text, retryAfter: wait ?? Self.waitInBody(of: body))
    case 408, 504: error(.timedOut, text)
    case 500...599: error(.unavailable, text, retryAfter: wait ?? Self.waitInBody(of: body))
    case 300...399: error(.badResponse, "\(status): it sends elsewhere")
    default: error(.refusedRequest, text)
    }
  }

  /// What a fault's body says, in the shapes that providers use.
  static func message(in body: [UInt8]) -> String? {
    guard let value = try? JSONValue(parsing: body) else { return nil }
    // Gemini wraps a stream's fault in an array.
    let fault = value.array?.first ?? value
    let found =
      fault["error"]?["message"]?.string ?? fault["error"]?.string ?? fault["message"]?.string
      ?? fault["detail"]?.string ?? fault["error"]?.array?.first?.string
    return found
  }

  /// How long a fault's body asks to wait, in seconds: Gemini's `RetryInfo`, Hugging Face's `estimated_time`.
  static func waitInBody(of body: [UInt8]) -> Double? {
    guard let value = try? JSONValue(parsing: body) else { return nil }
    let fault = value.array?.first ?? value
    if let seconds = fault["estimated_time"]?.double, seconds >= 0 { return min(seconds, RetryAfter.longest) }
    let delays = fault["error"]?["details"]?.array?.compactMap { $0["retryDelay"]?.string } ?? []
    guard let delay = delays.first, delay.hasSuffix("s"), let seconds = Double(delay.dropLast()), seconds >= 0 else {
      return nil
    }
    return min(seconds, RetryAfter.longest)
  }

  /// A text without the key, should a server repeat it.
  private func redacted(_ text: String) -> String {
    guard let key = access.key?.reveal, !key.isEmpty else { return text }
    return text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "•••")
  }
}

extension String {
  fileprivate var trimmingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
