extension LabFault {
  /// The names that faults have on a command line.
  public static let words =
    "429=SECONDS, 429-date=SECONDS, 429-bare, 500, 502, 503, 504, maintenance=SECONDS, bodies=ID/ID…, slow=BYTES, "
    + "cut=BYTES, hang-up, gzip, utf8, login, 401, 403, 404, 410, late=SECONDS, endless"

  /// Reads a fault as a command line writes it: `NAME[=VALUE][@ROUTE][+SKIP][*TIMES][%SHARE]`, the share in percent.
  ///
  /// Nil for an unknown name or route, and for numbers that are none.
  public init?(_ text: String) {
    var parts: [Character: String] = [:]
    var mark: Character = " "
    for character in text {
      if "=@+*%".contains(character) {
        guard parts[character] == nil else { return nil }
        mark = character
        parts[mark] = ""
      } else {
        parts[mark, default: ""].append(character)
      }
    }
    let value = parts["="].flatMap { Int($0) }
    guard let name = parts[" "], let kind = Self.kind(name, value, parts["="] ?? "") else { return nil }
    var fault = LabFault(kind)
    if let route = parts["@"] {
      guard let known = LabRoute(rawValue: route) else { return nil }
      fault.route = known
    }
    for (mark, path) in [("+" as Character, \LabFault.skipping), ("%", \LabFault.perMille)] {
      guard let digits = parts[mark] else { continue }
      guard let number = Double(digits), number >= 0, number <= 1_000_000 else { return nil }
      fault[keyPath: path] = mark == "%" ? Int(number * 10) : Int(number)
    }
    if let digits = parts["*"] {
      guard let number = Int(digits), number > 0 else { return nil }
      fault.times = number
    }
    self = fault
  }

  private static func kind(_ name: String, _ value: Int?, _ text: String) -> Kind? {
    switch name {
    case "429": .tooMany(.seconds(value ?? 1))
    case "429-date": .tooMany(.date(value ?? 1))
    case "429-bare": .tooMany(.missing)
    case "500", "502", "503", "504": Int(name).map { .status($0) }
    case "maintenance": .maintenance(seconds: value ?? 1)
    case "bodies": .bodies(Set(text.split(separator: "/").compactMap { Int64($0) }))
    case "slow": .slow(bytesPerSecond: value ?? 1_000)
    case "cut": .cut(after: value ?? 100)
    case "hang-up": .hangUp
    case "gzip": .gzip
    case "utf8": .invalidUTF8
    case "login": .loginPage
    case "401": .unauthorized
    case "403": .forbidden
    case "404": .notFound
    case "410": .gone
    case "late": .late(seconds: Double(value ?? 1))
    case "endless": .endless
    default: nil
    }
  }
}
