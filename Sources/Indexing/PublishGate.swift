internal import Answering
internal import Corpus
internal import Embedding
internal import Evaluation
internal import Pipelines
internal import Retrieval
internal import Snapshots

/// Asks golden questions of a candidate and of the current snapshot, and says which of both is to answer.
struct PublishGate {
  private let settings: GateSettings
  private let questions: [GoldenQuestion]
  private let embedders: [any Embedder]
  private let otherEmbedder: @Sendable (EmbedderFingerprint) throws -> any Embedder

  /// Reads the questions.
  ///
  /// - Parameters:
  ///   - settings: what is asked and what must be reached.
  ///   - environment: where variables in the file of questions are looked up.
  ///   - embedders: the run's; none without vectors.
  ///   - otherEmbedder: loads the model of a current snapshot that another one made.
  /// - Throws: `SettingsErrors` with every fault of the file.
  init(
    _ settings: GateSettings, environment: [String: String], embedders: [any Embedder],
    otherEmbedder: @escaping @Sendable (EmbedderFingerprint) throws -> any Embedder
  ) throws {
    self.settings = settings
    self.embedders = embedders
    self.otherEmbedder = otherEmbedder
    questions = try GoldenQuestion.read(path: settings.questions, environment: environment)
  }

  /// Judges a candidate.
  ///
  /// - Parameters:
  ///   - candidate: the new snapshot, current or not.
  ///   - current: the snapshot that answers now; nil before the first publish.
  /// - Returns: what was measured and whether the candidate passes.
  /// - Throws: what snapshots, retrieval and embedders throw.
  func judge(_ candidate: Snapshot, against current: Snapshot?) async throws -> GateReport {
    let names = Set(settings.atLeast.keys).union(settings.worseByAtMost.keys).sorted()
    let measures = names.compactMap { Measure($0) }
    let after = try await ask(candidate, measures)
    let comparing = settings.worseByAtMost.isEmpty ? nil : current
    let before = try await comparing.asyncMap { try await ask($0, measures) }
    let rows = measures.map { measure in
      GateReport.Row(
        measure: measure.description, candidate: after.value(measure), current: before?.value(measure),
        isBetterLow: measure.isBetterLow, atLeast: settings.atLeast[measure.description],
        worseByAtMost: settings.worseByAtMost[measure.description])
    }
    return GateReport(
      candidate: candidate.manifest.id, current: comparing?.manifest.id, questions: questions.count, rows: rows,
      worse: worse(before, after, measures, rows))
  }

  private func ask(_ snapshot: Snapshot, _ measures: [Measure]) async throws -> EvaluationReport {
    let first = try embedder(snapshot.manifest.embedder)
    let second = try embedder(snapshot.manifest.secondEmbedder)
    // Answers are made only where a measure looks at them.
    let needsAnswers = measures.contains { $0.depth == nil }
    let evaluator = Evaluator(
      try Retriever(snapshot: snapshot, embedder: first, second: second),
      answerer: needsAnswers ? ExtractiveAnswerer(embedder: first) : nil, measures: measures)
    return try await evaluator.run(questions)
  }

  private func embedder(_ wanted: EmbedderFingerprint?) throws -> (any Embedder)? {
    guard let wanted else { return nil }
    if let own = embedders.first(where: { $0.fingerprint == wanted }) { return own }
    do {
      let other = try otherEmbedder(wanted)
      guard other.fingerprint == wanted else {
        throw IndexingError(.settings, "the model of that name is another one now")
      }
      return other
    } catch {
      throw IndexingError(
        .settings,
        "the gate cannot ask the current snapshot, whose vectors are by “\(wanted.model)”: \(error)\n"
          + "  mend: make that model available, or leave worse_by_at_most out for this run")
    }
  }

  /// The questions that went worse than before, the worst first; without a current snapshot those that failed.
  private func worse(
    _ before: EvaluationReport?, _ after: EvaluationReport, _ measures: [Measure], _ rows: [GateReport.Row]
  ) -> [GateReport.Question] {
    func values(_ outcome: QuestionOutcome, _ measures: [Measure]) -> [GateReport.Question.Value] {
      measures.map { .init(measure: $0.description, value: outcome.value($0)) }
    }
    if let before {
      return EvaluationComparison(before: before, after: after, measures: measures).changes.filter { $0.gain < 0 }.map {
        .init(
          question: $0.after.question, before: values($0.before, $0.measures), after: values($0.after, $0.measures))
      }
    }
    let failed = zip(measures, rows).filter { !$1.passes }.map(\.0)
    return after.outcomes.compactMap { outcome in
      let missed = failed.filter { measure in outcome.value(measure).map { $0 < 1 } ?? false }
      guard !missed.isEmpty else { return nil }
      return .init(question: outcome.question, before: [], after: values(outcome, missed))
    }
  }
}

extension Optional {
  fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async throws -> Value? {
    guard let self else { return nil }
    return try await body(self)
  }
}
