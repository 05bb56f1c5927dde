internal import TextAnalysis

/// What kind of unit a question asks for, told by its question words in Spanish and English.
enum QuestionKind: Sendable {
  /// How something is done: numbered steps.
  case steps
  /// How many, how long, when: something with digits.
  case amount
  /// Anything else.
  case other

  init(_ question: String) {
    let words = Folding.fold(question).split { !$0.isLetter }.map(String.init)
    let pairs = zip(words, words.dropFirst()).map { $0 + " " + $1 }
    let amounts: Set = ["cuanto", "cuanta", "cuantos", "cuantas", "cuando", "when"]
    let amountPairs: Set = [
      "how many", "how much", "how long", "how often", "how far", "how old", "what time", "what date", "what year",
      "which year", "que ano", "que fecha", "que hora",
    ]
    let stepPairs: Set = ["how do", "how can", "how to", "how should", "how would"]
    if !amounts.isDisjoint(with: words) || !amountPairs.isDisjoint(with: pairs) {
      self = .amount
    } else if words.contains("como") || !stepPairs.isDisjoint(with: pairs) {
      self = .steps
    } else {
      self = .other
    }
  }

  /// Whether a unit is of the kind that is asked for.
  func fits(_ unit: QuotableUnit) -> Bool {
    switch self {
    case .steps: unit.isStep
    case .amount: unit.text.utf8.contains { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    case .other: false
    }
  }
}
