import Corpus
import Foundation

/// A client that sends bytes as they are and waits on a thread of its own, never on the pool that answers are made on.
final class RawClient: Sendable {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var timeout = timeval(tv_sec: 15, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw POSIXError(.ECONNREFUSED) }
  }

  deinit {
    close(descriptor)
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// The next response; status 0 when the connection ends without one.
  func response(toHead: Bool = false) async -> RawResponse {
    await onThread { self.read(toHead: toHead) }
  }

  private func read(toHead: Bool) -> RawResponse {
    var bytes: [UInt8] = []
    let end = Array("\r\n\r\n".utf8)
    // One byte at a time, so that a pipelined response behind this one stays in the socket.
    while !bytes.suffix(4).elementsEqual(end) {
      guard let byte = receive(1)?.first else { return RawResponse(status: 0, headers: [:], body: bytes) }
      bytes.append(byte)
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.last.map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let status = lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
    var body: [UInt8] = []
    let length = toHead ? 0 : Int(headers["content-length"] ?? "0") ?? 0
    while body.count < length, let part = receive(length - body.count) { body += part }
    return RawResponse(status: status, headers: headers, body: body)
  }

  /// The head of a response whose body is read in parts.
  func head() async -> RawResponse { await onThread { self.read(toHead: true) } }

  /// The next chunk of a body (RFC 9112, 7.1); empty at the end of the body, nil when the connection ends before.
  func chunk() async -> [UInt8]? {
    await onThread {
      var line: [UInt8] = []
      while line.last != UInt8(ascii: "\n") {
        guard let byte = self.receive(1) else { return nil }
        line += byte
      }
      let size = Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines), radix: 16)
      guard let size else { return nil }
      var bytes: [UInt8] = []
      while bytes.count < size + 2 {
        guard let part = self.receive(size + 2 - bytes.count) else { return nil }
        bytes += part
      }
      return Array(bytes.dropLast(2))
    }
  }

  /// The rest of a body in chunks; nil when the connection ends before the body does.
  func chunks() async -> [UInt8]? {
    var bytes: [UInt8] = []
    while let part = await chunk() {
      if part.isEmpty { return bytes }
      bytes += part
    }
    return nil
  }

  /// So many bytes; nil when the connection ends before.
  func exactly(_ count: Int) async -> [UInt8]? {
    await onThread {
      var bytes: [UInt8] = []
      while bytes.count < count {
        guard let part = self.receive(count - bytes.count) else { return nil }
        bytes += part
      }
      return bytes
    }
  }

  /// Everything that comes until the server closes, after telling it that no more is sent.
  func rest() async -> [UInt8] {
    await onThread {
      shutdown(self.descriptor, Int32(SHUT_WR))
      var bytes: [UInt8] = []
      while let part = self.receive(65_536) { bytes += part }
      return bytes
    }
  }

  /// Whether the server has closed the connection.
  func isClosed() async -> Bool { await onThread { self.receive(1) == nil } }

  private func receive(_ count: Int) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: count)
    let read = recv(descriptor, &buffer, count, 0)
    return read > 0 ? Array(buffer.prefix(read)) : nil
  }
}

struct RawResponse: Sendable {
  var status: Int
  var headers: [String: String]
  var body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
  var detail: String? { json["detail"]?.string }
}

func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    // Not a Dispatch queue: its pool grows slowly when all of its threads wait.
    Thread { continuation.resume(returning: work()) }.start()
  }
}

/// One request on a connection of its own.
func request(
  _ method: String, _ path: String, port: Int, type: String? = "application/json", headers: [String] = [],
  body: String? = nil
) async throws -> RawResponse {
  let client = try RawClient(port: port)
  var text = "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
  for header in headers { text += header + "\r\n" }
  if let body {
    if let type { text += "Content-Type: \(type)\r\n" }
    text += "Content-Length: \(body.utf8.count)\r\n\r\n" + body
  } else {
    text += "\r\n"
  }
  client.send(text)
  return await client.response(toHead: method == "HEAD")
}
