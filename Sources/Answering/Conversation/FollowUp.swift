internal import TextAnalysis

/// Makes a question that leans on what was said before stand alone, by rule: no model is needed.
enum FollowUp {
  /// Longer questions say themselves what they are about, in words.
  private static let mostWords = 12

  /// Words that point back, folded.
  private static let pointers: Set<String> = [
    "it", "its", "they", "them", "their", "that", "this", "these", "those", "one", "ones", "there", "then", "else",
    "same", "eso", "esto", "esta", "este", "estos", "estas", "ese", "esa", "esos", "esas", "aquello", "ello", "ellos",
    "ellas", "alli", "ahi", "entonces", "mismo", "misma", "tambien", "otro", "otra", "otros", "otras", "le", "les",
  ]
  /// Spanish verbs carry the pronoun at their end: `cambiarla`, `hacerlo`.
  private static let enclitics = ["rlo", "rla", "rlos", "rlas", "ndolo", "ndola", "ndolos", "ndolas"]
  private static let beginnings = [
    "y ", "and ", "or ", "o ", "but ", "pero ", "what about", "how about", "what if", "why", "por que", "why not",
    "por que no", "que pasa", "what else", "que mas", "and if", "y si",
  ]

  /// The question as it can be searched for.
  ///
  /// - Parameters:
  ///   - question: what the person asks now.
  ///   - history: the conversation so far, oldest first.
  /// - Returns: the question, with the last one before it that stands alone where it leans on that; the same words else.
  static func standalone(_ question: String, history: [ChatMessage]) -> String {
    guard leansBack(question) else { return question }
    let asked = history.filter { $0.role == .user }.map(\.text)
    // The latest question that stands by itself says what all of them are about.
    guard let topic = asked.last(where: { !leansBack($0) }) ?? asked.last, topic != question else { return question }
    return topic.trimmed + " " + question.trimmed
  }

  /// Whether a question is hard to understand without what came before.
  static func leansBack(_ question: String) -> Bool {
    let folded = Folding.fold(question)
    let words = folded.split { !$0.isLetter && !$0.isNumber && $0 != "'" }.map(String.init)
    guard !words.isEmpty, words.count <= mostWords else { return false }
    let plain = words.joined(separator: " ") + " "
    if beginnings.contains(where: { plain.hasPrefix($0) }) { return words.count <= 8 }
    if words.contains(where: pointers.contains) { return true }
    if words.contains(where: { word in enclitics.contains { word.hasSuffix($0) && word.count > $0.count + 2 } }) {
      return true
    }
    return words.count <= 2
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}
