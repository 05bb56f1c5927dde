internal import Corpus

extension SettingType where Value == Bool {
  /// `true` or `false`.
  public static var boolean: SettingType {
    SettingType(
      schema: [.init("type", .string("boolean"))],
      read: { node, reader in
        if case .bool(let value) = node.scalar { return value }
        let words = ["yes": "true", "on": "true", "no": "false", "off": "false"]
        if case .scalar(let text, _) = node.content, let word = words[text.lowercased()] {
          reader.report(at: node, "\(reader.label) needs true or false, not “\(text)”", mend: "write \(word)")
        } else {
          reader.needs("true or false", node)
        }
        return nil
      }, write: { .bool($0) })
  }
}

extension SettingType where Value == Int {
  /// A whole number within bounds.
  public static func integer(in range: ClosedRange<Int>) -> SettingType {
    let needs = "a whole number from \(grouped(range.lowerBound)) to \(grouped(range.upperBound))"
    return SettingType(
      schema: [
        .init("type", .string("integer")), .init("minimum", .integer(Int64(range.lowerBound))),
        .init("maximum", .integer(Int64(range.upperBound))),
      ],
      read: { node, reader in
        if case .integer(let value) = node.scalar, range.contains(value) { return value }
        reader.needs(needs, node)
        return nil
      }, write: { .integer(Int64($0)) })
  }

  /// The version of a file's format, of which this release reads one.
  public static func formatVersion(_ current: Int) -> SettingType {
    SettingType(
      schema: [.init("type", .string("integer")), .init("const", .integer(Int64(current)))],
      read: { node, reader in
        guard case .integer(let version) = node.scalar else {
          reader.needs("the number \(current)", node)
          return nil
        }
        guard version == current else {
          reader.report(
            at: node, "the file is of version \(version), and this release reads version \(current)",
            mend:
              "write \(reader.label.filter { $0 != "“" && $0 != "”" }): \(current), or use the release that the file was written for"
          )
          return nil
        }
        return version
      }, write: { .integer(Int64($0)) })
  }

  /// A size such as `5MB`, `500KiB` or a plain number of bytes.
  public static func byteCount(in range: ClosedRange<Int>) -> SettingType {
    let needs = "a size from \(ByteCount.text(range.lowerBound)) to \(ByteCount.text(range.upperBound))"
    return SettingType(
      schema: [
        .init("type", [.string("string"), .string("integer")]), .init("pattern", .string(ByteCount.pattern)),
        .init("minimum", .integer(Int64(range.lowerBound))), .init("maximum", .integer(Int64(range.upperBound))),
        .init("examples", [.string("500KiB"), .string("5MB")]),
      ],
      read: { node, reader in
        if case .scalar(let text, _) = node.content, let value = ByteCount.parse(text), range.contains(value) {
          return value
        }
        reader.needs(needs, node, such: "500KiB or 5MB")
        return nil
      }, write: { .string(ByteCount.text($0)) })
  }

  private static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var place = digits.count - 3
    while place > (number < 0 ? 1 : 0) {
      digits.insert(",", at: place)
      place -= 3
    }
    return String(digits)
  }
}

extension SettingType where Value == Double {
  /// A span of time such as `250ms`, `30s`, `6h` or `1d`, in seconds.
  public static func duration(in range: ClosedRange<Double>) -> SettingType {
    let needs = "a span of time from \(TimeSpan.text(range.lowerBound)) to \(TimeSpan.text(range.upperBound))"
    return SettingType(
      schema: [
        .init("type", .string("string")), .init("pattern", .string(TimeSpan.pattern)),
        .init("examples", [.string("250ms"), .string("30s"), .string("6h")]),
      ],
      read: { node, reader in
        if case .scalar(let text, _) = node.content, let value = TimeSpan.parse(text), range.contains(value) {
          return value
        }
        reader.needs(needs, node, such: "250ms, 30s or 6h")
        return nil
      }, write: { .string(TimeSpan.text($0)) })
  }

  /// A number with or without a fraction, within bounds.
  public static func decimal(in range: ClosedRange<Double>) -> SettingType {
    SettingType(
      schema: [
        .init("type", .string("number")), .init("minimum", .number(range.lowerBound)),
        .init("maximum", .number(range.upperBound)),
      ],
      read: { node, reader in
        let number: Double? =
          switch node.scalar {
          case .integer(let value): Double(value)
          case .number(let value): value
          default: nil
          }
        if let number, range.contains(number) { return number }
        reader.needs("a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))", node)
        return nil
      }, write: { .number($0) })
  }

  private static func plain(_ number: Double) -> String {
    Int(exactly: number).map { "\($0)" } ?? "\(number)"
  }

  /// A share such as `2%` or `0.02`, from 0 to 1.
  public static var percentage: SettingType {
    SettingType(
      schema: [
        .init("type", [.string("string"), .string("number")]),
        .init("pattern", .string(#"^(100(\.0{1,6})?|[0-9]{1,2}(\.[0-9]{1,6})?)%$"#)),
        .init("minimum", .integer(0)), .init("maximum", .integer(1)),
        .init("examples", [.string("2%"), .number(0.02)]),
      ],
      read: { node, reader in
        if case .scalar(let text, let isPlain) = node.content {
          let isPercent = text.hasSuffix("%")
          if isPercent || isPlain, let number = UnsignedDecimal(isPercent ? text.dropLast() : text[...])?.value {
            let share = isPercent ? number / 100 : number
            if share <= 1 { return share }
            if !isPercent, number <= 100 {
              reader.report(
                at: node, "\(reader.label) needs a share from 0% to 100%, not the number \(text)",
                mend: "write \(text)%, or a fraction such as 0.02")
              return nil
            }
          }
        }
        reader.needs("a share from 0% to 100%", node, such: "2% or 0.02")
        return nil
      },
      write: { share in
        // Percent of a percent's number is not always the same double: 0.29 × 100 is 28.999….
        let percent = (share * 100 * 1e6).rounded() / 1e6
        guard percent / 100 == share else { return .number(share) }
        return .string(Int(exactly: percent).map { "\($0)%" } ?? "\(percent)%")
      })
  }
}

extension SettingsReader {
  /// Records that a value of another kind or size is needed, and says so if the reason is a variable or a blank.
  mutating func needs(_ needs: String, _ node: SettingsNode, such examples: String? = nil) {
    let example = examples.map { ", such as \($0)" } ?? ""
    if case .scalar(let text, _) = node.content, Variables(text).hasVariables {
      report(
        at: node, "\(label) needs \(needs), and variables are read only in texts",
        mend: "write the value itself\(example)")
    } else if node.scalar == .null {
      report(at: node, "\(label) has no value", mend: "write \(needs)\(example)\(orLeaveOut)")
    } else if node.isQuotedPlainly {
      report(at: node, "\(label) needs \(needs), not the text \(node.inWords)", mend: "write it without quotes")
    } else {
      report(at: node, "\(label) needs \(needs), not \(node.inWords)", mend: "write \(needs)\(example)")
    }
  }
}
