/// Where a request stands in the trace of whoever sent it.
///
/// Read from `traceparent` (W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header), else from
/// `x-b3-traceid` and `x-b3-spanid`, which Atlassian Forge sends; a request with neither begins a trace of its own.
public struct TraceContext: Sendable, Equatable {
  /// 32 hexadecimal digits in small letters, not all 0.
  public var trace: String
  /// The caller's span, 16 hexadecimal digits; nil at the beginning of a trace.
  public var parent: String?
  /// This request's span, 16 hexadecimal digits.
  public var span: String
  /// Whether the caller keeps the trace; nil when it does not say.
  public var isSampled: Bool?

  /// Reads the headers; a header that is not right is as none.
  init(_ head: ServerRequest) {
    span = Self.identifier(8)
    if head.count(of: "traceparent") == 1, let text = head.header("traceparent") {
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      // Later versions may have more parts behind these.
      if parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff", parts[0] != "00" || parts.count == 4,
        let trace = Self.digits(parts[1], 32), let parent = Self.digits(parts[2], 16), parts[3].utf8.count == 2,
        let flags = UInt8(parts[3], radix: 16)
      {
        (self.trace, self.parent, isSampled) = (trace, parent, flags & 1 == 1)
        return
      }
    }
    if let text = head.header("x-b3-traceid"), let trace = Self.digits(text[...], 32) ?? Self.digits(text[...], 16) {
      self.trace = String(repeating: "0", count: 32 - trace.utf8.count) + trace
      parent = head.header("x-b3-spanid").flatMap { Self.digits($0[...], 16) }
      isSampled = head.header("x-b3-sampled").map { $0 == "1" || $0 == "true" }
      return
    }
    trace = Self.identifier(16)
  }

  /// A part of this request that stands for itself: a message of its WebSocket.
  var child: TraceContext {
    var child = self
    (child.parent, child.span) = (span, Self.identifier(8))
    return child
  }

  private static func digits(_ text: Substring, _ count: Int) -> String? {
    guard text.utf8.count == count else { return nil }
    let lower = text.lowercased()
    let isHex = lower.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
    return isHex && lower.utf8.contains { $0 != UInt8(ascii: "0") } ? lower : nil
  }

  /// A random number of so many bytes in hexadecimal digits, not 0.
  static func identifier(_ bytes: Int) -> String {
    (0..<bytes / 8).map { _ in
      let text = String(UInt64.random(in: 1 ... .max), radix: 16)
      return String(repeating: "0", count: 16 - text.utf8.count) + text
    }.joined()
  }
}
