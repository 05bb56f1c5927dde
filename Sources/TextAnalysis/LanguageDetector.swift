internal import CCLD2
internal import Corpus

/// Tells the language of a text.
public struct LanguageDetector: Sendable {
  /// What a text is thought to be written in.
  public struct Guess: Sendable, Hashable {
    /// The language, as BCP 47 primary subtag.
    public var language: String
    /// How much of the text is in it, 0 to 1.
    public var share: Double
    /// Whether the detector stands by it.
    public var isReliable: Bool
  }

  /// The languages of Spain and Portugal, which CLD2 confuses in short texts.
  private static let cousins = ["es", "pt", "gl", "ca", "ast", "oc", "eu"]

  /// Makes a detector.
  public init() {}

  /// Longer texts are judged by their beginning.
  private static let longestSample = 65_536
  /// Shorter texts are judged by their function words first: trigrams say little there.
  private static let shortText = 160
  /// How much of a text is searched for function words, in bytes or characters.
  private static let sampleOfWords = 4_000

  /// The language of a document's text (BCP 47 primary subtag); nil when unsure.
  public func language(of text: String) -> String? {
    if text.utf8.count < Self.shortText, let vote = FunctionWords.vote(text, among: FunctionWords.languages) {
      return vote
    }
    guard let guess = guess(of: text), guess.isReliable, guess.share >= 0.5 else {
      return FunctionWords.vote(String(text.prefix(Self.sampleOfWords)), among: FunctionWords.languages)
    }
    // A page of Spanish menus looks Galician or Catalan to statistics of letters, and English where it is full of
    // English names; its little words tell.
    guard text.utf8.count <= Self.sampleOfWords else { return guess.language }
    let rivals = Self.cousins.contains(guess.language) ? Self.cousins : FunctionWords.languages
    guard rivals.contains(guess.language) else { return guess.language }
    return FunctionWords.vote(text, among: rivals) ?? guess.language
  }

  /// The language of a question, one of `candidates` (BCP 47 primary subtags; empty admits all); nil when unsure.
  ///
  /// Few words carry few letters, so function words, accents and signs like `¿` vote before statistics are asked.
  public func language(ofQuestion question: String, among candidates: [String]) -> String? {
    let known = candidates.isEmpty ? FunctionWords.languages : candidates
    if let vote = FunctionWords.vote(question, among: known) { return vote }
    // A single word or a code has no language that could be told.
    guard WordSplitter.words(in: question).count(where: { $0.kind == .word }) > 1 else { return nil }
    guard let guess = guess(of: question), guess.isReliable, guess.share >= 0.5 else { return nil }
    return candidates.isEmpty || candidates.contains(guess.language) ? guess.language : nil
  }

  /// What CLD2 says of a text; nil when it cannot tell.
  public func guess(of text: String) -> Guess? {
    var text = text
    return text.withUTF8 { bytes in
      var count = min(bytes.count, Self.longestSample)
      while count > 0, count < bytes.count, bytes[count] & 0xC0 == 0x80 { count -= 1 }
      guard count > 0 else { return nil }
      let result = bytes.withMemoryRebound(to: CChar.self) { acervo_cld2_detect($0.baseAddress, Int32(count)) }
      let code = withUnsafeBytes(of: result.code) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let primary = code.split(separator: "-").first, !primary.isEmpty else { return nil }
      // CLD2 still uses the codes that ISO 639 withdrew.
      let language = ["iw": "he", "in": "id", "ji": "yi", "jw": "jv"][String(primary)] ?? String(primary)
      return Guess(language: language, share: Double(result.percent) / 100, isReliable: result.reliable != 0)
    }
  }
}

/// Votes for a language by the words and signs that only some languages have.
enum FunctionWords {
  /// The languages that can be voted for.
  static let languages = StopWords.languages

  /// The language that leads clearly; nil when none does.
  static func vote(_ text: String, among candidates: [String]) -> String? {
    let known = candidates.filter { languages.contains($0) }
    guard !known.isEmpty else { return nil }
    var votes: [String: Double] = [:]
    for scalar in text.unicodeScalars where scalar.value > 0x7F {
      for (language, weight) in signs[scalar] ?? [] { votes[language, default: 0] += weight }
    }
    for word in WordSplitter.words(in: text) where word.kind == .word {
      guard let spelled = text.slice(word.range) else { continue }
      let folded = Folding.fold(spelled)
      let lower = spelled.lowercased()
      guard let owners = owners[folded] else { continue }
      let rivals = owners.filter { known.contains($0) }
      guard !rivals.isEmpty else { continue }
      // A word of one language alone says most; shared ones (de, la, a) say little.
      for language in owners {
        votes[language, default: 0] += 1 / Double(rivals.count)
        if questionWords[language]?.contains(lower) ?? false { votes[language, default: 0] += 1 }
      }
    }
    let ranked = known.map { ($0, votes[$0] ?? 0) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    guard let best = ranked.first, best.1 >= 1 else { return nil }
    let second = ranked.dropFirst().first?.1 ?? 0
    return best.1 >= second * 1.25 + 0.25 ? best.0 : nil
  }

  /// The languages that have a folded stop word.
  private static let owners: [String: [String]] = {
    var owners: [String: [String]] = [:]
    for language in languages {
      for word in StopWords.words(for: language) where word.utf8.count > 1 || "aeyoi".contains(word) {
        owners[word, default: []].append(language)
      }
    }
    return owners
  }()

  private static let signs: [Unicode.Scalar: [(String, Double)]] = [
    "¿": [("es", 3)], "¡": [("es", 3)], "ñ": [("es", 2)], "Ñ": [("es", 2)], "ã": [("pt", 2)], "õ": [("pt", 2)],
    "ß": [("de", 2)], "ä": [("de", 1)], "ö": [("de", 1)], "ü": [("de", 0.5), ("es", 0.5), ("ca", 0.5)],
    "ò": [("ca", 0.5), ("it", 0.5)], "ï": [("ca", 0.5), ("fr", 0.5)],
    "ç": [("pt", 0.5), ("fr", 0.5), ("ca", 0.5)],
    "ê": [("fr", 0.5), ("pt", 0.5)], "è": [("fr", 0.5), ("it", 0.5), ("ca", 0.5)], "œ": [("fr", 2)],
    "ù": [("fr", 0.5), ("it", 0.5)],
    "í": [("es", 0.5), ("pt", 0.25), ("ca", 0.25)], "ó": [("es", 0.5), ("pt", 0.25), ("ca", 0.25)],
    "á": [("es", 0.5), ("pt", 0.5)], "ú": [("es", 0.5), ("pt", 0.25), ("ca", 0.25)],
    "à": [("fr", 0.5), ("it", 0.5), ("ca", 0.5), ("pt", 0.25)],
    "é": [("es", 0.25), ("fr", 0.5), ("pt", 0.25), ("ca", 0.25)], "·": [("ca", 1)],
  ]

  private static let questionWords: [String: Set<String>] = [
    "es": ["cómo", "qué", "cuál", "cuáles", "dónde", "cuándo", "quién", "cuánto", "como", "cual", "donde", "cuando"],
    "en": ["how", "what", "which", "where", "when", "who", "why"],
    "pt": ["onde", "quando", "quem", "qual", "quais", "como"],
    "fr": ["comment", "où", "quand", "qui", "quel", "quelle", "pourquoi"],
    "de": ["wie", "was", "wo", "wann", "wer", "warum", "welche"],
    "it": ["dove", "quando", "chi", "quale", "perché", "cosa", "come"],
    "ca": ["què", "quan", "qui", "quin", "quina", "com"],
  ]
}
