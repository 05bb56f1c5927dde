internal import Corpus
internal import Credentials

/// Which revision of the Model Context Protocol a request speaks.
///
/// Until 2025-11-25 a client opens with `initialize`; from 2026-07-28 on every request says in `_meta` what the opening
/// said before. This server keeps nothing between requests, so both are served side by side.
enum ContextProtocol: Sendable {
  /// Opened by `initialize`.
  case handshake
  /// Told by each request.
  case envelope

  /// The revisions that `initialize` agrees on, oldest first.
  static let handshakeVersions = ["2025-06-18", "2025-11-25"]
  /// The revisions that requests tell themselves.
  static let envelopeVersions = ["2026-07-28"]

  /// Keys of `_meta` (specification of 2026-07-28, “Per-request protocol fields”).
  static let versionKey = "io.modelcontextprotocol/protocolVersion"
  private static let capabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
  static let serverKey = "io.modelcontextprotocol/serverInfo"

  /// The parameter that the header `Mcp-Name` repeats, by method.
  private static let named = ["tools/call": "name", "resources/read": "uri"]

  /// Finds out how a request speaks and checks what it says of that.
  ///
  /// - Parameters:
  ///   - call: the request.
  ///   - head: its HTTP head; nil where there is none.
  /// - Throws: `ContextFailure` for what contradicts itself, and for a revision that is not spoken here.
  init(of call: ContextMessage.Call, head: ServerRequest?) throws(ContextFailure) {
    let meta = call.parameters["_meta"]
    let header = head?.header("MCP-Protocol-Version")
    if call.method == "initialize" {
      self = .handshake
      return
    }
    guard meta?[Self.versionKey] != nil || header.map(Self.envelopeVersions.contains) == true else {
      // Without a header: a client from before there was one.
      if let header, !Self.handshakeVersions.contains(header), header != "2025-03-26" {
        throw .unsupportedVersion(header, supported: Self.handshakeVersions + Self.envelopeVersions)
      }
      self = .handshake
      return
    }
    guard let told = meta?[Self.versionKey], meta?[Self.capabilitiesKey] != nil else {
      throw .invalidParameters("params._meta needs “\(Self.versionKey)” and “\(Self.capabilitiesKey)”")
    }
    if let head { try Self.check(head, says: told, call) }
    guard let version = told.string else { throw .invalidParameters("“\(Self.versionKey)” has to be a string") }
    guard Self.envelopeVersions.contains(version) else {
      throw .unsupportedVersion(version, supported: Self.envelopeVersions)
    }
    self = .envelope
  }

  /// Headers let proxies route without reading bodies: what they say has to be what the body says.
  private static func check(
    _ head: ServerRequest, says version: JSONValue, _ call: ContextMessage.Call
  ) throws(ContextFailure) {
    for name in ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"] where head.count(of: name) > 1 {
      throw .headerMismatch("“\(name)” stands twice")
    }
    guard head.header("MCP-Protocol-Version").map({ .string($0) }) == version else {
      throw .headerMismatch("“MCP-Protocol-Version” is not what params._meta says")
    }
    guard head.header("Mcp-Method") == call.method else {
      throw .headerMismatch("“Mcp-Method” is not the request's method")
    }
    guard let parameter = named[call.method], let value = call.parameters[parameter]?.string else { return }
    guard head.header("Mcp-Name").flatMap(decoded) == value else {
      throw .headerMismatch("“Mcp-Name” is not the request's “\(parameter)”")
    }
  }

  /// What a header carries: itself, or the text behind `=?base64?…?=`; nil for base64 that is none.
  private static func decoded(_ header: String) -> String? {
    let (prefix, suffix) = ("=?base64?", "?=")
    guard header.hasPrefix(prefix), header.hasSuffix(suffix), header.count >= prefix.count + suffix.count else {
      return header
    }
    let payload = header.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
    // The letters of RFC 4648, section 4, as those of section 5; padding says nothing that the length does not.
    let letters = payload.reversed().drop { $0 == UInt8(ascii: "=") }.reversed().map { letter -> UInt8 in
      switch letter {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "-"), UInt8(ascii: "_"): 0
      default: letter
      }
    }
    return Base64URL.bytes(letters).flatMap { String(validating: $0, as: UTF8.self) }
  }
}
