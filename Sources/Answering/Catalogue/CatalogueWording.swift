internal import Corpus
internal import Glibc
internal import Retrieval

/// The words around figures of a catalogue, in the languages that the service speaks.
struct CatalogueWording: Sendable {
  let language: String
  let vocabulary: CatalogueVocabulary
  private var isSpanish: Bool { language == "es" }

  // MARK: Figures

  /// A value of a field as people write it in the language.
  func text(_ value: FieldValue, field: String) -> String {
    switch value {
    case .keyword(let text): return text
    case .number(let number):
      guard field == vocabulary.price else { return self.number(number, decimals: 0...6) }
      return money(number)
    case .date(let moment):
      let text = Moment.text(moment)
      // A day, or its last second: the end of a time that a question names.
      return String(["T00:00:00Z", "T23:59:59Z"].contains { text.hasSuffix($0) } ? text.prefix(10) : text[...])
    }
  }

  private func money(_ amount: Double) -> String {
    let isWhole = amount == amount.rounded()
    let figure = number(abs(amount), decimals: isWhole ? 2...2 : 2...6)
    let sign = amount < 0 ? "-" : ""
    let symbols = ["EUR": "€", "USD": "$", "GBP": "£", "MXN": "$", "ARS": "$", "COP": "$", "CLP": "$"]
    let symbol = symbols[vocabulary.settings.currency] ?? vocabulary.settings.currency
    if isSpanish { return "\(sign)\(figure) \(symbol)" }
    return symbol.count == 1 ? "\(sign)\(symbol)\(figure)" : "\(sign)\(figure) \(symbol)"
  }

  /// A number with as few decimals as tell it apart, within bounds.
  private func number(_ number: Double, decimals: ClosedRange<Int>) -> String {
    var text = ""
    for count in decimals {
      text = fixed(number, count)
      if Double(text) == number { break }
    }
    var parts = text.split(separator: ".", maxSplits: 1).map(String.init)
    var grouped = ""
    let digits = parts[0]
    for (place, digit) in digits.enumerated() {
      let left = digits.count - place
      if place > 0, left.isMultiple(of: 3), digits[digits.index(digits.startIndex, offsetBy: place - 1)] != "-" {
        grouped += isSpanish ? "." : ","
      }
      grouped.append(digit)
    }
    parts[0] = grouped
    return parts.joined(separator: isSpanish ? "," : ".")
  }

  private func fixed(_ number: Double, _ decimals: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 400)
    let written = withVaList([Int32(decimals), number]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
    return written > 0
      ? String(decoding: buffer.prefix(Int(written)).map { UInt8(bitPattern: $0) }, as: UTF8.self) : "0"
  }

  // MARK: Sentences

  /// What was understood, to stand in brackets.
  func conditions(_ query: CatalogueQuery) -> String {
    let all = query.conditions.map(condition).joined(separator: ", ")
    guard !query.alternatives.isEmpty else { return all }
    let groups = query.alternatives.map { $0.map(condition).joined(separator: ", ") }
    let either = groups.joined(separator: isSpanish ? ", o bien " : ", or else ")
    return all.isEmpty ? either : "\(either); \(isSpanish ? "siempre" : "in any case") \(all)"
  }

  /// Words that were taken for others.
  func readAs(_ words: [CatalogueReader.ReadAs]) -> String {
    words.map { isSpanish ? "«\($0.word)»: \($0.value)" : "“\($0.word)”: \($0.value)" }.joined(separator: ", ")
  }

  /// What is said of words before the wish.
  func passedOver(_ words: String) -> String {
    isSpanish ? "No tengo en cuenta «\(words)»." : "I leave out “\(words)”."
  }

  /// What items cost on average.
  func average(_ amount: Double, total: Int, _ conditions: String) -> String {
    let brackets = conditions.isEmpty ? "" : " (\(conditions))"
    let figure = money((amount * 100).rounded() / 100)
    return isSpanish
      ? "Precio medio de \(total)\(brackets): \(figure)." : "Average price of \(total)\(brackets): \(figure)."
  }

