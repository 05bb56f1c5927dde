/// An event that a server sent (`text/event-stream`).
public struct ServerSentEvent: Sendable, Equatable {
  /// Its type; `message` where the server names none.
  public var type: String
  /// Its data, lines joined by LF.
  public var data: String

  /// Makes an event.
  public init(type: String = "message", data: String) {
    self.type = type
    self.data = data
  }
}

/// Reads a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
///
/// In one thing it is laxer than the specification: an event that the stream ends in, without the blank line that
/// completes it, is given too, because some servers of language models leave that line out.
public struct EventStreamParser: Sendable {
  private var splitter: LineSplitter
  private let limit: Int
  private var type = ""
  private var data: [UInt8] = []
  private var hasData = false
  private var isFirstLine = true

  /// Makes a parser; 1 MiB an event by default.
  public init(largestEvent limit: Int = 1 << 20) {
    self.limit = limit
    splitter = LineSplitter(longestLine: limit)
  }

  /// Takes a piece of the stream.
  ///
  /// - Parameter piece: the bytes that came.
  /// - Returns: the events that it completes.
  /// - Throws: `LineSplitter.TooLong` for a line or an event above the limit.
  public mutating func events(_ piece: [UInt8]) throws(LineSplitter.TooLong) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    for line in try splitter.lines(piece) {
      if let event = try take(line[...]) { events.append(event) }
    }
    return events
  }

  /// The event that the stream ends in, if it does.
  ///
  /// - Throws: `LineSplitter.TooLong` for an event above the limit.
  public mutating func last() throws(LineSplitter.TooLong) -> ServerSentEvent? {
    let line = splitter.rest()
    if !line.isEmpty { _ = try take(line[...]) }
    return dispatch()
  }

  private mutating func take(_ whole: ArraySlice<UInt8>) throws(LineSplitter.TooLong) -> ServerSentEvent? {
    var line = whole
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    }
    guard !line.isEmpty else { return dispatch() }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
    var value = line[colon...].dropFirst()
    if value.first == 0x20 { value = value.dropFirst() }
    // A line that begins with a colon is a comment: its field's name is empty. `id` and `retry` serve reconnecting.
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "event": type = String(decoding: value, as: UTF8.self)
    case "data":
      guard value.count < limit - data.count else { throw LineSplitter.TooLong(limit: limit) }
      if hasData { data.append(0x0A) }
      data += value
      hasData = true
    default: break
    }
    return nil
  }

  private mutating func dispatch() -> ServerSentEvent? {
    defer { (type, data, hasData) = ("", [], false) }
    guard hasData else { return nil }
    return ServerSentEvent(type: type.isEmpty ? "message" : type, data: String(decoding: data, as: UTF8.self))
  }
}
