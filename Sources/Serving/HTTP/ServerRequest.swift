public import Corpus

/// A request as a route's handler gets it: whole, within every limit.
public struct ServerRequest: Sendable {
  /// A header's or a query parameter's name and value.
  public struct Field: Sendable, Equatable {
    /// The name as it was sent.
    public var name: String
    /// The value as it was sent.
    public var value: String

    /// Makes a field.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The method in capitals, as it was sent.
  public var method: String
  /// The path, percent escapes decoded.
  public var path: String
  /// The headers in the order sent.
  public var headers: [Field]
  /// The bytes of the body.
  public var body: [UInt8]
  /// Names the request in the response (`X-Request-Id`) and in the log.
  public var id: String
  /// What stands in path and query, checked, by the names that the route gives.
  public var parameters: [String: JSONValue] = [:]
  /// Where it stands in the trace of whoever sent it; nil before its head has been looked at.
  public var trace: TraceContext?
  /// Where it comes from, as far as proxies in front are believed; nil where that is not known.
  var address: NetworkAddress?
  /// Who asks; nobody for open routes.
  public var caller = Caller.nobody

  /// Makes a request.
  public init(method: String, path: String, headers: [Field] = [], body: [UInt8] = [], id: String = "") {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
    self.id = id
  }

  /// The first header of a name, whose case does not matter; nil when it was not sent.
  public func header(_ name: String) -> String? {
    headers.first { sameHeaderName($0.name, name) }?.value
  }

  /// How often a header was sent.
  func count(of name: String) -> Int {
    headers.count { sameHeaderName($0.name, name) }
  }
}

/// Compares header names: ASCII case does not matter (RFC 9110, 5.1).
func sameHeaderName(_ left: String, _ right: String) -> Bool {
  left.utf8.count == right.utf8.count
    && zip(left.utf8, right.utf8).allSatisfy { lowercase($0) == lowercase($1) }
}

private func lowercase(_ byte: UInt8) -> UInt8 {
  byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

/// Decodes percent escapes; nil for a broken escape, a NUL or another control, and for what is not UTF-8 then.
func percentDecoded(_ text: String) -> String? {
  var bytes: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    var value = byte
    if byte == UInt8(ascii: "%") {
      guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
        return nil
      }
      value = high << 4 | low
    }
    guard value >= 0x20, value != 0x7F else { return nil }
    bytes.append(value)
  }
  return String(validating: bytes, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
