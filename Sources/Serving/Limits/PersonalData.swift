/// Kinds of personal data that can be told by their form, and are masked where a service is set to.
///
/// Card numbers, IBANs and Spanish identity numbers carry check digits, so that few other numbers are taken for them;
/// e-mail addresses and telephone numbers are told by their form alone.
public enum PersonalData: String, Sendable, CaseIterable {
  /// An e-mail address.
  case email
  /// A telephone number: with `+` and a country, or nine digits of Spain.
  case phone
  /// A payment card: 13 to 19 digits whose check digit is right (Luhn; ISO/IEC 7812-1).
  case card
  /// A bank account: IBAN whose check digits are right (ISO 13616, ISO/IEC 7064 MOD 97-10).
  case iban
  /// A Spanish identity number: DNI or NIE whose letter is right (Real Decreto 1553/2005).
  case dni

  private var replacement: [UInt8] { Array("[\(rawValue)]".utf8) }

  /// A text without personal data of some kinds: each is replaced by its kind in brackets.
  ///
  /// - Complexity: linear in the text's bytes.
  public static func mask(_ text: String, _ kinds: Set<PersonalData>) -> String {
    guard !kinds.isEmpty else { return text }
    let bytes = Array(text.utf8)
    var masked: [UInt8] = []
    var copied = 0
    var place = 0
    while place < bytes.count {
      guard let (kind, range) = find(in: bytes, at: place, kinds) else {
        place += 1
        continue
      }
      // An address of e-mail begins before its “@”.
      masked += bytes[copied..<max(copied, range.lowerBound)]
      masked += kind.replacement
      copied = range.upperBound
      place = range.upperBound
    }
    guard copied > 0 else { return text }
    return String(decoding: masked + bytes[copied...], as: UTF8.self)
  }

  private static func find(in bytes: [UInt8], at place: Int, _ kinds: Set<PersonalData>) -> (PersonalData, Range<Int>)?
  {
    if bytes[place] == UInt8(ascii: "@") {
      return kinds.contains(.email) ? email(in: bytes, at: place).map { (.email, $0) } : nil
    }
    guard isWord(bytes[place]) || bytes[place] == UInt8(ascii: "+"), place == 0 || !isWord(bytes[place - 1]) else {
      return nil
    }
    if kinds.contains(.iban), let end = iban(in: bytes, from: place) { return (.iban, place..<end) }
    if kinds.contains(.dni), let end = dni(in: bytes, from: place) { return (.dni, place..<end) }
    if kinds.contains(.card), let end = card(in: bytes, from: place) { return (.card, place..<end) }
    if kinds.contains(.phone), let end = phone(in: bytes, from: place) { return (.phone, place..<end) }
    return nil
  }

  // MARK: The kinds

