internal import COpenSSL

/// How a server shows that it understood a WebSocket's handshake (RFC 6455, 4.2.2).
public enum SocketKey {
  private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

  /// The value of `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`; nil for what is no key: 16 bytes in base 64.
  public static func answer(to key: String) -> String? {
    let letters = key.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      case UInt8(ascii: "-"), UInt8(ascii: "_"): UInt8(ascii: "=")
      default: byte
      }
    }
    guard letters.count == 24, letters.suffix(2) == Array("==".utf8)[...],
      Base64URL.bytes(letters.dropLast(2))?.count == 16
    else { return nil }
    var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
    let bytes = Array((key + suffix).utf8)
    // SHA-1 as the protocol asks for it; nothing secret hangs on it.
    guard SHA1(bytes, bytes.count, &digest) != nil else { return nil }
    let text = Base64URL.text(digest).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    return String(text) + "="
  }
}
