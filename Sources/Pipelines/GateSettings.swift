internal import Settings

/// What a new snapshot has to answer before it becomes the current one.
public struct GateSettings: Sendable, Equatable {
  /// The file of golden questions, absolute.
  public var questions: String
  /// What a measure must reach, by its name (`recall@4`), 0 to 1.
  public var atLeast: [String: Double]
  /// By how much a measure may be worse than the current snapshot's, by its name, 0 to 1.
  public var worseByAtMost: [String: Double]

  /// Makes gate settings.
  public init(questions: String, atLeast: [String: Double] = [:], worseByAtMost: [String: Double] = [:]) {
    self.questions = questions
    self.atLeast = atLeast
    self.worseByAtMost = worseByAtMost
  }
}

extension GateSettings {
  private typealias Field = SettingsField<GateSettings>

  static let definition = SettingsObject(
    initial: GateSettings(questions: ""),
    fields: [
      Field("questions", \.questions, .path, isRequired: true, "The file of golden questions."),
      Field(
        "at_least", \.atLeast, measures(canBeBetterLow: false),
        "What each measure, such as recall@4, must reach at least."),
      Field(
        "worse_by_at_most", \.worseByAtMost, measures(canBeBetterLow: true),
        "By how much each measure may be worse than the current snapshot's."),
    ],
    check: { gate, node, reader in
      guard gate.atLeast.isEmpty, gate.worseByAtMost.isEmpty, node["questions"] != nil else { return }
      reader.report(
        at: node, "the gate would let everything through", mend: "add at_least: { recall@4: 0.9 } or worse_by_at_most")
    })

  private static func measures(canBeBetterLow: Bool) -> SettingType<[String: Double]> {
    .map(to: .percentage, count: 0...100).checked { measures, node, reader in
      var isSound = true
      for name in measures.keys.sorted() where !isMeasure(name) || !canBeBetterLow && name == "refusal" {
        isSound = false
        if isMeasure(name) {
          reader.report(
            atKey: name, of: node, "“\(name)” is better the lower it is, so it cannot have a least value",
            mend: "put it into worse_by_at_most")
        } else {
          reader.report(
            atKey: name, of: node, "“\(name)” is no measure",
            mend: "write recall@K, hit@K, mrr@K or ndcg@K with K from 1 to 1000, or containment, abstention or refusal")
        }
      }
      return isSound ? measures : nil
    }
  }

  /// Whether `Evaluation.Measure` reads a name; a test holds the two together.
  static func isMeasure(_ name: String) -> Bool {
    if ["containment", "abstention", "refusal"].contains(name) { return true }
    let parts = name.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, ["recall", "hit", "mrr", "ndcg"].contains(String(parts[0])) else { return false }
    return Int(parts[1]).map { (1...1000).contains($0) && String($0) == parts[1] } == true
  }
}
