internal import Corpus
internal import Embedding
internal import Retrieval
internal import TextAnalysis

/// Checks what a model writes, sentence by sentence, while it comes.
///
/// Nothing is shown before the first sentence that the evidence supports, so that an answer without any support is
/// never seen.
struct AnswerChecker {
  private let evidence: [SearchHit]
  private let texts: [String]
  private let question: String
  private let language: String
  private let settings: AnswerSettings
  private let judge: SupportJudge
  /// Whether the model saw evidence; else there is nothing to check against.
  private let usesContext: Bool

  private var stream = SentenceStream()
  private var held: [AnswerEvent] = []
  private var isReleased = false
  private var isCode = false

  private(set) var text = ""
  private(set) var citations: [Citation] = []
  private(set) var sentences: [AnswerSentence] = []
  private(set) var checks = AnswerChecks()
  /// Whether the model says that the sources do not tell.
  private(set) var abstains = false

  init(
    evidence: [SearchHit], question: String, language: String, settings: AnswerSettings, embedder: (any Embedder)?
  ) {
    self.evidence = evidence
    self.question = QuotedSpans.comparable(question)
    self.language = language
    self.settings = settings
    usesContext = !evidence.isEmpty
    texts = evidence.map { QuotedSpans.comparable($0.chunk.text) }
    judge = SupportJudge(evidence: evidence, settings: settings, embedder: embedder)
  }

  /// Whether the evidence supports anything of the answer.
  var isSupported: Bool { sentences.contains { $0.basis == .words || $0.basis == .meaning } }

  /// Takes more text; gives what may be shown now.
  mutating func take(_ piece: String) async -> [AnswerEvent] {
    for sentence in stream.take(piece) { await check(sentence) }
    return release()
  }

  /// Takes the end; gives the rest that may be shown.
  ///
  /// - Parameter isCut: whether the model reached its limit: a sentence that it did not end is left out.
  /// - Returns: what may be shown now.
  mutating func end(isCut: Bool) async -> [AnswerEvent] {
    var rest = stream.rest()
    if isCut, !text.isEmpty || rest.count > 1, let last = rest.last, !last.endsLikeSentence { rest.removeLast() }
    for sentence in rest { await check(sentence) }
    return release()
  }

  private mutating func release() -> [AnswerEvent] {
    guard isReleased || isSupported || abstains || !usesContext else { return [] }
    isReleased = true
    defer { held = [] }
    return held
  }

  // MARK: One sentence

  private mutating func check(_ whole: String) async {
    let lead = whole.prefix { $0.isWhitespace }
    let tail = String(whole.reversed().prefix { $0.isWhitespace }.reversed())
    let body = String(whole.dropFirst(lead.count).dropLast(lead.count < whole.count ? tail.count : 0))
    guard !body.isEmpty else {
      show(whole)
      return
    }
    let isFence = body.hasPrefix("```")
    if isFence { isCode.toggle() }
    if isFence || isCode {
      await checkCode(whole, body)
      return
    }
    var found = Markers.take(from: body)
    let quotes = QuotedSpans.check(withoutForeignLinks(found.text)) { words in
      let words = QuotedSpans.comparable(words)
      return question.contains(words) || texts.contains { $0.contains(words) }
    }
    found.text = quotes.text
    checks.droppedQuotes += quotes.dropped
    guard usesContext else {
      // There is nothing that a number could name.
      checks.droppedCitations += found.numbers.count
      sentences.append(AnswerSentence(text: found.text, basis: .framing, support: 0, citations: []))
      show(lead + found.text + tail)
      return
    }
    await judge(found, between: String(lead), and: tail)
  }

  private mutating func judge(_ found: Markers.Found, between lead: String, and tail: String) async {
    let cited = found.numbers.map { $0 - 1 }.filter(evidence.indices.contains)
    var verdict = await judge.verdict(on: found.text, language: language, cited: cited)
    if sentences.isEmpty, Abstention.isOne(found.text) {
      abstains = true
      verdict.basis = .framing
      verdict.supporters = []
    }
    var numbers: [Int] = []
    for supporter in verdict.supporters.sorted(by: { $0.place < $1.place }) { numbers.append(number(of: supporter)) }
    let kept = Set(verdict.supporters.map(\.place))
    checks.droppedCitations += found.numbers.count - cited.count { kept.contains($0) }
    checks.addedCitations += kept.subtracting(cited).count
    var marked = found.text
    if verdict.basis == .none {
      checks.unsupported += 1
      if settings.unsupported == .drop {
        sentences.append(AnswerSentence(text: "", basis: .none, support: verdict.support, citations: []))
        return
      }
      marked += " [?]"
    }
    marked += numbers.isEmpty ? "" : " " + numbers.map { "[\($0)]" }.joined()
    sentences.append(
      AnswerSentence(text: marked, basis: verdict.basis, support: verdict.support, citations: numbers))
    show(lead + marked + tail)
  }

