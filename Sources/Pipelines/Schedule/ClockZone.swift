internal import FoundationEssentials

/// A time zone of the tz database: when its clocks are set, and by how much.
///
/// The system's files are read (RFC 9636), not a library's own: distributions keep them up to date, and a law that
/// changes a zone's clocks may come into force within weeks.
public struct ClockZone: Sendable {
  /// Its name: `Europe/Madrid`, `UTC`.
  public let name: String
  /// The moments at which an offset begins to hold, ascending, in seconds since 1970.
  private let changes: [Int64]
  /// One for each of `changes`.
  private let offsets: [Int]
  /// What holds before the first change.
  private let initial: Int
  /// What holds from the last change on; nil for the last offset.
  private let rule: ClockRule?

  /// Opens a zone; nil for a name that the system's tz database does not have.
  ///
  /// - Parameters:
  ///   - name: the zone's; `UTC` is known without the database.
  ///   - database: the folder of the database.
  public init?(_ name: String, database: String = "/usr/share/zoneinfo") {
    let isSafe = name.utf8.allSatisfy { byte in
      0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || "_+-/".utf8.contains(byte)
    }
    guard (1...64).contains(name.utf8.count), isSafe, name.first != "/" else { return nil }
    if name == "UTC" {
      self.init(name: name, changes: [], offsets: [], initial: 0, rule: nil)
      return
    }
    guard let data = try? Data(contentsOf: URL(filePath: database + "/" + name)), data.count <= 1 << 20 else {
      return nil
    }
    self.init(name: name, file: [UInt8](data))
  }

  /// Reads the bytes of a zone's file; nil where they are none.
  init?(name: String, file: [UInt8]) {
    var reader = ZoneFileReader(bytes: file)
    guard let first = reader.header() else { return nil }
    let isLong = first.version >= UInt8(ascii: "2")
    var header = first
    if isLong {
      // The same with times of 32 bits stands in front, for readers of 1990.
      guard reader.skip(first.length(ofTime: 4)), let second = reader.header() else { return nil }
      header = second
    }
    guard let body = reader.body(header, ofTime: isLong ? 8 : 4) else { return nil }
    let footer = isLong ? reader.footer() : ""
    guard let footer else { return nil }
    var rule: ClockRule?
    if !footer.isEmpty {
      rule = ClockRule(footer)
      guard rule != nil else { return nil }
    }
    self.init(name: name, changes: body.times, offsets: body.offsets, initial: body.initial, rule: rule)
  }

  init(name: String, changes: [Int64], offsets: [Int], initial: Int, rule: ClockRule?) {
    self.name = name
    self.changes = changes
    self.offsets = offsets
    self.initial = initial
    self.rule = rule
  }

  /// How far its clocks are ahead of UTC at a moment, given in seconds since 1970, in seconds.
  public func offset(at moment: Int64) -> Int {
    guard let last = changes.last, moment < last else {
      if let rule { return rule.offset(at: moment) }
      return offsets.last ?? initial
    }
    // The first change after the moment.
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? initial : offsets[low - 1]
  }
}

/// Takes a zone's file apart; every length is checked against what is there.
private struct ZoneFileReader {
  struct Header {
    var version: UInt8
    /// isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt.
    var counts: [Int]

    func length(ofTime size: Int) -> Int {
      counts[3] * (size + 1) + counts[4] * 6 + counts[5] + counts[2] * (size + 4) + counts[1] + counts[0]
    }
  }

  let bytes: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func skip(_ count: Int) -> Bool {
    guard count >= 0, count <= bytes.count - place else { return false }
    place += count
    return true
  }

  private func number(at place: Int, size: Int) -> Int64 {
    let bits = bytes[place..<place + size].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return size == 4 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
  }

  mutating func header() -> Header? {
    let start = place
    guard skip(44), bytes[start..<start + 4].elementsEqual("TZif".utf8) else { return nil }
    let counts = (0..<6).map { Int(number(at: start + 20 + 4 * $0, size: 4)) }
    guard counts.allSatisfy({ (0...100_000).contains($0) }), (1...256).contains(counts[4]) else { return nil }
    return Header(version: bytes[start + 4], counts: counts)
  }

  mutating func body(_ header: Header, ofTime size: Int) -> (times: [Int64], offsets: [Int], initial: Int)? {
    let start = place
    guard skip(header.length(ofTime: size)) else { return nil }
    let (timeCount, typeCount) = (header.counts[3], header.counts[4])
    let types = start + timeCount * (size + 1)
    let typeOffsets = (0..<typeCount).map { Int(number(at: types + 6 * $0, size: 4)) }
    let times = (0..<timeCount).map { number(at: start + size * $0, size: size) }
    let indexes = (0..<timeCount).map { Int(bytes[start + size * timeCount + $0]) }
    guard indexes.allSatisfy({ $0 < typeCount }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }),
      typeOffsets.allSatisfy({ abs($0) <= 26 * 3_600 })
    else { return nil }
    return (times, indexes.map { typeOffsets[$0] }, typeOffsets[0])
  }

  /// What stands between the line breaks at the end.
  mutating func footer() -> String? {
    guard place < bytes.count, bytes[place] == UInt8(ascii: "\n"),
      let end = bytes[(place + 1)...].firstIndex(of: UInt8(ascii: "\n"))
    else { return nil }
    return String(decoding: bytes[place + 1..<end], as: UTF8.self)
  }
}
