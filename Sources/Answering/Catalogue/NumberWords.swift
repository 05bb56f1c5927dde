/// Numbers in words and in digits: `mil quinientos`, `dos mil`, `1,5k`, `eight hundred and fifty`.
enum NumberWords {
  private static let units: [String: Double] = [
    "cero": 0, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
    "once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciseis": 16, "diecisiete": 17,
    "dieciocho": 18, "diecinueve": 19, "veinte": 20, "veintiun": 21, "veintiuno": 21, "veintidos": 22, "veintitres": 23,
    "veinticuatro": 24, "veinticinco": 25, "veintiseis": 26, "veintisiete": 27, "veintiocho": 28, "veintinueve": 29,
    "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90,
    "cien": 100, "ciento": 100, "doscientos": 200, "doscientas": 200, "trescientos": 300, "trescientas": 300,
    "cuatrocientos": 400, "cuatrocientas": 400, "quinientos": 500, "quinientas": 500, "seiscientos": 600,
    "seiscientas": 600, "setecientos": 700, "setecientas": 700, "ochocientos": 800, "ochocientas": 800,
    "novecientos": 900, "novecientas": 900, "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
  ]
  /// Articles, too: they count only before a multiplier or inside of a number.
  private static let ones: Set<String> = ["un", "uno", "una", "one", "a"]
  private static let multipliers: [String: Double] = [
    "hundred": 100, "mil": 1_000, "thousand": 1_000, "millon": 1_000_000, "millones": 1_000_000, "million": 1_000_000,
  ]

  /// Reads the number that begins at a token.
  ///
  /// - Returns: the number and where it ends; nil where none begins.
  static func number(in tokens: [QuestionToken], at start: Int) -> (value: Double, end: Int)? {
    guard start < tokens.count else { return nil }
    if let number = tokens[start].number { return digits(number, in: tokens, at: start) }
    return words(in: tokens, at: start)
  }

  private static func digits(_ number: Double, in tokens: [QuestionToken], at start: Int) -> (Double, Int)? {
    // Behind letters digits are a model's name: “X200”.
    if tokens[start].isGlued, start > 0, !tokens[start - 1].isSign { return nil }
    let next = start + 1
    guard next < tokens.count else { return (number, next) }
    let word = tokens[next]
    if word.isGlued, word.folded == "k" { return (number * 1_000, next + 1) }
    if !word.isGlued, let multiplier = multipliers[word.folded], multiplier > 100 {
      return (number * multiplier, next + 1)
    }
    return (number, next)
  }

  private static func words(in tokens: [QuestionToken], at start: Int) -> (Double, Int)? {
    var total = 0.0
    var part: Double?
    var place = start
    while place < tokens.count {
      let word = tokens[place].folded
      if let unit = units[word] {
        part = (part ?? 0) + unit
      } else if let multiplier = multipliers[word] {
        if multiplier == 100 {
          part = (part ?? 1) * 100
        } else {
          total += (part ?? 1) * multiplier
          part = nil
        }
      } else if ones.contains(word), isBeforeMultiplier(tokens, place) || (part ?? 0) >= 20 {
        part = (part ?? 0) + 1
      } else if word == "y" || word == "and", place > start, place + 1 < tokens.count,
        goesOn(tokens, behind: place)
      {
        place += 1
        continue
      } else {
        break
      }
      place += 1
    }
    // A small number alone is more often a word of the question than an amount.
    guard place > start else { return nil }
    return (total + (part ?? 0), place)
  }

  private static func isBeforeMultiplier(_ tokens: [QuestionToken], _ place: Int) -> Bool {
    place + 1 < tokens.count && multipliers[tokens[place + 1].folded] != nil
  }

  /// Whether a conjunction joins parts of one number: “treinta y cinco”, “eight hundred and fifty”, not “dos y tres”.
  private static func goesOn(_ tokens: [QuestionToken], behind place: Int) -> Bool {
    let before = tokens[place - 1].folded
    guard let unit = units[tokens[place + 1].folded] else { return false }
    if tokens[place].folded == "y" { return (units[before].map { (30...90).contains($0) } ?? false) && unit < 10 }
    // “between one hundred and two hundred” are two.
    let isMultiplied = place + 2 < tokens.count && multipliers[tokens[place + 2].folded] != nil
    return (before == "hundred" || before == "thousand") && unit < 100 && !isMultiplied
  }
}
