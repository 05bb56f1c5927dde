/// An amount that a question names, with how it limits.
struct AmountPhrase: Sendable, Equatable {
  /// Which numbers are meant.
  enum Bounds: Sendable, Equatable {
    case atMost(Double, isStrict: Bool)
    case atLeast(Double, isStrict: Bool)
    case between(Double, Double)
    case about(Double)
    case exactly(Double)

    /// Turned round; only limits that leave their end out are: nobody says “no hasta 500”.
    fileprivate var negated: Bounds {
      switch self {
      case .atMost(let value, true): .atLeast(value, isStrict: false)
      case .atLeast(let value, true): .atMost(value, isStrict: false)
      default: self
      }
    }
  }

  var bounds: Bounds
  /// Whether a currency stands beside it.
  var isMoney: Bool
  /// The folded word behind it, where that is no sign and ends no phrase: perhaps a unit.
  var unit: String?
  /// Whether words of limiting stand beside it.
  var hasCue: Bool
  /// Its tokens, with the words of limiting.
  var range: Range<Int>
}

/// Finds amounts: `menos de 800 €`, `entre 300 y 500 euros`, `under $1,000`, `hasta mil euros`.
struct AmountReader: Sendable {
  private let tokens: [QuestionToken]

  init(_ tokens: [QuestionToken]) { self.tokens = tokens }

  private struct Amount {
    var value: Double
    var isMoney: Bool
    var unit: String?
    var range: Range<Int>
  }

  /// The amounts, in their order.
  func phrases() -> [AmountPhrase] {
    var phrases: [AmountPhrase] = []
    var place = 0
    while place < tokens.count {
      guard let amount = amount(at: place) else {
        place += 1
        continue
      }
      let phrase = between(amount, after: phrases.last?.range.upperBound ?? 0) ?? limited(amount)
      phrases.append(phrase)
      place = max(phrase.range.upperBound, place + 1)
    }
    return phrases
  }

  // MARK: Amounts

  private static let currencies: Set<String> = [
    "€", "$", "£", "¥", "eur", "euro", "euros", "usd", "dolar", "dolares", "dollar", "dollars", "gbp", "pound",
    "pounds",
    "libra", "libras", "peso", "pesos", "mxn", "bucks", "pavos", "soles", "quid", "eurito", "euritos",
  ]

  private func amount(at start: Int) -> Amount? {
    var first = start
    var isMoney = false
    if Self.currencies.contains(tokens[start].folded) {
      isMoney = true
      first += 1
    }
    guard let (value, end) = NumberWords.number(in: tokens, at: first) else { return nil }
    var stop = end
    if stop < tokens.count, Self.currencies.contains(tokens[stop].folded) {
      isMoney = true
      stop += 1
    } else if stop + 1 < tokens.count, tokens[stop].folded == "de" || tokens[stop].folded == "of",
      Self.currencies.contains(tokens[stop + 1].folded)
    {
      // “un millón de euros”
      isMoney = true
      stop += 2
    }
    let next = stop < tokens.count ? tokens[stop] : nil
    let unit = next.flatMap { $0.isSign && $0.folded != "\"" && $0.folded != "%" ? nil : $0.folded }
    return Amount(value: value, isMoney: isMoney, unit: unit, range: start..<stop)
  }

  // MARK: Two ends

  private func between(_ first: Amount, after bound: Int) -> AmountPhrase? {
    var place = first.range.upperBound
    guard place < tokens.count else { return nil }
    let joint = tokens[place].folded
    guard ["y", "and", "a", "to", "hasta", "-", "–", "until"].contains(joint), place + 1 < tokens.count else {
      return nil
    }
    place += 1
    while place < tokens.count - 1, ["los", "las", "the"].contains(tokens[place].folded) { place += 1 }
    guard let second = amount(at: place), first.value <= second.value else { return nil }
    let opening = cue(before: first.range.lowerBound, after: bound, among: Self.openings)
    let isJoined = joint == "-" || joint == "–" || joint == "hasta"
    // “de 300 a 500 €”: without a currency “de … a …” says little.
    guard opening != nil || (isJoined && (first.isMoney || second.isMoney)) else { return nil }
    return AmountPhrase(
      bounds: .between(first.value, second.value), isMoney: first.isMoney || second.isMoney, unit: second.unit,
      hasCue: true, range: (opening ?? first.range.lowerBound)..<second.range.upperBound)
  }

