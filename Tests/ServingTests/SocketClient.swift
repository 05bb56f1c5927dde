import Corpus
import Foundation

/// A WebSocket client that can also do wrong.
final class SocketClient: Sendable {
  let raw: RawClient
  let head: RawResponse

  static let key = "dGhlIHNhbXBsZSBub25jZQ=="

  init(_ path: String, port: Int, headers: [String] = [], first: [UInt8] = []) async throws {
    raw = try RawClient(port: port)
    let lines =
      [
        "GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: keep-alive, Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(Self.key)",
      ] + headers
    raw.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + first)
    head = await raw.head()
  }

  /// A frame as clients send it.
  static func frame(_ opcode: UInt8, _ payload: [UInt8], isMasked: Bool = true, isLast: Bool = true) -> [UInt8] {
    var bytes: [UInt8] = [(isLast ? 0x80 : 0) | opcode]
    let mask: [UInt8] = isMasked ? [1, 2, 3, 4] : []
    let flag: UInt8 = isMasked ? 0x80 : 0
    if payload.count < 126 {
      bytes.append(flag | UInt8(payload.count))
    } else if payload.count < 65_536 {
      bytes += [flag | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    } else {
      bytes.append(flag | 127)
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
    }
    bytes += mask
    bytes += isMasked ? payload.enumerated().map { $0.element ^ mask[$0.offset % 4] } : payload
    return bytes
  }

  func send(_ text: String) { raw.send(Self.frame(1, Array(text.utf8))) }

  /// The next frame; nil when the connection has ended.
  func frame() async -> (opcode: UInt8, payload: [UInt8])? {
    guard let start = await raw.exactly(2) else { return nil }
    var count = Int(start[1] & 0x7F)
    if count >= 126 {
      guard let size = await raw.exactly(count == 126 ? 2 : 8) else { return nil }
      count = size.reduce(0) { $0 << 8 | Int($1) }
    }
    guard count > 0 else { return (start[0] & 0x0F, []) }
    guard let payload = await raw.exactly(count) else { return nil }
    return (start[0] & 0x0F, payload)
  }

  /// The next event; nil when the connection is closed instead.
  func event() async -> JSONValue? {
    while let frame = await frame() {
      if frame.opcode == 1 { return try? JSONValue(parsing: frame.payload) }
      if frame.opcode == 8 { return nil }
    }
    return nil
  }

  /// The events up to the end of an answer.
  func answer() async -> [JSONValue] {
    var events: [JSONValue] = []
    while let event = await event() {
      events.append(event)
      if ["done", "error"].contains(event["event"]?.string) { return events }
    }
    return events
  }

  /// The code that the connection is closed with; nil when it is cut.
  func closing() async -> Int? {
    while let frame = await frame() {
      if frame.opcode == 8 { return frame.payload.count >= 2 ? Int(frame.payload[0]) << 8 | Int(frame.payload[1]) : 0 }
    }
    return nil
  }
}
