internal import TextAnalysis

/// The language in which a catalogue answers.
enum CatalogueLanguage {
  private static let spanish: Set<String> = [
    "de", "el", "la", "los", "las", "menos", "precio", "cuanto", "que", "hasta", "mas", "y", "con", "para", "por", "un",
    "una",
  ]
  private static let english: Set<String> = [
    "the", "of", "under", "price", "how", "what", "up", "to", "and", "with", "for", "a", "an", "than", "less", "below",
    "over",
  ]

  /// The language of a question, which may be a few words and names: what little words say counts, then the detector.
  static func of(_ question: String, detected: String?) -> String {
    let words = Folding.fold(String(question.prefix(QuestionTokens.longest))).split { !$0.isLetter }.map(String.init)
    let (es, en) = (words.count(where: spanish.contains), words.count(where: english.contains))
    if es != en { return es > en ? "es" : "en" }
    if question.contains(where: { "¿¡ñÑáéíóú".contains($0) }) { return "es" }
    return detected == "es" ? "es" : "en"
  }
}
