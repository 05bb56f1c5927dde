internal import Corpus

/// Adds up what was asked: by day, by who answered, by question.
struct QuestionSummary: Sendable {
  struct Day: Sendable {
    var questions = 0
    var answered = 0
    var fallbacks = 0
  }

  struct Provider: Sendable {
    var answers = 0
    var promptTokens = 0
    var completionTokens = 0
    var cost = 0.0
  }

  /// A question as often as it was asked, accents and case not told apart.
  struct Asked: Sendable {
    /// As it was written last.
    var text: String
    var collection: String
    var count = 0
    /// Of these, those that were not answered.
    var unanswered = 0
  }

  struct Opinion: Sendable {
    var asked: Journal.Asked
    var verdict: Journal.Feedback
  }

  private(set) var days: [Int64: Day] = [:]
  private(set) var providers: [String: Provider] = [:]
  private(set) var intents: [String: Int] = [:]
  private(set) var up = 0
  private(set) var down = 0
  /// The newest that say something in words or say no, oldest first.
  private(set) var opinions: [Opinion] = []
  private(set) var questions = 0
  private(set) var unsupported = 0
  private(set) var times = (retrieval: [Double](), answering: [Double](), total: [Double]())
  private var byQuestion: [String: Asked] = [:]

  /// Different questions that are told apart; what comes beyond is counted by day and provider alone.
  private static let mostQuestions = 20_000
  /// The times that are looked at, the last ones.
  private static let mostTimes = 20_000
  static let mostOpinions = 50

  mutating func add(_ asked: Journal.Asked, _ verdict: Journal.Feedback?) {
    questions += 1
    unsupported += asked.unsupported
    var day = days[asked.time / 86_400] ?? Day()
    day.questions += 1
    day.answered += asked.isAnswered ? 1 : 0
    day.fallbacks += asked.isFallback ? 1 : 0
    days[asked.time / 86_400] = day
    var provider = providers[asked.provider] ?? Provider()
    provider.answers += 1
    provider.promptTokens += asked.promptTokens
    provider.completionTokens += asked.completionTokens
    provider.cost += asked.cost
    providers[asked.provider] = provider
    if let intent = asked.intent { intents[intent, default: 0] += 1 }
    addTimes(asked)
    if let verdict {
      up += verdict.isUp ? 1 : 0
      down += verdict.isUp ? 0 : 1
      if !verdict.isUp || !verdict.comment.isEmpty { opinions.append(Opinion(asked: asked, verdict: verdict)) }
      if opinions.count >= 2 * Self.mostOpinions { opinions.removeFirst(Self.mostOpinions) }
    }
    let key = asked.collection + "\n" + Self.plain(asked.question)
    guard byQuestion[key] != nil || byQuestion.count < Self.mostQuestions else { return }
    var known = byQuestion[key] ?? Asked(text: asked.question, collection: asked.collection)
    known.text = asked.question
    known.count += 1
    known.unanswered += asked.isAnswered ? 0 : 1
    byQuestion[key] = known
  }

  private mutating func addTimes(_ asked: Journal.Asked) {
    if times.total.count >= 2 * Self.mostTimes {
      times.retrieval.removeFirst(Self.mostTimes)
      times.answering.removeFirst(Self.mostTimes)
      times.total.removeFirst(Self.mostTimes)
    }
    times.retrieval.append(asked.retrieval)
    times.answering.append(asked.answering)
    times.total.append(asked.total)
  }

  /// The questions that were asked most often.
  func mostAsked(_ count: Int) -> [Asked] {
    Array(byQuestion.values.sorted { Self.order($0, $0.count, $1, $1.count) }.prefix(count))
  }

  /// The questions that were not answered, the most frequent first.
  func unanswered(_ count: Int) -> [Asked] {
    let found = byQuestion.values.filter { $0.unanswered > 0 }
    return Array(found.sorted { Self.order($0, $0.unanswered, $1, $1.unanswered) }.prefix(count))
  }

  private static func order(_ left: Asked, _ leftCount: Int, _ right: Asked, _ rightCount: Int) -> Bool {
    leftCount != rightCount ? leftCount > rightCount : (left.text, left.collection) < (right.text, right.collection)
  }

  /// Words and numbers alone, in lower case: what makes two questions the same text.
  private static func plain(_ text: String) -> String {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
  }
}
