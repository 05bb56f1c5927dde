public import Corpus

/// Two evaluations of the same questions, side by side.
public struct EvaluationComparison: Sendable {
  /// A question that went otherwise.
  public struct Change: Sendable, Equatable {
    /// What became of it before.
    public var before: QuestionOutcome
    /// What became of it after.
    public var after: QuestionOutcome
    /// By how much it got better, summed over `measures`; below 0 for worse.
    public var gain: Double
    /// The measures that differ.
    public var measures: [Measure]
  }

  /// The first.
  public let before: EvaluationReport
  /// The second.
  public let after: EvaluationReport
  /// What is compared.
  public let measures: [Measure]
  /// The questions that went otherwise: the worst falls first, equal ones in the order of the questions.
  public let changes: [Change]

  /// Compares two evaluations; questions are paired by `id`, those in one only are left out.
  public init(before: EvaluationReport, after: EvaluationReport, measures: [Measure] = Measure.standard) {
    self.before = before
    self.after = after
    self.measures = measures
    let earlier = Dictionary(before.outcomes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    changes = after.outcomes.compactMap { after in
      guard let before = earlier[after.id] else { return nil }
      var differing: [Measure] = []
      var gain = 0.0
      for measure in measures {
        let difference = (after.value(measure) ?? 0) - (before.value(measure) ?? 0)
        guard abs(difference) > 1e-9 else { continue }
        differing.append(measure)
        gain += measure.isBetterLow ? -difference : difference
      }
      return differing.isEmpty ? nil : Change(before: before, after: after, gain: gain, measures: differing)
    }
    .enumerated().sorted {
      $0.element.gain != $1.element.gain ? $0.element.gain < $1.element.gain : $0.offset < $1.offset
    }
    .map(\.element)
  }

  /// By how much a measure rose; below 0 where it fell; nil where one of both does not have it.
  public func difference(_ measure: Measure) -> Double? {
    guard let before = before.value(measure), let after = after.value(measure) else { return nil }
    return after - before
  }

  /// The summary that `acervo eval --compare --json` ends with: the second's, with the first's under `before`.
  public var json: JSONValue {
    let changed = changes.map { change -> JSONValue in
      [
        "id": .string(change.after.id), "question": .string(change.after.question), "gain": .number(change.gain),
        "measures": .array(change.measures.map { .string($0.description) }),
        "rank_before": change.before.ranking.firstRank.map { .integer(Int64($0)) } ?? .null,
        "rank_after": change.after.ranking.firstRank.map { .integer(Int64($0)) } ?? .null,
      ]
    }
    return .object(
      (after.json(measures).members ?? []) + [
        .init("before", before.json(measures)), .init("changed", .array(changed)),
      ])
  }
}
