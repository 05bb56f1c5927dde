/// Numbers and amounts of money as people write them: `1.299,00 €`, `$1,299.00`, `EUR 1 299`, `-12,5 %`.
public enum WrittenNumber {
  /// Which sign stands before the decimals.
  public enum Style: String, Sendable, Hashable, CaseIterable {
    /// Whatever the text shows by itself; what could be read in two ways is not read.
    case auto
    /// A comma before the decimals, a dot or a space between thousands.
    case es
    /// A dot before the decimals, a comma or a space between thousands.
    case en
  }

  /// Why a text gives no number.
  public enum Fault: Error, Sendable, Hashable {
    /// It is none.
    case noNumber
    /// It is one thing in Spanish and another in English.
    case ambiguous
  }

  /// Reads a whole text as one number; a currency or percent sign, or a currency's code, may stand before or behind it.
  ///
  /// With `auto`, a number as programs write it (`1299.5`, `1.299`, `3e2`) is what it is for programs as long as no
  /// currency stands beside it; a sign that stands once with other than three digits behind it is the decimals', one that
  /// stands several times the thousands'. `1,299` and `1.299 €` are ambiguous.
  ///
  /// - Parameters:
  ///   - text: at most 64 bytes.
  ///   - style: how it is written.
  /// - Returns: the number, always finite.
  /// - Throws: `Fault`.
  public static func number(_ text: some StringProtocol, style: Style = .auto) throws(Fault) -> Double {
    guard text.utf8.count <= 64 else { throw .noNumber }
    var scalars = Array(text.unicodeScalars)
    let isMoney = try stripSigns(&scalars)
    let isNegative = takeMinus(&scalars)
    trim(&scalars)
    guard let first = scalars.first, let last = scalars.last, isDigit(first) || ".,".unicodeScalars.contains(first),
      isDigit(last)
    else { throw .noNumber }
    if !isMoney, style == .auto, let plain = plainNumber(scalars) { return isNegative ? -plain : plain }
    let digits = try grouped(scalars, style: style)
    guard let number = Double(digits), number.isFinite else { throw .noNumber }
    return isNegative ? -number : number
  }

  // MARK: Signs

  private static let currencySigns: Set<Unicode.Scalar> = ["€", "$", "£", "¥", "₡", "₲", "₱", "₹", "%"]
  private static let currencyCodes: Set<String> = [
    "eur", "euro", "euros", "usd", "us$", "mxn", "ars", "cop", "clp", "pen", "gbp", "dolares", "dólares", "dollars",
    "dollar", "pesos", "soles", "s/", "bs",
  ]

  /// Takes currency and percent off both ends; tells whether there was any.
  private static func stripSigns(_ scalars: inout [Unicode.Scalar]) throws(Fault) -> Bool {
    var isMoney = false
    for _ in 0..<2 {
      trim(&scalars)
      if let last = scalars.last, currencySigns.contains(last) {
        scalars.removeLast()
        isMoney = true
      }
      trim(&scalars)
      if takeCode(&scalars, fromEnd: true) { isMoney = true }
      if takeCode(&scalars, fromEnd: false) { isMoney = true }
      // A minus may stand before the currency: “-$5”.
      let sign = scalars.first.map(isMinus) == true ? 1 : 0
      var start = sign
      while start < scalars.count, isSpace(scalars[start]) { start += 1 }
      if start < scalars.count, currencySigns.contains(scalars[start]) {
        scalars.removeSubrange(sign...start)
        isMoney = true
      }
    }
    trim(&scalars)
    return isMoney
  }

  private static func takeCode(_ scalars: inout [Unicode.Scalar], fromEnd: Bool) -> Bool {
    let isLetter: (Unicode.Scalar) -> Bool = { !isDigit($0) && !isSpace($0) && !"+-−.,'".unicodeScalars.contains($0) }
    let run = Array(
      fromEnd ? scalars.reversed().prefix(while: isLetter).reversed() : Array(scalars.prefix(while: isLetter)))
    guard !run.isEmpty else { return false }
    let word = String(String.UnicodeScalarView(run)).lowercased()
    guard currencyCodes.contains(word) else { return false }
    if fromEnd { scalars.removeLast(run.count) } else { scalars.removeFirst(run.count) }
    return true
  }

