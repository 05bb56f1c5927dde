internal import Glibc

/// Seconds since 1970 as manifests, ids, logs and answers write them: RFC 3339 in UTC.
public enum Moment {
  /// A moment in full: `2026-11-20T23:15:00Z`.
  public static func text(_ seconds: Int64) -> String { formatted(seconds, "%Y-%m-%dT%H:%M:%SZ") }

  /// A moment as a part of a file's name: `20261120T231500Z`.
  public static func compact(_ seconds: Int64) -> String { formatted(seconds, "%Y%m%dT%H%M%SZ") }

  /// Reads what `text` wrote; nil for anything else.
  public static func seconds(_ text: String) -> Int64? {
    let numbers = text.split { !("0"..."9").contains($0) }.map { Int32($0) ?? -1 }
    guard numbers.count == 6, numbers.allSatisfy({ (0...9999).contains($0) }) else { return nil }
    var parts = tm()
    parts.tm_year = numbers[0] - 1900
    parts.tm_mon = numbers[1] - 1
    (parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[2], numbers[3], numbers[4], numbers[5])
    let seconds = Int64(timegm(&parts))
    // Parts out of range would read as another moment than the one written.
    return Self.text(seconds) == text ? seconds : nil
  }

  /// Reads what `compact` wrote; nil for anything else.
  public static func seconds(ofCompact text: String) -> Int64? {
    guard text.utf8.count == 16 else { return nil }
    let parts = [4, 2, 3, 2, 2, 3].reduce(into: (parts: [Substring](), rest: text[...])) { cut, count in
      cut.parts.append(cut.rest.prefix(count))
      cut.rest = cut.rest.dropFirst(count)
    }.parts
    return seconds(
      "\(parts[0])-\(parts[1])-\(parts[2])\(parts[3]):\(parts[4]):\(parts[5])"
    ).flatMap { Self.compact($0) == text ? $0 : nil }
  }

  private static func formatted(_ seconds: Int64, _ format: String) -> String {
    // Years 1000 to 9999: four digits, so that the order of texts is the order of moments.
    var time = time_t(min(max(seconds, -30_610_224_000), 253_402_300_799))
    var parts = tm()
    gmtime_r(&time, &parts)
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        characters.baseAddress.map { strftime($0, characters.count, format, &parts) } ?? 0
      }
    }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}
