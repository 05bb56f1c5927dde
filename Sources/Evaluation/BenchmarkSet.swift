internal import Corpus
public import Retrieval
internal import TextAnalysis

/// Why an evaluation cannot be made of what was given: where, what and the mend.
public struct EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// File and line, what is wrong there, and the mend.
  public let description: String

  init(_ file: String, _ line: Int, _ message: String, mend: String) {
    description = (line > 0 ? "\(file):\(line): " : "\(file): ") + "\(message)\n  mend: \(mend)"
  }
}

/// A retrieval benchmark in the form of BEIR: documents, queries, and which documents answer which query.
///
/// Files are handed over line by line, so that a corpus is never in memory; of documents only the ids are kept.
public struct BenchmarkSet: Sendable {
  /// A query.
  public struct Query: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// Its text.
    public var text: String
  }

  /// A document.
  public struct Document: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// Its title; may be empty.
    public var title: String
    /// Its text; may be empty.
    public var text: String
  }

  /// The queries, in the order of the file.
  public private(set) var queries: [Query] = []
  /// The grade of each judged document, by query; only grades above 0.
  public private(set) var judgements: [String: [String: Int]] = [:]
  private var queryIDs: Set<String> = []
  private var documentIDs: Set<String> = []

  /// Makes an empty set.
  public init() {}

  // MARK: Reading

  /// Takes a line of `corpus.jsonl`: `{"_id": …, "title": …, "text": …}`.
  ///
  /// - Throws: `EvaluationError` naming file and line.
  public mutating func takeDocument(_ line: String, file: String, number: Int) throws(EvaluationError) -> Document {
    let object = try Self.object(line, file, number, needs: #"{"_id": "…", "title": "…", "text": "…"}"#)
    guard let text = object["text"]?.string else {
      throw EvaluationError(file, number, "“text” is missing or no string", mend: "write \"text\": \"…\"")
    }
    let id = try Self.id(object, file, number)
    guard documentIDs.insert(id).inserted else {
      throw EvaluationError(file, number, "a second document has the id “\(id)”", mend: "keep one of them")
    }
    return Document(id: id, title: object["title"]?.string ?? "", text: text)
  }

  /// Takes a line of `queries.jsonl`: `{"_id": …, "text": …}`.
  ///
  /// - Throws: `EvaluationError` naming file and line.
  public mutating func takeQuery(_ line: String, file: String, number: Int) throws(EvaluationError) {
    let object = try Self.object(line, file, number, needs: #"{"_id": "…", "text": "…"}"#)
    guard let text = object["text"]?.string, text.contains(where: { !$0.isWhitespace }) else {
      throw EvaluationError(file, number, "“text” is missing, empty or no string", mend: "write \"text\": \"…\"")
    }
    let id = try Self.id(object, file, number)
    guard queryIDs.insert(id).inserted else {
      throw EvaluationError(file, number, "a second query has the id “\(id)”", mend: "keep one of them")
    }
    queries.append(Query(id: id, text: text))
  }

  /// Takes a line of `qrels.tsv`: query id, document id and grade, separated by tabs; queries come first.
  ///
  /// - Throws: `EvaluationError` naming file and line.
  public mutating func takeJudgement(_ line: String, file: String, number: Int) throws(EvaluationError) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 3 else {
      throw EvaluationError(
        file, number, "\(fields.count) columns where 3 are needed",
        mend: "write query-id, corpus-id and score between tabs")
    }
    guard let grade = Int(fields[2]), abs(grade) <= 1_000_000 else {
      // The first line names the columns.
      if number == 1 { return }
      throw EvaluationError(file, number, "“\(fields[2])” is no grade", mend: "write a whole number such as 1")
    }
    guard queryIDs.contains(fields[0]) else {
      throw EvaluationError(
        file, number, "no query has the id “\(fields[0])”", mend: "add it to queries.jsonl, or leave the line out")
    }
    if grade > 0 { judgements[fields[0], default: [:]][fields[1]] = grade }
  }

  private static func object(
    _ line: String, _ file: String, _ number: Int, needs: String
  ) throws(EvaluationError) -> JSONValue {
    let value: JSONValue
    do { value = try JSONValue(parsing: line) } catch {
      throw EvaluationError(file, number, "not JSON: \(error)", mend: "write one object a line: \(needs)")
    }
    guard value.members != nil else {
      throw EvaluationError(file, number, "not an object", mend: "write one object a line: \(needs)")
    }
    return value
  }

  private static func id(_ object: JSONValue, _ file: String, _ number: Int) throws(EvaluationError) -> String {
    if let id = object["_id"]?.string, !id.isEmpty { return id }
    if let id = object["_id"]?.int { return String(id) }
    throw EvaluationError(file, number, "“_id” is missing or empty", mend: "write \"_id\": \"…\"")
  }

  /// What is judged and not there, and what is there and not judged; each with its number.
  public var notes: [String] {
    let judged = judgements.values.reduce(into: Set<String>()) { $0.formUnion($1.keys) }
    let absent = judged.subtracting(documentIDs).count
    let unjudged = queries.count { judgements[$0.id] == nil }
    var notes: [String] = []
    if absent > 0 { notes.append("\(absent) judged documents are not in the corpus: they count as not found") }
    if unjudged > 0 { notes.append("\(unjudged) queries have no judged document: they are left out") }
    return notes
  }

  // MARK: Scoring

  /// Asks every judged query; documents are ranked by their best chunk.
  ///
  /// - Parameters:
  ///   - retriever: searches the indexed corpus.
  ///   - name: what the report calls it.
  ///   - depth: how many documents are looked at.
  ///   - id: the id of the document with an address.
  ///   - progress: called with the number of queries done.
  /// - Returns: one outcome a judged query.
  /// - Throws: `RetrievalError`, whatever embedder and snapshot throw, and `CancellationError`.
  public func run(
    _ retriever: Retriever, name: String, depth: Int, id: (String) -> String,
    progress: (@Sendable (Int) -> Void)? = nil
  ) async throws -> EvaluationReport {
    let detector = LanguageDetector()
    var outcomes: [QuestionOutcome] = []
    for query in queries {
      guard let grades = judgements[query.id] else { continue }
      try Task.checkCancellation()
      let started = ContinuousClock.now
      let hits = try await retriever.search(SearchRequest(query: query.text, topK: depth, perDocument: 1))
      let seconds = started.duration(to: .now).seconds
      let results = hits.map { id($0.url) }
      outcomes.append(
        QuestionOutcome(
          id: query.id, question: query.text,
          language: detector.language(ofQuestion: query.text, among: []) ?? "", results: results,
          ranking: RankedGains(
            gains: results.map { Double(grades[$0] ?? 0) }, expected: grades.values.map(Double.init)),
          missing: Set(grades.keys).subtracting(results).sorted(), searchSeconds: seconds))
      progress?(outcomes.count)
    }
    return EvaluationReport(subject: name, outcomes: outcomes)
  }
}