  private static func takeMinus(_ scalars: inout [Unicode.Scalar]) -> Bool {
    guard let first = scalars.first, isMinus(first) || first == "+" else { return false }
    scalars.removeFirst()
    return first != "+"
  }

  private static func isMinus(_ scalar: Unicode.Scalar) -> Bool { scalar == "-" || scalar == "−" }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { (0x30...0x39).contains(scalar.value) }

  /// A space of any width, also those that keep a number in one line.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\t" || scalar == "\u{A0}" || scalar == "\u{202F}" || scalar == "\u{2009}"
  }

  private static func trim(_ scalars: inout [Unicode.Scalar]) {
    while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    while let first = scalars.first, isSpace(first) { scalars.removeFirst() }
  }

  // MARK: Digits

  /// A number as programs write it: digits, perhaps a dot and more digits, perhaps an exponent.
  private static func plainNumber(_ scalars: [Unicode.Scalar]) -> Double? {
    let isPlain = scalars.allSatisfy { isDigit($0) || "+-.eE".unicodeScalars.contains($0) }
    guard isPlain, let number = Double(String(String.UnicodeScalarView(scalars))), number.isFinite else { return nil }
    return number
  }

  /// The digits with a dot before the decimals and nothing between thousands.
  private static func grouped(_ scalars: [Unicode.Scalar], style: Style) throws(Fault) -> String {
    var groups: [[Unicode.Scalar]] = [[]]
    var signs: [Unicode.Scalar] = []
    for scalar in scalars {
      if isDigit(scalar) {
        groups[groups.count - 1].append(scalar)
      } else if scalar == "." || scalar == "," || scalar == "'" || isSpace(scalar) {
        signs.append(isSpace(scalar) ? " " : scalar)
        groups.append([])
      } else {
        throw .noNumber
      }
    }
    guard let decimal = try decimalSign(groups, signs, style) else { return try joined(groups, signs[...]) }
    let decimals = groups.removeLast()
    signs.removeLast()
    guard !signs.contains(decimal) else { throw .noNumber }
    let whole = groups.count == 1 && groups[0].isEmpty ? "0" : try joined(groups, signs[...])
    return whole + "." + String(String.UnicodeScalarView(decimals))
  }

  /// The sign before the decimals; nil where there are none.
  private static func decimalSign(
    _ groups: [[Unicode.Scalar]], _ signs: [Unicode.Scalar], _ style: Style
  ) throws(Fault) -> Unicode.Scalar? {
    guard let last = signs.last, last != " ", last != "'" else { return nil }
    let digits = groups[groups.count - 1].count
    // Of two different signs the last one is the decimals', in any style.
    if signs.contains(where: { $0 != last }) { return signs.count(where: { $0 == last }) == 1 ? last : nil }
    if signs.count > 1 { return nil }
    let canBeGrouped = digits == 3 && (1...3).contains(groups[0].count) && groups[0] != ["0"]
    switch style {
    case .es: return last == "," || !canBeGrouped ? last : nil
    case .en: return last == "." || !canBeGrouped ? last : nil
    case .auto: if canBeGrouped { throw .ambiguous } else { return last }
    }
  }

  /// Thousands: one to three digits, then three by three.
  private static func joined(
    _ groups: [[Unicode.Scalar]], _ signs: ArraySlice<Unicode.Scalar>
  ) throws(Fault) -> String {
    guard Set(signs).count <= 1, let first = groups.first, !first.isEmpty else { throw .noNumber }
    guard groups.count == 1 || (first.count <= 3 && groups.dropFirst().allSatisfy { $0.count == 3 }) else {
      throw .noNumber
    }
    return groups.map { String(String.UnicodeScalarView($0)) }.joined()
  }
}
