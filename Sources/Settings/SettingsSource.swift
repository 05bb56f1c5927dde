internal import Glibc

/// A fault before it has a line and a column.
struct SettingsFault: Error {
  /// Where: Unicode scalars from 0; nil for the file as a whole.
  var start: Int?
  var message: String
  var mend: String
}

/// The text of a settings file with its lines, so that a place in it can be named and shown.
struct SettingsSource: Sendable {
  /// The largest settings file in bytes; real ones have a few thousand.
  static let maximumSize = 1 << 20
  /// Beyond so many Unicode scalars before a place, a column counts scalars: finding the characters of a line of a
  /// megabyte for each of many faults would take minutes.
  private static let longLine = 10_000

  let file: String
  let scalars: [Unicode.Scalar]
  /// Where each line begins: Unicode scalars from 0.
  private let lineStarts: [Int]
  /// Names of settings whose values are secret, wherever they stand.
  var secretNames: Set<String> = []

  /// Takes a text as it is.
  init(file: String, scalars: [Unicode.Scalar]) {
    self.file = file
    self.scalars = scalars
    var starts = [0]
    for (index, scalar) in scalars.enumerated() {
      let isBreak = scalar == "\n" || (scalar == "\r" && (index + 1 == scalars.count || scalars[index + 1] != "\n"))
      if isBreak { starts.append(index + 1) }
    }
    lineStarts = starts
  }

  /// The 1-based line of a place.
  func line(at index: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= index { low = middle } else { high = middle }
    }
    return low + 1
  }

  private func range(ofLine line: Int) -> Range<Int> {
    let start = lineStarts[line - 1]
    var end = line < lineStarts.count ? lineStarts[line] : scalars.count
    while end > start, scalars[end - 1] == "\n" || scalars[end - 1] == "\r" { end -= 1 }
    return start..<end
  }

  /// The text between two places.
  func text(_ range: Range<Int>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[range.clamped(to: 0..<scalars.count)])
    return String(text)
  }

  /// Gives a fault its place and its line; what lies in `hidden` is shown as dots.
  func error(_ fault: SettingsFault, hiding hidden: [Range<Int>]) -> SettingsError {
    guard let start = fault.start else {
      return SettingsError(
        position: SourcePosition(file: file, line: 0, column: 0), message: fault.message, mend: fault.mend)
    }
    // A fault at the end of the file belongs to the last line that has something on it.
    var place = min(max(start, 0), scalars.count)
    while place > 0, place == scalars.count, scalars[place - 1] == "\n" || scalars[place - 1] == "\r" {
      place -= 1
      if place > 0, scalars[place] == "\n", scalars[place - 1] == "\r" { place -= 1 }
      break
    }
    let line = line(at: place)
    let range = range(ofLine: line)
    place = min(place, range.upperBound)
    let before = range.lowerBound..<place
    let column = before.count > Self.longLine ? before.count : text(before).count
    return SettingsError(
      position: SourcePosition(file: file, line: line, column: column + 1), message: fault.message, mend: fault.mend,
      excerpt: excerpt(of: range, at: place, hiding: hidden))
  }
}

extension SettingsSource {
  /// Takes the bytes of a file: UTF-8, within the limits, without control characters.
  init(file: String, bytes: [UInt8]) throws(SettingsErrors) {
    func refuse(_ message: String, _ mend: String) -> SettingsErrors {
      SettingsErrors([
        SettingsError(position: SourcePosition(file: file, line: 0, column: 0), message: message, mend: mend)
      ])
    }
    guard bytes.count <= Self.maximumSize else {
      throw refuse(
        "the file is larger than \(ByteCount.text(Self.maximumSize))", "settings are small; is this the right file?")
    }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw refuse("the file is UTF-16, not UTF-8", "save it as UTF-8")
    }
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(body.count)
    var decoder = UTF8()
    var iterator = body.makeIterator()
    var fault: SettingsFault?
    decoding: while true {
      switch decoder.decode(&iterator) {
      case .emptyInput: break decoding
      case .error:
        fault = SettingsFault(
          start: scalars.count, message: "a byte that is not UTF-8", mend: "save the file as UTF-8")
        break decoding
      case .scalarValue(let scalar):
        if fault == nil, !Self.isAllowed(scalar) {
          let code = String(scalar.value, radix: 16, uppercase: true)
          fault = SettingsFault(
            start: scalars.count,
            message: "the control character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code)",
            mend: "remove it; in a quoted string it can be written as an escape")
        }
        scalars.append(scalar)
      }
    }
    self.init(file: file, scalars: scalars)
    if let fault { throw SettingsErrors([error(fault, hiding: [])]) }
  }

  /// What YAML 1.2 calls printable (section 5.1).
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  /// Reads a file, at most the limit and one byte.
  static func bytes(ofFile path: String) throws(SettingsErrors) -> [UInt8] {
    func refuse(_ code: Int32) -> SettingsErrors {
      SettingsErrors([
        SettingsError(
          position: SourcePosition(file: path, line: 0, column: 0),
          message: "the file cannot be read: \(String(cString: strerror(code)))",
          mend: "give the path of a readable file")
      ])
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw refuse(errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= maximumSize {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw refuse(errno) }
      if count == 0 { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    return bytes
  }

  /// The process's working folder; the root when it has been removed.
  static func workingFolder() -> String {
    guard let folder = getcwd(nil, 0) else { return "/" }
    defer { free(folder) }
    return String(cString: folder)
  }
}