  /// The values of a field, with how many items have each.
  func values(_ values: [(text: String, items: Int)], of label: String, _ conditions: String) -> String {
    let brackets = conditions.isEmpty ? "" : " (\(conditions))"
    return "\(label)\(brackets): " + values.map { "\($0.text) (\($0.items))" }.joined(separator: ", ") + "."
  }

  private func condition(_ condition: CatalogueQuery.Condition) -> String {
    let label = vocabulary.label(condition.field, language: language)
    func text(_ value: FieldValue) -> String { self.text(value, field: condition.field) }
    switch condition.test {
    case .anyOf(let values):
      let list = values.map(text).joined(separator: isSpanish ? " o " : " or ")
      return condition.isNegated ? "\(label) \(isSpanish ? "no" : "not") \(list)" : "\(label) \(list)"
    case .range(let low?, let high?):
      if low == high { return "\(label) \(text(low))" }
      return isSpanish ? "\(label) de \(text(low)) a \(text(high))" : "\(label) \(text(low)) to \(text(high))"
    case .range(nil, let high?):
      let end = condition.isStrict ? Self.rounded(high) : high
      if case .date = high { return "\(label) \(isSpanish ? "hasta" : "until") \(text(end))" }
      if condition.isStrict { return "\(label) \(isSpanish ? "menos de" : "under") \(text(end))" }
      return "\(label) \(isSpanish ? "hasta" : "up to") \(text(end))"
    case .range(let low?, nil):
      let end = condition.isStrict ? Self.rounded(low, down: true) : low
      if case .date = low { return "\(label) \(isSpanish ? "desde" : "since") \(text(end))" }
      if condition.isStrict { return "\(label) \(isSpanish ? "más de" : "over") \(text(end))" }
      return "\(label) \(isSpanish ? "desde" : "from") \(text(end))"
    default: return label
    }
  }

  private static func rounded(_ value: FieldValue, down: Bool = false) -> FieldValue {
    if case .number(let number) = value { .number(down ? number.nextDown : number.nextUp) } else { value }
  }

  /// The line over a list.
  func heading(_ action: CatalogueAction, total: Int, shown: Int, _ conditions: String) -> String {
    let brackets = conditions.isEmpty ? "" : " (\(conditions))"
    switch (action, isSpanish) {
    case (.cheapest, true): return "Lo más barato\(brackets):"
    case (.cheapest, false): return "The cheapest\(brackets):"
    case (.dearest, true): return "Lo más caro\(brackets):"
    case (.dearest, false): return "The most expensive\(brackets):"
    case (.newest, true): return "Lo más reciente\(brackets):"
    case (.newest, false): return "The newest\(brackets):"
    case (.oldest, true): return "Lo más antiguo\(brackets):"
    case (.oldest, false): return "The oldest\(brackets):"
    case (.recommend, true): return "Esto es lo que mejor encaja con tu pregunta\(brackets):"
    case (.recommend, false): return "These fit your question best\(brackets):"
    case (.compare, true): return "Comparación\(brackets):"
    case (.compare, false): return "Comparison\(brackets):"
    case (.count, true): return total == 1 ? "Hay 1\(brackets)." : "Hay \(total)\(brackets)."
    case (.count, false): return total == 1 ? "There is 1\(brackets)." : "There are \(total)\(brackets)."
    case (.details, _): return ""
    case (_, true):
      if total == 1 { return "Hay 1\(brackets):" }
      return total > shown ? "Hay \(total)\(brackets); los \(shown) primeros:" : "Hay \(total)\(brackets):"
    case (_, false):
      if total == 1 { return "There is 1\(brackets):" }
      return total > shown ? "There are \(total)\(brackets); the first \(shown):" : "There are \(total)\(brackets):"
    }
  }

  /// Nothing meets the conditions.
  func nothing(_ conditions: String) -> String {
    let brackets = conditions.isEmpty ? "" : " (\(conditions))"
    return isSpanish ? "No hay ninguno que cumpla eso\(brackets)." : "There is none that meets this\(brackets)."
  }

  /// Which of several costs least.
  func cheapest(_ title: String, number: Int) -> String {
    isSpanish ? "El más barato es \(title) [\(number)]." : "The cheapest is \(title) [\(number)]."
  }

  /// All cost the same.
  var same: String { isSpanish ? "Cuestan lo mismo." : "They cost the same." }
}
