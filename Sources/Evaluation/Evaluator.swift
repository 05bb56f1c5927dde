public import Answering
internal import Corpus
public import Retrieval
internal import Snapshots
internal import TextAnalysis

/// Asks one snapshot golden questions.
public struct Evaluator: Sendable {
  private let retriever: Retriever
  private let answerer: ExtractiveAnswerer?
  private let depth: Int
  private let detector = LanguageDetector()

  /// Prepares an evaluation.
  ///
  /// - Parameters:
  ///   - retriever: searches the snapshot.
  ///   - answerer: makes the answers; nil measures retrieval alone.
  ///   - measures: what will be asked of the report: they decide how many results are looked at.
  public init(_ retriever: Retriever, answerer: ExtractiveAnswerer?, measures: [Measure] = Measure.standard) {
    self.retriever = retriever
    self.answerer = answerer
    depth = measures.compactMap(\.depth).max() ?? 10
  }

  /// Asks all questions, one after the other, so that latencies are those of a question alone.
  ///
  /// - Parameters:
  ///   - questions: what is asked.
  ///   - progress: called with the number of questions done.
  /// - Returns: one outcome a question.
  /// - Throws: `RetrievalError`, whatever embedder and snapshot throw, and `CancellationError`.
  public func run(
    _ questions: [GoldenQuestion], progress: (@Sendable (Int) -> Void)? = nil
  ) async throws -> EvaluationReport {
    var outcomes: [QuestionOutcome] = []
    for question in questions {
      try Task.checkCancellation()
      outcomes.append(try await outcome(of: question))
      progress?(outcomes.count)
    }
    let manifest = retriever.snapshot.manifest
    return EvaluationReport(subject: "\(manifest.collection)/\(manifest.id)", outcomes: outcomes)
  }

  /// Asks one question.
  public func outcome(of golden: GoldenQuestion) async throws -> QuestionOutcome {
    var request = SearchRequest(query: golden.question, topK: depth, principals: golden.principals)
    let started = ContinuousClock.now
    let hits = try await retriever.search(request)
    let searched = started.duration(to: .now)
    var places = ExpectedPlaces(golden.expected)
    let gains = hits.map { places.take(url: $0.url, anchor: $0.chunk.anchor) ? 1.0 : 0 }
    var outcome = QuestionOutcome(
      id: golden.question, question: golden.question, language: language(of: golden),
      results: hits.map { $0.url + ($0.chunk.anchor.map { "#" + $0 } ?? "") },
      ranking: RankedGains(gains: gains, expected: golden.expected.map { _ in 1 }), missing: places.left,
      isUnanswerable: golden.isUnanswerable, searchSeconds: searched.seconds)
    guard let answerer else { return outcome }
    request = .evidence(for: golden.question)
    request.principals = golden.principals
    let asked = ContinuousClock.now
    let answer = try await answerer.answer(golden.question, from: try await retriever.search(request))
    outcome.answerSeconds = asked.duration(to: .now).seconds
    outcome.answer = answer.text
    outcome.isAnswered = answer.isAnswered
    if !golden.answer.isEmpty {
      let quoted = Self.compared(answer.citations.map(\.quote).joined(separator: "\n"))
      outcome.containsAnswer = golden.answer.allSatisfy { quoted.contains(Self.compared($0)) }
    }
    return outcome
  }

  /// Case, accents and the width of white space do not count.
  private static func compared(_ text: String) -> String {
    Folding.fold(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private func language(of golden: GoldenQuestion) -> String {
    golden.language ?? detector.language(ofQuestion: golden.question, among: []) ?? ""
  }
}

/// The places that a question expects, each of which counts once.
struct ExpectedPlaces {
  private var places: [(written: String, url: String, anchor: String?)]

  init(_ written: [String]) {
    places = written.map { written in
      let parts = written.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      return (written, Self.decoded(String(parts[0])), parts.count == 2 ? Self.decoded(String(parts[1])) : nil)
    }
  }

  /// The places that no result was.
  var left: [String] { places.map(\.written) }

  /// Whether a result is a place that no better one was; it is taken then.
  mutating func take(url: String, anchor: String?) -> Bool {
    let (url, anchor) = (Self.decoded(url), anchor.map(Self.decoded))
    let found = places.firstIndex { $0.url == url && ($0.anchor == nil || $0.anchor == anchor) }
    if let found { places.remove(at: found) }
    return found != nil
  }

  /// `%C3%B1` and `ñ` are written for each other.
  private static func decoded(_ text: String) -> String {
    guard text.contains("%") else { return text }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Duration {
  /// As a number.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
