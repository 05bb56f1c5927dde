/// The `Retry-After` field (RFC 9110, section 10.2.3).
public enum RetryAfter {
  /// The longest wait that is reported, in seconds: a day.
  ///
  /// A server that asks for more is not waited for anyway.
  public static let longest: Double = 86_400

  /// How long the server asks to wait.
  ///
  /// - Parameters:
  ///   - value: the field's value: a number of seconds or a date.
  ///   - now: seconds since 1970.
  /// - Returns: seconds from now, between 0 and `longest`; nil where the value is neither.
  public static func seconds(_ value: String, now: Double) -> Double? {
    let text = value.drop { $0 == " " || $0 == "\t" }
    let digits = text.utf8.prefix(while: \.isASCIIDigit)
    if !digits.isEmpty, let rest = text[digits.endIndex...].utf8.first {
      // `120.5` and `120 ` are seen in the wild; `06 Nov …` is no number.
      guard rest == UInt8(ascii: ".") || rest == UInt8(ascii: " ") else { return nil }
      let tail = text[digits.endIndex...].utf8.dropFirst()
      guard tail.allSatisfy({ $0 == UInt8(ascii: " ") || rest == UInt8(ascii: ".") && $0.isASCIIDigit }) else {
        return date(value, now: now)
      }
    } else if digits.isEmpty {
      return date(value, now: now)
    }
    var seconds = 0.0
    for digit in digits where seconds <= longest { seconds = seconds * 10 + Double(digit - 0x30) }
    return min(seconds, longest)
  }

  private static func date(_ value: String, now: Double) -> Double? {
    guard now.isFinite, let date = HTTPDate.parse(value, now: Int64(min(max(now, 0), 2e11))) else { return nil }
    return min(max(Double(date) - now, 0), longest)
  }
}
