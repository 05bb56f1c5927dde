/// A request.
public struct HTTPRequest: Sendable {
  /// `GET`, `HEAD` or `POST`.
  public var method: String
  /// Where to.
  public var url: WebURL
  /// Header fields in order.
  public var headers: [(name: String, value: String)]
  /// The body of a `POST`.
  public var body: [UInt8]
  /// The whole exchange must end within so many seconds.
  public var timeout: Double
  /// A body larger than this (decoded) is cut off with `HTTPError.tooLarge`.
  public var maximumBodySize: Int

  /// Makes a request; `GET`, 60 seconds, 10 MB.
  public init(
    method: String = "GET", url: WebURL, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    timeout: Double = 60, maximumBodySize: Int = 10_000_000
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.maximumBodySize = maximumBodySize
  }
}

/// A response with its whole body; redirects are not followed here, the caller checks each hop.
public struct HTTPResponse: Sendable {
  /// The status code.
  public var status: Int
  /// Header fields in order, names in lower case.
  public var headers: [(name: String, value: String)]
  /// The body, content encoding removed.
  public var body: [UInt8]
  /// The address that answered, as text (`127.0.0.1`); for the private-network check.
  public var peerAddress: String

  /// The first value of a field; the name in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
