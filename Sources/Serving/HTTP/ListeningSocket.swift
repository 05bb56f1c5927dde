internal import Glibc

/// A TCP socket that listens: closed by the library that it is given to, when that stops, or by `close`.
struct ListeningSocket: Sendable {
  let descriptor: Int32
  let host: String
  let port: Int

  /// Binds the first of the address's meanings that can be had.
  init(address: String, port: Int) throws(ServingError) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(address, String(port), &hints, &list)
    guard code == 0 else {
      throw .cannotListen(address: address, port: port, reason: String(cString: gai_strerror(code)))
    }
    defer { freeaddrinfo(list) }
    var reason = "the name has no address"
    var next = list
    while let info = next?.pointee {
      next = info.ai_next
      if let descriptor = Self.bound(to: info) {
        (host, self.port) = Self.name(of: descriptor)
        self.descriptor = descriptor
        return
      }
      reason = String(cString: strerror(errno))
    }
    throw .cannotListen(address: address, port: port, reason: reason)
  }

  func close() { _ = Glibc.close(descriptor) }

  /// Whether only this machine reaches it.
  var isLoopback: Bool { NetworkAddress(host)?.isLoopback ?? false }

  private static func bound(to info: addrinfo) -> Int32? {
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(info.ai_family, info.ai_socktype | flags, info.ai_protocol)
    guard descriptor >= 0 else { return nil }
    var yes: Int32 = 1
    // A restart need not wait for the old connections' TIME_WAIT.
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    if bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, 1_024) == 0 { return descriptor }
    let failure = errno
    _ = Glibc.close(descriptor)
    errno = failure
    return nil
  }

  private static func name(of descriptor: Int32) -> (String, Int) {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        guard getsockname(descriptor, pointer, &length) == 0,
          getnameinfo(
            pointer, length, &host, socklen_t(host.count), &port, socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV
          )
            == 0
        else { return ("", 0) }
        return (text(host), Int(text(port)) ?? 0)
      }
    }
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
