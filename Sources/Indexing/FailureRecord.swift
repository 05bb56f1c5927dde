public import Corpus

/// A document that could not be fetched or worked on, as the state keeps it until it succeeds or leaves.
public struct FailureRecord: Sendable, Equatable {
  /// The source's id.
  public var source: String
  /// The document's address.
  public var url: String
  /// `fetch`, `clean`, `chunk` or `embed`.
  public var stage: String
  /// What happened the last time.
  public var reason: String
  /// In how many runs in a row it failed.
  public var attempts: Int
  /// When it first failed, in seconds since 1970.
  public var since: Int64
  /// When it last failed, in seconds since 1970.
  public var last: Int64

  /// As `--json` prints it.
  public var json: JSONValue {
    [
      "source": .string(source), "url": .string(url), "stage": .string(stage), "reason": .string(reason),
      "attempts": .integer(Int64(attempts)), "since": .string(Moment.text(since)), "last": .string(Moment.text(last)),
    ]
  }

  var key: [UInt8] { PageRecord.key(source: source, url: url) }

  var bytes: [UInt8] {
    var writer = ByteWriter()
    for text in [source, url, stage, reason] { writer.write(text) }
    writer.write(attempts)
    writer.write(fixed: UInt64(bitPattern: since))
    writer.write(fixed: UInt64(bitPattern: last))
    return writer.bytes
  }

  init(source: String, url: String, stage: String, reason: String, attempts: Int, since: Int64, last: Int64) {
    self.source = source
    self.url = url
    self.stage = stage
    self.reason = reason
    self.attempts = attempts
    self.since = since
    self.last = last
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    source = try reader.text()
    url = try reader.text()
    stage = try reader.text()
    reason = try reader.text()
    attempts = try reader.int()
    since = Int64(bitPattern: try reader.fixed())
    last = Int64(bitPattern: try reader.fixed())
  }
}
