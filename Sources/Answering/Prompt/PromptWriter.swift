internal import Corpus
internal import Retrieval
internal import TextAnalysis

/// Writes what a model is asked: instructions, conversation, evidence and question, within its budget of tokens.
struct PromptWriter: Sendable {
  let wording: PromptWording
  let question: String
  /// The conversation, oldest first; other roles than user and assistant are left out.
  let history: [ChatMessage]
  /// What may be cited; its places, from 1, are the numbers.
  let evidence: [SearchHit]

  /// Questions and turns are read by their beginning, which bounds the work.
  static let longestQuestion = 8_000
  private static let longestTurn = 4_000
  /// What the chat template of a model adds, about.
  private static let overheadTokens = 64
  /// A source that is cut to less than this is left out, in bytes.
  private static let shortestSource = 200

  init(question: String, history: [ChatMessage], turns: Int, evidence: [SearchHit], language: String?) {
    wording = PromptWording(language: language)
    self.question = PromptText.plain(String(question.prefix(Self.longestQuestion)))
    self.history = Self.recent(history, turns: turns)
    self.evidence = evidence
  }

  /// The last turns of a conversation; a turn is a question with its answer.
  static func recent(_ history: [ChatMessage], turns: Int) -> [ChatMessage] {
    let spoken = history.filter { $0.role != .system }
    var start = spoken.endIndex
    var questions = 0
    while start > 0, questions < turns {
      start -= 1
      if spoken[start].role == .user { questions += 1 }
    }
    return spoken[start...].map { ChatMessage($0.role, PromptText.plain(String($0.text.prefix(longestTurn)))) }
  }

  /// The messages for a model.
  ///
  /// The instructions and the question always stand; then comes the evidence, best first, then the conversation,
  /// latest first, as far as they fit.
  ///
  /// - Parameters:
  ///   - budget: how many tokens the messages may have.
  ///   - tokens: what a text takes of this model.
  /// - Returns: the messages, and how many pieces of evidence stand in them.
  func messages(budget: Int, tokens: (String) -> Int) -> (messages: [ChatMessage], sources: Int) {
    let system = evidence.isEmpty ? wording.withoutSources : wording.fromSources
    var left = budget - Self.overheadTokens - tokens(system) - tokens(question)
    var sources: [String] = []
    for (place, hit) in evidence.enumerated() {
      // The conversation keeps a quarter of what is there, as long as there is one.
      let reserve = history.isEmpty || place == 0 ? 0 : min(left / 4, history.reduce(0) { $0 + tokens($1.text) })
      guard let source = source(hit, number: place + 1, limit: left - reserve, tokens: tokens) else { break }
      left -= tokens(source)
      sources.append(source)
    }
    var turns: [ChatMessage] = []
    for message in history.reversed() {
      left -= tokens(message.text)
      guard left > 0 else { break }
      turns.insert(message, at: 0)
    }
    // A conversation begins with a question.
    while let first = turns.first, first.role == .assistant { turns.removeFirst() }
    let last = sources.isEmpty ? question : wording.message(sources: sources, question: question)
    return ([ChatMessage(.system, system)] + turns + [ChatMessage(.user, last)], sources.count)
  }

  /// A source with its number, cut at the end of a sentence where it is too long; nil where too little would be left.
  private func source(_ hit: SearchHit, number: Int, limit: Int, tokens: (String) -> Int) -> String? {
    let path = ([hit.title] + hit.chunk.headingPath).filter { !$0.isEmpty }.map(PromptText.line)
    let head = "[\(number)] " + path.joined(separator: " › ")
    let whole = head + "\n" + PromptText.quoted(hit.chunk.text)
    if tokens(whole) <= limit { return whole }
    // So many bytes fit, about; a tenth is left for the marks.
    let perToken = Double(whole.utf8.count) / Double(max(1, tokens(whole)))
    let room = Int(Double(max(0, limit)) * perToken * 0.9) - head.utf8.count
    guard room >= Self.shortestSource else { return nil }
    let sentences = SentenceSplitter.sentences(in: hit.chunk.text)
    guard let end = sentences.last(where: { $0.end <= room })?.end,
      let beginning = hit.chunk.text.slice(TextRange(start: 0, end: end))
    else { return nil }
    return head + "\n" + PromptText.quoted(String(beginning))
  }
}