  /// Code stays as it is: it is judged, and counted where nothing supports it.
  private mutating func checkCode(_ whole: String, _ body: String) async {
    guard usesContext, !body.hasPrefix("```") else {
      show(whole)
      return
    }
    let verdict = await judge.verdict(on: body, language: language, cited: [])
    let numbers = verdict.supporters.map { number(of: $0) }
    if verdict.basis == .none { checks.unsupported += 1 }
    let isDropped = verdict.basis == .none && settings.unsupported == .drop
    sentences.append(
      AnswerSentence(
        text: isDropped ? "" : body, basis: verdict.basis, support: verdict.support, citations: numbers))
    if !isDropped { show(whole) }
  }

  private mutating func show(_ part: String) {
    text += part
    held.append(.token(part))
  }

  /// The number of the citation for a quote; a new one where it was not cited before.
  private mutating func number(of supporter: SupportJudge.Supporter) -> Int {
    let hit = evidence[supporter.place]
    let known = citations.firstIndex { $0.chunk == hit.chunkNumber && $0.quote == supporter.unit.text }
    if let known { return known + 1 }
    let citation = Citation(
      url: hit.url, title: hit.title, heading: hit.chunk.headingPath.joined(separator: " › "),
      anchor: hit.chunk.anchor, quote: supporter.unit.text, score: hit.score, chunk: hit.chunkNumber)
    citations.append(citation)
    held.append(.citation(number: citations.count, citation))
    return citations.count
  }

  /// A text without the addresses that stand nowhere in the evidence.
  ///
  /// An address that a page's instructions make up can carry away what the model has read.
  private mutating func withoutForeignLinks(_ text: String) -> String {
    guard text.contains("://") || text.contains("www.") else { return text }
    let parts = text.split(omittingEmptySubsequences: false, whereSeparator: Links.parts)
    var result = text
    for part in parts where Links.isAddress(part) {
      let address = Links.trimmed(part)
      let isKnown = evidence.contains { $0.url == address || $0.chunk.text.contains(address) }
      if !isKnown {
        result = result.split(separator: address, omittingEmptySubsequences: false).joined(separator: "…")
        checks.droppedLinks += 1
      }
    }
    return result
  }
}

/// Addresses in running text.
private enum Links {
  static func parts(_ character: Character) -> Bool {
    character.isWhitespace || "()[]<>\"'“”«»`|".contains(character)
  }

  static func isAddress(_ part: Substring) -> Bool { part.contains("://") || part.hasPrefix("www.") }

  static func trimmed(_ part: Substring) -> String {
    var part = part
    while let last = part.last, ".,;:!?".contains(last) { part = part.dropLast() }
    return String(part)
  }
}

/// Sentences that say that the sources do not tell.
enum Abstention {
  private static let beginnings = [
    "no lo se", "no se", "lo siento", "i don't know", "i don’t know", "i do not know", "i am sorry", "i'm sorry",
    "i cannot answer", "no puedo responder",
  ]
  private static let phrases = [
    "no encuentro en las fuentes", "las fuentes no", "no hay informacion", "no dispongo de informacion",
    "the sources do not", "the sources don't", "the provided sources do not", "not enough information",
    "no information", "is not mentioned in the source", "does not mention", "do not mention",
  ]

  /// Whether an answer's first sentence says so.
  static func isOne(_ sentence: String) -> Bool {
    let folded = Folding.fold(sentence)
    return beginnings.contains { folded.hasPrefix($0) } || phrases.contains { folded.contains($0) }
  }
}

extension String {
  /// Whether it ends in a stop, quotes and brackets behind it aside.
  fileprivate var endsLikeSentence: Bool {
    let end = reversed().first { !$0.isWhitespace && !"\"”»)]*`".contains($0) && !$0.isNumber && $0 != "[" }
    return end.map { ".!?…:;。".contains($0) } ?? false
  }
}