  private static func email(in bytes: [UInt8], at: Int) -> Range<Int>? {
    func isLocal(_ byte: UInt8) -> Bool { isWord(byte) || ".!#$%&'*+/=?^_`{|}~-".utf8.contains(byte) }
    func isDomain(_ byte: UInt8) -> Bool { isWord(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") }
    var start = at
    while start > 0, at - start < 64, isLocal(bytes[start - 1]) { start -= 1 }
    var end = at + 1
    while end < bytes.count, end - at <= 253, isDomain(bytes[end]) { end += 1 }
    while end > at + 1, !isWord(bytes[end - 1]) { end -= 1 }
    let domain = bytes[(at + 1)..<end]
    guard start < at, let dot = domain.lastIndex(of: UInt8(ascii: ".")), dot > at + 1, end - dot > 2 else { return nil }
    return start..<end
  }

  private static func iban(in bytes: [UInt8], from start: Int) -> Int? {
    guard start + 15 <= bytes.count, isLetter(bytes[start]), isLetter(bytes[start + 1]), isDigit(bytes[start + 2]),
      isDigit(bytes[start + 3])
    else { return nil }
    let (characters, ends) = grouped(in: bytes, from: start, most: 34) { isLetter($0) || isDigit($0) }
    // The longest that fits: words may follow it.
    for count in stride(from: characters.count, through: 15, by: -1) where isEnd(bytes, ends[count - 1]) {
      let number = characters[..<count]
      let rest = (number.dropFirst(4) + number.prefix(4)).reduce(0) { rest, byte in
        isDigit(byte)
          ? (rest * 10 + Int(byte - 48)) % 97 : (rest * 100 + Int((byte | 0x20) - UInt8(ascii: "a")) + 10) % 97
      }
      if rest == 1 { return ends[count - 1] }
    }
    return nil
  }

  private static func card(in bytes: [UInt8], from start: Int) -> Int? {
    let (digits, ends) = grouped(in: bytes, from: start, most: 19, isDigit)
    for count in stride(from: digits.count, through: 13, by: -1) where isEnd(bytes, ends[count - 1]) {
      let sum = digits[..<count].reversed().enumerated().reduce(0) { sum, digit in
        let value = Int(digit.element - 48) * (digit.offset % 2 == 1 ? 2 : 1)
        return sum + (value > 9 ? value - 9 : value)
      }
      if sum % 10 == 0, digits[..<count].contains(where: { $0 != digits[0] }) { return ends[count - 1] }
    }
    return nil
  }

  private static func dni(in bytes: [UInt8], from start: Int) -> Int? {
    let letters = Array("TRWAGMYFPDXBNJZSQVHLCKE".utf8)
    var number = 0
    var place = start
    var needed = 8
    if let first = Array("XYZ".utf8).firstIndex(of: bytes[start] & 0xDF), isLetter(bytes[start]) {
      (number, place, needed) = (first, start + 1, 7)
      if place < bytes.count, isJoint(bytes[place]) { place += 1 }
    }
    for _ in 0..<needed {
      // Thousands may be set apart by points.
      if place + 1 < bytes.count, bytes[place] == UInt8(ascii: "."), place > start { place += 1 }
      guard place < bytes.count, isDigit(bytes[place]) else { return nil }
      number = number * 10 + Int(bytes[place] - 48)
      place += 1
    }
    if place < bytes.count, isJoint(bytes[place]) { place += 1 }
    guard place < bytes.count, bytes[place] & 0xDF == letters[number % 23], isLetter(bytes[place]),
      isEnd(bytes, place + 1)
    else { return nil }
    return place + 1
  }

  private static func phone(in bytes: [UInt8], from start: Int) -> Int? {
    let isForeign = bytes[start] == UInt8(ascii: "+")
    guard isForeign || (UInt8(ascii: "6")...UInt8(ascii: "9")).contains(bytes[start]) else { return nil }
    var first = isForeign ? start + 1 : start
    if first < bytes.count, bytes[first] == UInt8(ascii: "(") { first += 1 }
    let (digits, ends) = grouped(in: bytes, from: first, most: isForeign ? 15 : 9, isDigit)
    guard digits.count >= (isForeign ? 8 : 9), let end = ends.last, isEnd(bytes, end) else { return nil }
    return end
  }

  // MARK: Characters

  /// The characters of a number that may be written in groups, each with where it ends.
  private static func grouped(
    in bytes: [UInt8], from start: Int, most: Int, _ isPart: (UInt8) -> Bool
  ) -> (characters: [UInt8], ends: [Int]) {
    var characters: [UInt8] = []
    var ends: [Int] = []
    var place = start
    while place < bytes.count, characters.count < most {
      if isPart(bytes[place]) {
        characters.append(bytes[place])
        ends.append(place + 1)
      } else if !isJoint(bytes[place]) || characters.isEmpty || !isPart(bytes[place - 1]) {
        break
      }
      place += 1
    }
    return (characters, ends)
  }

  private static func isEnd(_ bytes: [UInt8], _ place: Int) -> Bool { place >= bytes.count || !isWord(bytes[place]) }
  private static func isJoint(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
  /// Letters, digits and every byte of other scripts.
  private static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte >= 0x80 }
}
