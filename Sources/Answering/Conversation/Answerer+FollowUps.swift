internal import TextAnalysis

extension Answerer {
  /// The longest question that a model may make of one, in bytes.
  private static let longestRewriting = 600
  /// How long a model may take for it, in seconds, and what share of the time that is left.
  private static let rewritingSeconds = 4.0
  private static let rewritingShare = 0.25

  /// A question as it is to be searched for and answered: understood without what was said before.
  ///
  /// One that leans on nothing, or that nothing came before, stays as it is. Where a model is there, it rewrites; where
  /// that fails, is late or does not rewrite, a rule does: the last question that stood alone, and this one.
  ///
  /// - Parameters:
  ///   - question: what the person asks now.
  ///   - history: the conversation so far, oldest first.
  ///   - provider: which model is asked, as in `AnswerRequest`.
  ///   - deadline: when the whole answer has to be there.
  /// - Returns: a question that stands alone.
  public func standalone(
    _ question: String, history: [ChatMessage], provider: String? = nil, deadline: ContinuousClock.Instant
  ) async -> String {
    let question = String(question.prefix(PromptWriter.longestQuestion))
    let recent = PromptWriter.recent(history, turns: settings.historyTurns)
    guard recent.contains(where: { $0.role == .user }), FollowUp.leansBack(question) else { return question }
    let rule = FollowUp.standalone(question, history: recent)
    let order = models.order(preferring: provider).prefix(1)
    guard !order.isEmpty else { return rule }
    let language = LanguageDetector().language(ofQuestion: question + " " + rule, among: [])
    let lines = recent.suffix(6).map { "\($0.role == .user ? "?" : "-") \(PromptText.line($0.text))" }
    let messages = [
      ChatMessage(.system, PromptWording(language: language).rewriting),
      ChatMessage(.user, (lines + ["? " + PromptText.line(question)]).joined(separator: "\n")),
    ]
    let seconds = min(Self.rewritingSeconds, models.clock.secondsLeft(until: deadline) * Self.rewritingShare)
    var written = ""
    let outcome = await models.ask(
      ModelChain.Request(
        messages: { _ in messages }, temperature: 0, maxTokens: 120,
        deadline: models.clock.now().advanced(by: .seconds(seconds)), order: Array(order))
    ) { step in
      switch step {
      case .begin: written = ""
      case .text(let text): if written.utf8.count <= Self.longestRewriting { written += text }
      case .end: break
      }
    }
    guard outcome.place != nil else { return rule }
    return Self.accepted(written, known: rule + " " + question) ?? rule
  }

  /// What a model wrote, if it is one question in words of the conversation; nil otherwise.
  static func accepted(_ written: String, known: String) -> String? {
    let lines = written.split(whereSeparator: \.isNewline).map { $0.drop { $0.isWhitespace || $0 == "?" || $0 == "-" } }
      .filter { !$0.isEmpty }
    guard lines.count == 1, let line = lines.first else { return nil }
    var text = String(line)
    for (open, close) in [("\"", "\""), ("“", "”"), ("«", "»")]
    where text.hasPrefix(open) && text.hasSuffix(close) && text.count > 2 {
      text = String(text.dropFirst().dropLast())
    }
    guard text.utf8.count <= longestRewriting else { return nil }
    func words(_ text: String) -> [String] {
      Folding.fold(text).split { !$0.isLetter && !$0.isNumber }.map(String.init).filter { $0.count > 2 }
    }
    let own = words(text)
    let old = Set(words(known))
    guard !own.isEmpty, own.count(where: old.contains) * 2 >= own.count else { return nil }
    return text
  }
}
