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
  /// The connection must stand within so many seconds; nil: the client's limit.
  public var connectTimeout: Double?
  /// A body larger than this (decoded) ends the exchange with an `HTTPError` of kind `tooLarge`.
  public var maximumBodySize: Int
  /// Asked with the peer's address after connecting and before anything is sent; nil accepts every peer.
  ///
  /// False ends the exchange with an `HTTPError` of kind `peerRefused`. Called on the client's own thread: it must be
  /// quick.
  public var acceptsPeer: (@Sendable (_ address: String) -> Bool)?
  /// Asked with the status and the header before the body is read; nil reads every body.
  ///
  /// False leaves the body out of the response. Called on the client's own thread: it must be quick.
  public var wantsBody: (@Sendable (_ head: HTTPResponse) -> Bool)?

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

  /// Makes a response, for callers that replay one.
  public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], peerAddress: String = "")
  {
    self.status = status
    self.headers = headers
    self.body = body
    self.peerAddress = peerAddress
  }

  /// The first value of a field; the name in lower case.
  public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// Every value of a field, in order; the name in lower case.
  public func headers(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
}
