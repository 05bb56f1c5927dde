/// The words around quotes, in the languages that the service speaks.
struct AnswerWording: Sendable {
  /// `es` or `en`.
  let language: String

  /// Takes any language; what it does not speak is English.
  init(language: String?) {
    self.language = language == "es" ? "es" : "en"
  }

  /// The answer when the evidence is too weak.
  var unknown: String {
    language == "es"
      ? "No lo sé: no encuentro en las fuentes nada que responda a esta pregunta."
      : "I don't know: I find nothing in the sources that answers this question."
  }

  /// What stands before the quotes from a document with a title, which may be empty; `source` is the document's
  /// language if it is known and not the question's.
  func introduction(title: String, source: String?) -> String {
    let note = source.flatMap(name).map { language == "es" ? " (en \($0))" : " (in \($0))" } ?? ""
    if title.isEmpty { return (language == "es" ? "Según las fuentes" : "According to the sources") + note + ":" }
    return language == "es" ? "Según «\(title)»\(note):" : "According to “\(title)”\(note):"
  }

  private func name(of code: String) -> String? {
    let names: [String: (es: String, en: String)] = [
      "ca": ("catalán", "Catalan"), "de": ("alemán", "German"), "en": ("inglés", "English"),
      "es": ("español", "Spanish"),
      "fr": ("francés", "French"), "it": ("italiano", "Italian"), "pt": ("portugués", "Portuguese"),
    ]
    return names[code].map { language == "es" ? $0.es : $0.en }
  }
}