  private static let openings = phrases(["entre", "de entre", "between", "from", "de", "desde", "in between"])

  // MARK: One end

  private static let strictMost = phrases([
    "menos de", "por debajo de", "por menos de", "inferior a", "inferiores a", "menor de", "menor que", "menor a",
    "menores de", "under", "below", "less than", "cheaper than", "lower than", "for less than", "mas barato que",
    "mas barata que",
    "mas baratos que", "mas baratas que", "mas barato de", "mas baratos de", "no llegue a", "no lleguen a", "baje de",
    "bajen de", "beneath",
  ])
  private static let most = phrases([
    "hasta", "como maximo", "maximo", "maximo de", "un maximo de", "max", "como mucho", "no mas de", "a lo sumo",
    "que no pase de", "que no pasen de", "que no supere", "que no superen", "no supere", "no superen", "sin pasar de",
    "tope de", "up to", "at most", "no more than", "not more than", "maximum", "maximum of", "a maximum of",
    "presupuesto de", "presupuesto maximo de", "presupuesto es de", "tengo", "budget of", "budget is", "a budget of",
    "within",
    "that does not exceed", "not exceeding", "not over", "por no mas de", "limite de", "gastar", "gastarme", "spend",
    "i have",
  ])
  private static let strictLeast = phrases([
    "mas de", "por encima de", "superior a", "superiores a", "mayor de", "mayor que", "mayor a", "mayores de", "over",
    "above", "more than", "greater than", "higher than", "more expensive than", "mas caro que", "mas cara que",
    "mas caros que", "mas caras que", "mas caros de", "exceeding", "que supere", "que superen", "que pase de",
    "que pasen de",
  ])
  private static let least = phrases([
    "a partir de", "desde", "al menos", "como minimo", "minimo", "minimo de", "un minimo de", "por lo menos",
    "no menos de",
    "at least", "from", "starting at", "starting from", "minimum", "minimum of", "a minimum of", "no less than",
    "not less than", "upwards of", "min",
  ])
  private static let about = phrases([
    "unos", "unas", "alrededor de", "cerca de", "aproximadamente", "sobre", "sobre los", "around", "about",
    "approximately", "roughly", "en torno a", "close to",
  ])
  private static let exact = phrases([
    "de", "a", "por", "for", "at", "of", "cuesta", "cuestan", "cueste", "cuesten", "vale", "valen", "valga", "costing",
    "costs", "cost", "priced at", "exactamente", "exactly", "precio", "price", "precio de", "a price of", "price of",
    "un precio de", "que cuesten", "que cueste",
  ])
  /// Words between a limit and its number that say nothing.
  private static let fillers: Set<String> = ["los", "las", "the", "el", "un", "una", "total", "de", "of"]

  private func limited(_ amount: Amount) -> AmountPhrase {
    let start = amount.range.lowerBound
    let value = amount.value
    var phrase = AmountPhrase(
      bounds: .exactly(value), isMoney: amount.isMoney, unit: amount.unit, hasCue: false, range: amount.range)
    if let (bounds, end) = trailing(amount) {
      (phrase.bounds, phrase.hasCue) = (bounds, true)
      phrase.range = start..<end
      return phrase
    }
    let cues: [(phrases: [[String]], bounds: AmountPhrase.Bounds)] = [
      (Self.most, .atMost(value, isStrict: false)), (Self.least, .atLeast(value, isStrict: false)),
      (Self.strictMost, .atMost(value, isStrict: true)), (Self.strictLeast, .atLeast(value, isStrict: true)),
      (Self.about, .about(value)),
    ]
    // The longest wins: “no más de” over “más de”.
    var best = start
    for cue in cues {
      guard let place = self.cue(before: start, after: 0, among: cue.phrases), place < best else { continue }
      best = place
      (phrase.bounds, phrase.hasCue) = (cue.bounds, true)
    }
    if best == start, let place = cue(before: start, after: 0, among: Self.exact) { best = place }
    if let place = negation(before: best) { (phrase.bounds, best) = (phrase.bounds.negated, place) }
    phrase.range = best..<amount.range.upperBound
    return phrase
  }

