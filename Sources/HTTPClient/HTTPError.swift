internal import CCurl

/// Why an exchange gave no response.
///
/// A response with an error status is a response, not an `HTTPError`.
public struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it was: callers decide by it whether to try again.
  public enum Kind: Sendable, Equatable {
    /// The URL is not one this client sends to: neither `http` nor `https`, or without a host.
    case unsupportedURL
    /// The host's name has no address.
    case unresolvedHost
    /// Nothing accepted the connection.
    case cannotConnect
    /// The time of the request or of its connection ran out.
    case timedOut
    /// The server's certificate or the TLS handshake was not acceptable.
    case tls
    /// The connection ended before the response did.
    case connectionLost
    /// What came is not HTTP, or its content encoding is broken.
    case badResponse
    /// The body is larger than the request allows.
    case tooLarge
    /// The header is larger than the client allows.
    case headerTooLarge
    /// The request does not accept the address behind the host's name.
    case peerRefused
    /// Another failure, by libcurl's number (https://curl.se/libcurl/c/libcurl-errors.html).
    case other(Int)
  }

  /// What kind of failure it was.
  public var kind: Kind
  /// The request's URL without user name and password.
  public var url: String
  /// What happened.
  public var message: String

  /// Makes an error.
  public init(kind: Kind, url: String, message: String) {
    self.kind = kind
    self.url = url
    self.message = message
  }

  /// Whether the same request may well succeed a little later.
  public var isTransient: Bool {
    switch kind {
    case .unresolvedHost, .cannotConnect, .timedOut, .connectionLost: true
    case .unsupportedURL, .tls, .badResponse, .tooLarge, .headerTooLarge, .peerRefused, .other: false
    }
  }

  /// What happened, where, and how to mend it.
  public var description: String {
    mend.isEmpty ? "\(url): \(message)" : "\(url): \(message); \(mend)"
  }

  /// How to mend it; empty where nothing general can be said.
  public var mend: String {
    switch kind {
    case .unsupportedURL: "give an absolute http:// or https:// address"
    case .unresolvedHost: "check the spelling of the host and this machine's DNS"
    case .cannotConnect: "check that the server runs and that a firewall lets this machine through"
    case .timedOut: "try again later, or allow more time"
    case .tls: "check the server's certificate and this machine's ca-certificates and clock"
    case .tooLarge: "allow a larger size if it is wanted"
    case .connectionLost, .badResponse, .headerTooLarge, .peerRefused, .other: ""
    }
  }

  /// Turns libcurl's number into an error; the text is for people only.
  init(code: CURLcode, url: String, detail: String) {
    let kind: Kind =
      switch code {
      case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: .unsupportedURL
      case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unresolvedHost
      case CURLE_COULDNT_CONNECT: .cannotConnect
      case CURLE_OPERATION_TIMEDOUT: .timedOut
      case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
        CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
        .tls
      case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM:
        .connectionLost
      case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_UNSUPPORTED_PROTOCOL:
        .badResponse
      default: .other(Int(code.rawValue))
      }
    let text = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    self.init(kind: kind, url: url, message: text)
  }
}
