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

  // MARK: How an answer came about

  /// Quotes stand in for a model that did not answer.
  func quotesInstead(timedOut: Bool) -> String {
    switch (language, timedOut) {
    case ("es", true): "El modelo de lenguaje no respondió a tiempo; estas son citas de las fuentes."
    case ("es", false): "El modelo de lenguaje no pudo responder; estas son citas de las fuentes."
    case (_, true): "The language model did not answer in time; these are quotes from the sources."
    case (_, false): "The language model could not answer; these are quotes from the sources."
    }
  }

  /// The model answered from what it knows.
  var withoutSources: String {
    language == "es"
      ? "Esta respuesta no procede de las fuentes, sino del modelo de lenguaje: compruébela."
      : "This answer comes from the language model and not from the sources: check it."
  }

  /// The model reached its limit of tokens.
  var cut: String {
    language == "es" ? "La respuesta se cortó por su longitud." : "The answer was cut at its limit of length."
  }

  /// Sentences are marked.
  func unsupported(_ count: Int) -> String {
    switch (language, count) {
    case ("es", 1): "Una frase marcada con [?] no tiene apoyo en las fuentes."
    case ("es", _): "\(count) frases marcadas con [?] no tienen apoyo en las fuentes."
    case (_, 1): "One sentence, marked [?], has no support in the sources."
    default: "\(count) sentences, marked [?], have no support in the sources."
    }
  }
}
