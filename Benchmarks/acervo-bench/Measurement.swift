internal import Corpus
internal import Glibc
internal import Terminal

/// Wall and processor time of this process since it was made.
struct Stopwatch {
  private let wallStart = Stopwatch.seconds(CLOCK_MONOTONIC)
  private let processorStart = Stopwatch.seconds(CLOCK_PROCESS_CPUTIME_ID)

  /// Seconds on the clock: neighbours on the machine lengthen them.
  var wall: Double { Self.seconds(CLOCK_MONOTONIC) - wallStart }
  /// Seconds of processor time of all threads: neighbours hardly touch them.
  var processor: Double { Self.seconds(CLOCK_PROCESS_CPUTIME_ID) - processorStart }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// How often something was done, and how long that took.
struct Measurement {
  /// Rounds over the whole input.
  private(set) var rounds = 0
  private(set) var wall = 0.0
  private(set) var processor = 0.0

  /// Does `work` once to warm up, then again until the seconds are over.
  init(seconds: Double, _ work: () throws -> Void) rethrows {
    try work()
    let watch = Stopwatch()
    repeat {
      try work()
      rounds += 1
    } while watch.wall < seconds
    wall = watch.wall
    processor = watch.processor
  }

  /// The result to print: what one round did, times the rounds, beside the two times.
  func result(of amounts: KeyValuePairs<String, Int>) -> JSONValue {
    .object(
      amounts.map { .init($0.key, .integer(Int64($0.value * rounds))) } + [
        .init("wall_s", .number(wall)), .init("cpu_s", .number(processor)),
      ])
  }
}

/// What the stages read.
enum Input {
  static let seconds = Option(
    "seconds", "N", in: 0...600, help: "Repeat the input for about so long.", default: 3)

  /// The bytes of a file.
  static func bytes(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw ValueError("\(path) cannot be read: \(describe(errno))") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    guard ferror(file) == 0 else { throw ValueError("\(path) cannot be read to its end") }
    return bytes
  }

  /// The lines of a file.
  static func lines(_ path: String) throws -> [ArraySlice<UInt8>] {
    try bytes(path).split(separator: UInt8(ascii: "\n"))
  }

  /// The strings of a file that holds one JSON string a line.
  static func texts(_ path: String) throws -> [String] {
    try lines(path).map { line in
      guard let text = try JSONValue(parsing: Array(line)).string else {
        throw ValueError("\(path) has to hold one JSON string a line")
      }
      return text
    }
  }

  private static func describe(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// A file that is written from its start to its end.
final class OutputFile {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>

  init(_ path: String) throws {
    guard let file = fopen(path, "wb") else { throw ValueError("\(path) cannot be written") }
    self.path = path
    self.file = file
  }

  func write(_ bytes: [UInt8]) throws {
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw ValueError("\(path) cannot be written") }
  }

  func close() throws {
    guard fclose(file) == 0 else { throw ValueError("\(path) cannot be written") }
  }
}
