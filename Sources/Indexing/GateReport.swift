public import Corpus

/// What a publish gate measured.
public struct GateReport: Sendable, Equatable {
  /// One measure.
  public struct Row: Sendable, Equatable {
    /// Its name, such as `recall@4`.
    public var measure: String
    /// The candidate's value, 0 to 1; nil where no question has it.
    public var candidate: Double?
    /// The current snapshot's; nil where none was asked.
    public var current: Double?
    /// Whether a lower value is the better one.
    public var isBetterLow: Bool
    /// What the candidate must reach; nil: nothing.
    public var atLeast: Double?
    /// By how much the candidate may be worse than the current snapshot; nil: by anything.
    public var worseByAtMost: Double?

    /// Whether the candidate keeps to both limits.
    ///
    /// A measure that no question has keeps to none: the file of questions does not ask what the pipeline file demands.
    public var passes: Bool {
      guard let candidate else { return false }
      // Means of the same outcomes added up in another order must not decide.
      let margin = 1e-9
      if let atLeast, candidate < atLeast - margin { return false }
      guard let worseByAtMost, let current else { return true }
      return (isBetterLow ? candidate - current : current - candidate) <= worseByAtMost + margin
    }
  }

  /// A question that went worse.
  public struct Question: Sendable, Equatable {
    /// A measure's value for one question.
    public struct Value: Sendable, Equatable {
      /// The measure's name.
      public var measure: String
      /// Its value; nil where it does not apply.
      public var value: Double?
    }

    /// The question.
    public var question: String
    /// The measures that differ, in the current snapshot; none where there is none.
    public var before: [Value]
    /// The same in the candidate.
    public var after: [Value]
  }

  /// The candidate's id.
  public var candidate: String
  /// The id of the snapshot that it was compared with; nil where it was not compared.
  public var current: String?
  /// How many questions were asked.
  public var questions: Int
  /// One row a measure, in the order of names.
  public var rows: [Row]
  /// The questions that went worse, the worst first.
  public var worse: [Question]

  /// Whether the candidate may become current.
  public var passes: Bool { rows.allSatisfy(\.passes) }

  /// As `gate.json` beside the manifest, and `--json`, have it.
  public var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    func values(_ values: [Question.Value]) -> JSONValue { .object(values.map { .init($0.measure, number($0.value)) }) }
    return [
      "passed": .bool(passes), "candidate": .string(candidate), "current": current.map { .string($0) } ?? .null,
      "questions": .integer(Int64(questions)),
      "measures": .array(
        rows.map {
          [
            "measure": .string($0.measure), "passed": .bool($0.passes), "candidate": number($0.candidate),
            "current": number($0.current), "at_least": number($0.atLeast),
            "worse_by_at_most": number($0.worseByAtMost),
          ]
        }),
      "worse": .array(
        worse.map { ["question": .string($0.question), "before": values($0.before), "after": values($0.after)] }),
    ]
  }
}
