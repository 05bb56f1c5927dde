public import Corpus
internal import Glibc

/// The service's log: one JSON object a line.
public final class ServiceLog: Sendable {
  /// How much a line matters.
  public enum Level: String, Sendable {
    /// The normal course.
    case info
    /// Something that somebody should look at; the service goes on.
    case warning
    /// A fault of the service.
    case error
  }

  private let sink: @Sendable ([UInt8]) -> Void

  /// Makes a log.
  ///
  /// - Parameter sink: takes a whole line with its end; standard error by default.
  public init(to sink: @escaping @Sendable ([UInt8]) -> Void = ServiceLog.standardError) {
    self.sink = sink
  }

  /// Writes a line to standard error at once, so that lines of several threads do not mix.
  @Sendable public static func standardError(_ line: [UInt8]) {
    // A log that cannot be written is no reason to stop answering.
    _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Writes a line: time, level, event and whatever belongs to it.
  public func write(_ level: Level, _ event: String, _ members: JSONValue = .object([])) {
    let start: [JSONValue.Member] = [
      .init("time", .string(now())), .init("level", .string(level.rawValue)), .init("event", .string(event)),
    ]
    sink(JSONValue.object(start + (members.members ?? [])).bytes + [UInt8(ascii: "\n")])
  }

  /// The line of a request; neither its body nor its query is told.
  func answered(_ head: ServerRequest, status: Int, after duration: Duration, with members: [JSONValue.Member]) {
    let caller = head.caller == .nobody ? [] : [JSONValue.Member("caller", .string(head.caller.name))]
    let key = head.caller.keyID.map { [JSONValue.Member("key", .string($0))] } ?? []
    let trace =
      head.trace.map { [JSONValue.Member("trace", .string($0.trace)), .init("span", .string($0.span))] } ?? []
    let path = head.path.utf8.count > 200 ? String(head.path.prefix(200)) + "…" : head.path
    write(
      status == 500 ? .error : .info, "request",
      .object(
        [
          .init("id", .string(head.id)), .init("method", .string(String(head.method.prefix(20)))),
          .init("path", .string(path)), .init("status", .integer(Int64(status))),
          .init("ms", .number(milliseconds(duration))),
        ] + trace + caller + key + members))
  }

  private func now() -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Moment.text(Int64(time.tv_sec)).dropLast() + "." + padded(Int(time.tv_nsec / 1_000_000), to: 3) + "Z"
  }
}

private func padded(_ number: Int, to width: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

/// Milliseconds to three places.
func milliseconds(_ duration: Duration) -> Double {
  let (seconds, attoseconds) = duration.components
  return Double(seconds) * 1_000 + (Double(attoseconds) / 1e12).rounded() / 1_000
}
