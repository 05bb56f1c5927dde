/// The part of Confluence's query language that indexers use: fields, comparisons, `in`, `and`, `or`, `not`,
/// `order by`; dates to the minute.
struct LabQuery: Sendable {
  /// Why a query is refused.
  struct Refusal: Error {
    var message: String
  }

  indirect enum Condition: Sendable {
    case and(Condition, Condition)
    case or(Condition, Condition)
    case not(Condition)
    case compare(field: String, comparison: String, values: [String])
  }

  var condition: Condition?
  var order: (field: String, descending: Bool)?

  /// What is known about a content when it is compared.
  struct Subject {
    var content: LabSite.Content
    var space: LabSite.Space
    var ancestors: () -> [Int64]
    var text: () -> String
    var type: String
  }

  /// What time it is, and in which zone dates are read (minutes east of Greenwich).
  struct Clock {
    var now: Int64
    var zone: Int
  }

  // MARK: Parsing

  private struct Token {
    var text: String
    var isQuoted: Bool
    var place: Int
  }

  init(_ text: String) throws(Refusal) {
    var parser = Parser(tokens: try Self.tokens(text))
    if parser.next != nil, !parser.isWord("order") { condition = try parser.either() }
    if parser.isWord("order") {
      parser.position += 1
      guard parser.isWord("by") else { throw parser.refusal() }
      parser.position += 1
      guard let field = parser.take() else { throw parser.refusal() }
      var descending = false
      if parser.isWord("desc") || parser.isWord("asc") {
        descending = parser.isWord("desc")
        parser.position += 1
      }
      order = (field.text.lowercased(), descending)
    }
    guard parser.next == nil else { throw parser.refusal() }
  }

  private static func tokens(_ text: String) throws(Refusal) -> [Token] {
    var tokens: [Token] = []
    let scalars = Array(text.unicodeScalars)
    var place = 0
    while place < scalars.count {
      let scalar = scalars[place]
      if scalar.properties.isWhitespace {
        place += 1
      } else if scalar == "\"" || scalar == "'" {
        var value = String.UnicodeScalarView()
        let start = place
        place += 1
        while place < scalars.count, scalars[place] != scalar {
          if scalars[place] == "\\", place + 1 < scalars.count { place += 1 }
          value.append(scalars[place])
          place += 1
        }
        guard place < scalars.count else { throw Refusal(message: "Could not parse cql : no end of text at \(start)") }
        place += 1
        tokens.append(Token(text: String(value), isQuoted: true, place: start))
      } else if "(),".unicodeScalars.contains(scalar) {
        tokens.append(Token(text: String(scalar), isQuoted: false, place: place))
        place += 1
      } else if "=!<>~".unicodeScalars.contains(scalar) {
        let start = place
        while place < scalars.count, "=!<>~".unicodeScalars.contains(scalars[place]), place - start < 2 { place += 1 }
        let text = String(String.UnicodeScalarView(scalars[start..<place]))
        tokens.append(Token(text: text, isQuoted: false, place: start))
      } else {
        let start = place
        while place < scalars.count, !scalars[place].properties.isWhitespace,
          !"(),=!<>\"'".unicodeScalars.contains(scalars[place])
        { place += 1 }
        let text = String(String.UnicodeScalarView(scalars[start..<place]))
        tokens.append(Token(text: text, isQuoted: false, place: start))
      }
    }
    return tokens
  }

  private struct Parser {
    let tokens: [Token]
    var position = 0
    var depth = 0

    init(tokens: [Token]) {
      self.tokens = tokens
    }

    var next: Token? { position < tokens.count ? tokens[position] : nil }

    func isWord(_ word: String) -> Bool {
      next.map { !$0.isQuoted && $0.text.lowercased() == word } ?? false
    }

    func refusal() -> Refusal {
      let place =
        next.map { "line 1, character \($0.place): “\($0.text)” is not expected" } ?? "the query ends too early"
      return Refusal(message: "Could not parse cql : \(place)")
    }

    mutating func take() -> Token? {
      defer { position += 1 }
      return next
    }

    mutating func either() throws(Refusal) -> Condition {
      var left = try both()
      while isWord("or") {
        position += 1
        left = .or(left, try both())
      }
      return left
    }

    private mutating func both() throws(Refusal) -> Condition {
      var left = try single()
      while isWord("and") {
        position += 1
        left = .and(left, try single())
      }
      return left
    }

    private mutating func single() throws(Refusal) -> Condition {
      depth += 1
      defer { depth -= 1 }
      guard depth < 64 else { throw refusal() }
      if isWord("not") {
        position += 1
        return .not(try single())
      }
      if isWord("(") {
        position += 1
        let inner = try either()
        guard isWord(")") else { throw refusal() }
        position += 1
        return inner
      }
      return try comparison()
    }

    private mutating func comparison() throws(Refusal) -> Condition {
      guard let field = next, !field.isQuoted, LabQuery.fields.contains(field.text.lowercased()) else {
        throw refusal()
      }
      position += 1
      let name = field.text.lowercased()
      if isWord("in") || isWord("not") {
        let isNot = isWord("not")
        if isNot { position += 1 }
        guard isWord("in") else { throw refusal() }
        position += 1
        let condition = Condition.compare(field: name, comparison: "=", values: try list())
        return isNot ? .not(condition) : condition
      }
      guard let comparison = next, ["=", "!=", ">", ">=", "<", "<=", "~", "!~"].contains(comparison.text) else {
        throw refusal()
      }
      position += 1
      let value = try value()
      if comparison.text.hasPrefix("!") {
        return .not(.compare(field: name, comparison: String(comparison.text.dropFirst()), values: [value]))
      }
      return .compare(field: name, comparison: comparison.text, values: [value])
    }

