internal import Glibc

/// Where a program writes: bytes to a descriptor, at once and whole.
///
/// Standard output carries results, standard error everything about them. A reader that has gone away (`| head`) ends
/// the program quietly, as it does with every other tool.
public struct Output: Sendable {
  /// Standard output.
  public static let results = Output(descriptor: STDOUT_FILENO)
  /// Standard error.
  public static let notes = Output(descriptor: STDERR_FILENO)

  private let descriptor: Int32

  /// Opens those of the three standard streams that whoever started the program closed, on nothing.
  ///
  /// Otherwise the next file that is opened, the state or a key, takes the number, and gets what is printed.
  public static func fillClosedStreams() {
    // The lowest free number is taken first.
    while true {
      let descriptor = open("/dev/null", O_RDWR)
      guard (0...STDERR_FILENO).contains(descriptor) else {
        if descriptor > STDERR_FILENO { close(descriptor) }
        return
      }
    }
  }

  /// Whether a person looks at it.
  public var isTerminal: Bool { isatty(descriptor) == 1 }

  /// Whether it is a terminal that understands escape sequences: not one called `dumb`.
  public var canMoveCursor: Bool {
    isTerminal && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  /// Whether colours may be used: on a terminal that understands them, unless `NO_COLOR` is set.
  public var usesColor: Bool { canMoveCursor && getenv("NO_COLOR") == nil }

  /// The terminal's width in columns; 80 where nobody says.
  public var width: Int {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Writes a text and a line break.
  public func line(_ text: String) {
    write(text + "\n")
  }

  /// Writes a text as it is.
  public func write(_ text: String) {
    var bytes = text[...].utf8
    while !bytes.isEmpty {
      let written = Array(bytes.prefix(1 << 16)).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        let number = errno
        if number == EINTR { continue }
        // 128 + SIGPIPE, as the shell would show a tool that the signal killed.
        if number == EPIPE { exit(141) }
        if descriptor != STDERR_FILENO {
          Output.notes.line("standard output cannot be written: \(String(cString: strerror(number)))")
        }
        exit(ExitCode.cannotWrite.rawValue)
      }
      bytes = bytes.dropFirst(written)
    }
  }
}
