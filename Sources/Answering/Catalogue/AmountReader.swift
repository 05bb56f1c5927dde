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
  /// The currencies (ISO 4217) that the word beside it may mean; none: whichever the prices have.
  var currencies: Set<String> = []
  /// Whether no word says what it is: “portátil 800 €” may mean about, up to or exactly 800.
  var isBare = false
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
    var currencies: Set<String>
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
    // “8 o 16 GB”: the unit is said once.
    for index in phrases.indices.dropLast().reversed() {
      let (first, next) = (phrases[index], phrases[index + 1])
      let isList = first.unit.map(Self.joints.contains) ?? false
      guard isList, !first.isMoney, first.range.upperBound + 1 == next.range.lowerBound else { continue }
      phrases[index].unit = next.unit
      (phrases[index].isMoney, phrases[index].currencies) = (next.isMoney, next.currencies)
    }
    return phrases
  }

  private static let joints: Set<String> = ["o", "u", "or", "y", "and"]

  // MARK: Amounts

  /// Words and signs of money, with the currencies that they may mean.
  static let currencies: [String: Set<String>] = {
    let euro: Set<String> = ["EUR"]
    let dollar: Set<String> = ["USD", "CAD", "AUD", "NZD"]
    let peso: Set<String> = ["MXN", "ARS", "COP", "CLP", "UYU", "DOP"]
    let pound: Set<String> = ["GBP"]
    var known: [String: Set<String>] = [
      "$": dollar.union(peso), "¥": ["JPY", "CNY"], "mxn": ["MXN"], "usd": ["USD"], "soles": ["PEN"],
    ]
    for word in ["€", "eur", "euro", "euros", "eurito", "euritos", "pavos"] { known[word] = euro }
    for word in ["dolar", "dolares", "dollar", "dollars", "bucks"] { known[word] = dollar }
    for word in ["peso", "pesos"] { known[word] = peso }
    for word in ["£", "gbp", "pound", "pounds", "libra", "libras", "quid"] { known[word] = pound }
    return known
  }()

  private func amount(at start: Int) -> Amount? {
    var first = start
    var currencies: Set<String>?
    if let known = Self.currencies[tokens[start].folded] {
      currencies = known
      first += 1
    }
    guard let (value, end) = NumberWords.number(in: tokens, at: first) else { return nil }
    var stop = end
    if stop < tokens.count, let known = Self.currencies[tokens[stop].folded] {
      currencies = known
      stop += 1
    } else if stop + 1 < tokens.count, tokens[stop].folded == "de" || tokens[stop].folded == "of",
      let known = Self.currencies[tokens[stop + 1].folded]
    {
      // “un millón de euros”
      currencies = known
      stop += 2
    }
    let next = stop < tokens.count ? tokens[stop] : nil
    let unit = next.flatMap { $0.isSign && $0.folded != "\"" && $0.folded != "%" ? nil : $0.folded }
    return Amount(
      value: value, isMoney: currencies != nil, currencies: currencies ?? [], unit: unit, range: start..<stop)
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
      bounds: .between(first.value, second.value), isMoney: first.isMoney || second.isMoney,
      currencies: first.currencies.union(second.currencies), unit: second.unit, hasCue: true,
      range: (opening ?? first.range.lowerBound)..<second.range.upperBound)
  }

  private static let openings = phrases(["entre", "de entre", "between", "from", "de", "desde", "in between"])

  // MARK: One end

  private static let strictMost = phrases([
    "<", "menos de", "menos que", "por debajo de", "por menos de", "inferior a", "inferiores a", "menor de",
    "menor que", "menor a",
    "menores de", "under", "below", "less than", "cheaper than", "lower than", "for less than",
    "mas barat* que", "mas barat* de", "mas economic* que", "mas economic* de", "baj* de", "no lleg* a", "sin llegar a",
    "beneath",
  ])
  private static let most = phrases([
    "hasta", "como maximo", "maximo", "maximo de", "un maximo de", "max", "como mucho", "no mas de", "a lo sumo",
    "≤", "< =", "tope de", "tope", "up to", "at most", "no more than", "not more than", "maximum", "maximum of",
    "a maximum of",
    "presupuesto de", "presupuesto maximo de", "presupuesto es de", "presupuesto", "tengo", "budget of", "budget is",
    "a budget of", "budget", "within", "por no mas de", "limite de", "gastar", "gastarme", "spend",
    "i have",
  ])
  private static let strictLeast = phrases([
    ">", "mas de", "mas que", "por encima de", "superior a", "superiores a", "mayor de", "mayor que", "mayor a",
    "mayores de",
    "over",
    "above", "more than", "greater than", "higher than", "more expensive than", "mas car* que", "mas car* de",
    "exceed*", "super*", "sobrepas*", "rebas*", "exced* de", "exced*", "pas* de", "sub* de",
  ])
  private static let least = phrases([
    "≥", "> =", "a partir de", "desde", "al menos", "como minimo", "minimo", "minimo de", "un minimo de",
    "por lo menos",
    "no menos de",
    "at least", "from", "starting at", "starting from", "minimum", "minimum of", "a minimum of", "no less than",
    "not less than", "upwards of", "min",
  ])
  private static let about = phrases([
    "unos", "unas", "alrededor de", "cerca de", "aproximadamente", "sobre", "sobre los", "around", "about",
    "approximately", "roughly", "en torno a", "close to",
  ])
  private static let exact = phrases([
    "de", "a", "por", "for", "at", "of", "equal to", "igual a", "cuesta", "cuestan", "cueste", "cuesten", "vale",
    "valen", "valga", "costing",
    "costs", "cost", "priced at", "exactamente", "exactly", "precio", "price", "precio de", "a price of", "price of",
    "un precio de", "que cuesten", "que cueste",
  ])
  /// Words between a limit and its number that say nothing.
  private static let fillers: Set<String> = ["los", "las", "the", "el", "un", "una", "total", "de", "of"]

  private func limited(_ amount: Amount) -> AmountPhrase {
    let start = amount.range.lowerBound
    let value = amount.value
    var phrase = AmountPhrase(
      bounds: .exactly(value), isMoney: amount.isMoney, currencies: amount.currencies, unit: amount.unit,
      hasCue: false, range: amount.range)
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
      guard var place = self.cue(before: start, after: 0, among: cue.phrases), place < best else { continue }
      // “Within a budget of”: the same said twice.
      while let further = self.cue(before: place, after: 0, among: cue.phrases) { place = further }
      best = place
      (phrase.bounds, phrase.hasCue) = (cue.bounds, true)
    }
    if best == start, let place = cue(before: start, after: 0, among: Self.exact) { best = place }
    phrase.isBare = best == start
    // “What can I get with 25 euros?”
    if best == start, amount.isMoney, start > 0, ["con", "with"].contains(tokens[start - 1].folded) {
      (phrase.bounds, phrase.hasCue, phrase.isBare) = (.atMost(value, isStrict: false), true, false)
      best = start - 1
    }
    if let place = negation(before: best) { (phrase.bounds, best) = (phrase.bounds.negated, place) }
    phrase.range = best..<amount.range.upperBound
    return phrase
  }

  private static let negations: Set<String> = [
    "no", "not", "sin", "without", "nunca", "never", "ni", "t", "tampoco", "nor",
  ]
  /// What may stand between a negation and its limit; of anything else, such as a brand, the negation is that thing's.
  private static let spending = [
    "gast", "pag", "pay", "spen", "cuest", "cost", "val", "salg", "sal", "rebas", "sobrepas", "pas", "super", "exced",
    "exceed", "quier", "quisier", "want",
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
    let end = amount.range.upperBound
    if let found = trailing(amount, from: end) { return found }
    // “16 GB o más”, “8 gigas de RAM como mínimo”
    guard amount.unit != nil, !amount.isMoney, end < tokens.count else { return nil }
    let isOf = end + 2 < tokens.count && ["de", "of"].contains(tokens[end + 1].folded)
    return trailing(amount, from: end + 1) ?? (isOf ? trailing(amount, from: end + 3) : nil)
  }

  private func trailing(_ amount: Amount, from start: Int) -> (AmountPhrase.Bounds, Int)? {
    var place = min(start, tokens.count)
    if place < tokens.count, tokens[place].folded == "," { place += 1 }
    let rest = tokens[place...].prefix(3).map(\.folded)
    // “Under 30 euros or over 3900 euros”: the words belong to the next number.
    func begins(_ words: [String]) -> Bool {
      rest.starts(with: words) && NumberWords.number(in: tokens, at: place + words.count) == nil
        && (place + words.count >= tokens.count || Self.currencies[tokens[place + words.count].folded] == nil)
    }
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
    "or higher", "+", "upwards",
    "para arriba", "minimum", "at least",
  ])

  // MARK: Words

  private static func phrases(_ texts: [String]) -> [[String]] {
    texts.map { $0.split(separator: " ").map(String.init) }.sorted { $0.count > $1.count }
  }

  /// Whether a word is that of a phrase, or begins as it does: `super*`.
  private static func fits(_ word: String, _ wanted: String) -> Bool {
    wanted.hasSuffix("*") ? word.hasPrefix(wanted.dropLast()) : word == wanted
  }

  /// Where the longest of some phrases begins that ends just before a place, or before words there that say nothing.
  private func cue(before end: Int, after bound: Int, among phrases: [[String]]) -> Int? {
    var stop = end
    for _ in 0..<4 {
      for phrase in phrases where phrase.count <= stop - bound {
        let words = tokens[stop - phrase.count..<stop]
        if zip(words, phrase).allSatisfy({ Self.fits($0.folded, $1) }) { return stop - phrase.count }
      }
      guard stop > bound, stop > 0, Self.fillers.contains(tokens[stop - 1].folded) else { return nil }
      stop -= 1
    }
    return nil
  }
}