    private mutating func list() throws(Refusal) -> [String] {
      guard isWord("(") else { throw refusal() }
      position += 1
      var values = [try value()]
      while isWord(",") {
        position += 1
        values.append(try value())
      }
      guard isWord(")") else { throw refusal() }
      position += 1
      return values
    }

    /// A text, a number, a word that is not reserved, or a function such as `now("-4h")`.
    private mutating func value() throws(Refusal) -> String {
      guard let token = next, token.isQuoted || !LabQuery.reserved.contains(token.text.lowercased()) else {
        throw refusal()
      }
      position += 1
      guard !token.isQuoted, isWord("(") else {
        // A personal space's key needs quotes.
        guard token.isQuoted || !token.text.hasPrefix("~") else {
          position -= 1
          throw refusal()
        }
        return token.text
      }
      position += 1
      var argument = ""
      if !isWord(")") { argument = take()?.text ?? "" }
      guard isWord(")") else { throw refusal() }
      position += 1
      return token.text.lowercased() + "(" + argument + ")"
    }
  }

  private static let fields: Set<String> = [
    "type", "space", "space.key", "space.type", "label", "ancestor", "parent", "id", "content", "title", "text",
    "sitesearch", "created", "lastmodified", "creator", "contributor", "container",
  ]
  private static let reserved: Set<String> = ["and", "or", "not", "in", "order", "by", "(", ")", ",", "=", "<", ">"]

  // MARK: Evaluating

  func holds(for subject: Subject, _ clock: Clock) throws(Refusal) -> Bool {
    guard let condition else { return true }
    return try Self.holds(condition, subject, clock)
  }

  private static func holds(_ condition: Condition, _ subject: Subject, _ clock: Clock) throws(Refusal) -> Bool {
    switch condition {
    case .and(let left, let right):
      guard try holds(left, subject, clock) else { return false }
      return try holds(right, subject, clock)
    case .or(let left, let right):
      if try holds(left, subject, clock) { return true }
      return try holds(right, subject, clock)
    case .not(let inner): return try !holds(inner, subject, clock)
    case .compare(let field, let comparison, let values):
      for value in values where try holds(field, comparison, value, subject, clock) { return true }
      return false
    }
  }

  private static func holds(
    _ field: String, _ comparison: String, _ value: String, _ subject: Subject, _ clock: Clock
  ) throws(Refusal) -> Bool {
    let content = subject.content
    switch field {
    case "created", "lastmodified":
      let time = field == "created" ? content.createdAt : content.version.createdAt
      // The index knows minutes, no seconds.
      let minute = time - time % 60_000
      return compare(minute, comparison, try moment(value, clock))
    case "type": return subject.type == value.lowercased()
    case "space", "space.key": return subject.space.key.lowercased() == value.lowercased()
    case "space.type": return subject.space.type == value
    case "label": return content.labels.contains(value)
    case "ancestor": return Int64(value).map(subject.ancestors().contains) ?? false
    case "parent": return content.parent == Int64(value)
    case "container": return content.space == Int64(value) || content.parent == Int64(value)
    case "id", "content": return content.id == Int64(value)
    case "creator": return content.author == value
    case "contributor": return content.author == value || content.version.author == value
    case "title":
      return comparison == "~"
        ? content.title.lowercased().contains(value.lowercased()) : content.title.lowercased() == value.lowercased()
    default:
      let text = subject.text().lowercased()
      return value.lowercased().split(separator: " ").allSatisfy { text.contains($0) }
    }
  }

  private static func compare(_ left: Int64, _ comparison: String, _ right: Int64) -> Bool {
    switch comparison {
    case ">": left > right
    case ">=": left >= right
    case "<": left < right
    case "<=": left <= right
    default: left == right
    }
  }

  /// A date, a date with minutes, or `now("-4h")`; milliseconds since 1970.
  static func moment(_ text: String, _ clock: Clock) throws(Refusal) -> Int64 {
    let wrong = Refusal(message: "Could not parse cql : the date “\(text)” is invalid")
    if text.hasSuffix(")"), let open = text.firstIndex(of: "(") {
      var argument = String(text[text.index(after: open)...].dropLast())
      let start: Int64
      switch text[..<open] {
      case "now": start = clock.now
      case "startofday":
        let shift = Int64(clock.zone) * 60_000
        start = (clock.now + shift) / 86_400_000 * 86_400_000 - shift
      default: throw wrong
      }
      if argument.isEmpty { return start }
      let units: [Character: Int64] = [
        "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "M": 2_592_000_000, "y": 31_536_000_000,
      ]
      guard let unit = argument.popLast().flatMap({ units[$0] }), let number = Int64(argument), abs(number) < 100_000
      else { throw wrong }
      return start + number * unit
    }
    let halves = text.split(separator: " ")
    let day = (halves.first ?? "").split { $0 == "-" || $0 == "/" }.compactMap { Int64($0) }
    let time = halves.count == 2 ? halves[1].split(separator: ":").compactMap { Int64($0) } : [0, 0]
    guard halves.count <= 2, day.count == 3, time.count == 2, (1970...9999).contains(day[0]), (1...12).contains(day[1]),
      (1...31).contains(day[2]), (0...23).contains(time[0]), (0...59).contains(time[1])
    else { throw wrong }
    let minutes = (days(day[0], day[1], day[2]) * 24 + time[0]) * 60 + time[1]
    return (minutes - Int64(clock.zone)) * 60_000
  }

  /// Days since 1970 of a date (Hinnant, “chrono-Compatible Low-Level Date Algorithms”).
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let ofEra = year - era * 400
    let shifted = (month + 9) % 12
    let ofYear = (153 * shifted + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }
}