  private static let negations: Set<String> = [
    "no", "not", "sin", "without", "nunca", "never", "ni", "t", "tampoco", "nor",
  ]
  /// What may stand between a negation and its limit; of anything else, such as a brand, the negation is that thing's.
  private static let spending = [
    "gast", "pag", "pay", "spen", "cuest", "cost", "val", "pas", "super", "exced", "exceed", "quier", "quisier", "want",
    "wish", "like", "lleg", "sub", "invert", "pric", "go",
  ]
  private static let particles: Set<String> = [
    "a", "me", "que", "de", "por", "se", "to", "be", "is", "are", "sea", "sean", "i", "do", "for", "at", "el", "la",
    "precio", "price", "would", "d", "puedo", "can", "could", "podria",
  ]

  /// Where a negation stands that turns a limit round: “no quiero gastar más de 500 €” is at most 500.
  private func negation(before end: Int) -> Int? {
    for place in tokens[..<end].indices.suffix(7).reversed() {
      let word = tokens[place].folded
      if Self.negations.contains(word) { return place }
      let isBetween = Self.particles.contains(word) || Self.spending.contains { word.hasPrefix($0) }
      guard isBetween else { return nil }
    }
    return nil
  }

  /// What stands behind an amount: `800 € como máximo`, `500 or less`.
  private func trailing(_ amount: Amount) -> (AmountPhrase.Bounds, Int)? {
    var place = amount.range.upperBound
    if place < tokens.count, tokens[place].folded == "," { place += 1 }
    let rest = tokens[place...].prefix(3).map(\.folded)
    func begins(_ words: [String]) -> Bool { rest.starts(with: words) }
    for words in Self.trailingMost where begins(words) {
      return (.atMost(amount.value, isStrict: false), place + words.count)
    }
    for words in Self.trailingLeast where begins(words) {
      return (.atLeast(amount.value, isStrict: false), place + words.count)
    }
    return nil
  }

  private static let trailingMost = phrases([
    "como maximo", "como mucho", "maximo", "de maximo", "max", "o menos", "or less", "or under", "or below", "tops",
    "at most", "at the most", "maximum", "de presupuesto", "or cheaper", "a lo sumo",
  ])
  private static let trailingLeast = phrases([
    "como minimo", "minimo", "o mas", "or more", "or above", "or over", "en adelante", "and up", "and above",
    "or higher",
    "para arriba", "minimum", "at least",
  ])

  // MARK: Words

  private static func phrases(_ texts: [String]) -> [[String]] {
    texts.map { $0.split(separator: " ").map(String.init) }.sorted { $0.count > $1.count }
  }

  /// Where the longest of some phrases begins that ends just before a place, or before words there that say nothing.
  private func cue(before end: Int, after bound: Int, among phrases: [[String]]) -> Int? {
    var stop = end
    for _ in 0..<4 {
      for phrase in phrases where phrase.count <= stop - bound {
        let words = tokens[stop - phrase.count..<stop]
        if zip(words, phrase).allSatisfy({ $0.folded == $1 }) { return stop - phrase.count }
      }
      guard stop > bound, stop > 0, Self.fillers.contains(tokens[stop - 1].folded) else { return nil }
      stop -= 1
    }
    return nil
  }
}
