internal import Glibc

/// A file read from its beginning to its end, some bytes at a time.
struct TableFile: Sendable {
  /// Closes the file with its last user.
  private final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }
  }

  /// Its name without its folder, for messages.
  let name: String
  private let path: String
  private let file: Descriptor
  private let before: Stamp
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false

  /// When a file was changed and how long it is.
  private struct Stamp: Equatable {
    var size: Int
    var seconds: Int
    var nanoseconds: Int
    var node: UInt

    init?(_ descriptor: Int32) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return nil }
      size = Int(status.st_size)
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
      node = UInt(status.st_ino)
    }
  }

  /// Opens a file.
  ///
  /// - Throws: `TableFault` when it cannot be read.
  init(path: String) throws(TableFault) {
    self.path = path
    name = path.split(separator: "/").last.map(String.init) ?? path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TableFault(
        "\(path) cannot be opened: \(String(cString: strerror(errno)))\n  mend: look at its path and rights")
    }
    file = Descriptor(descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let stamp = Stamp(descriptor) else {
      throw TableFault("\(path) is no file\n  mend: name a file")
    }
    before = stamp
  }

  /// What makes the reading worth less than a whole one.
  var doubt: String? {
    Stamp(file.number) == before ? nil : "\(name) was changed while it was read"
  }

  /// The next byte without taking it; nil at the end.
  mutating func peek() throws(TableFault) -> UInt8? {
    if position == buffer.count { try fill() }
    return position < buffer.count ? buffer[position] : nil
  }

  /// Takes the next byte.
  mutating func skip() { position += 1 }

  /// Takes bytes up to one for which something holds, which stays.
  ///
  /// - Parameters:
  ///   - bytes: what is taken is put behind these, as long as there are fewer than `limit`; what comes behind is dropped.
  ///   - limit: the most bytes that are kept.
  ///   - isEnd: where to stop.
  /// - Returns: how many bytes were taken.
  /// - Throws: `TableFault` when the file cannot be read.
  mutating func take(
    into bytes: inout [UInt8], limit: Int, until isEnd: (UInt8) -> Bool
  ) throws(TableFault) -> Int {
    var taken = 0
    while try peek() != nil {
      let rest = buffer[position...]
      let end = rest.firstIndex(where: isEnd) ?? buffer.count
      if bytes.count < limit { bytes.append(contentsOf: buffer[position..<min(end, position + limit - bytes.count)]) }
      taken += end - position
      position = end
      if end < buffer.count { break }
    }
    return taken
  }

  private mutating func fill() throws(TableFault) {
    guard !isAtEnd else { return }
    (buffer, position) = ([], 0)
    var count = 0
    buffer = [UInt8](unsafeUninitializedCapacity: 1 << 16) { bytes, used in
      repeat { count = read(file.number, bytes.baseAddress, bytes.count) } while count < 0 && errno == EINTR
      used = max(0, count)
    }
    guard count >= 0 else {
      throw TableFault("\(path) cannot be read: \(String(cString: strerror(errno)))\n  mend: look at its disk")
    }
    isAtEnd = count == 0
  }
}
