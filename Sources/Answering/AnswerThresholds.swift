/// When evidence is strong enough to be quoted, and how sentences are weighed against each other.
///
/// Coverage is the share of the question's words, the rare ones weighing more, that stand in a sentence or (half) over
/// it; the cosine is that of question and chunk. Every number is a plain one near the optimum of a logistic model on
/// four public sets (docs/decisions/0018-extractive-answers.md has the measurements); they stand nowhere else.
struct AnswerThresholds: Sendable {
  /// What the best coverage weighs beside the best cosine in the confidence.
  var coverageWeight = 0.85
  /// The least confidence of an answer.
  var least = 0.48
  /// The same for evidence in another language than the question's, whose words say little.
  var leastForeign = 0.3
  /// The least coverage of an answer where there are no vectors.
  var leastCoverage = 0.3

  /// From this coverage of the best sentence on, words decide which are quoted and none is embedded.
  var decisiveCoverage = 0.6
  /// What the place of its chunk in the evidence adds to a sentence's score, divided by that place.
  var rankWeight = 0.1
  /// What a unit of the kind that the question asks for adds: a step for how, digits for how many or when.
  var kindWeight = 0.2
  /// A sentence in the question's language is preferred if its score reaches this share of the best one's.
  var languageShare = 0.85
  /// Further sentences are quoted if their score reaches this share of the best one's.
  var companionShare = 0.6
  /// The same for others of the best one's page, which often go on with the matter.
  var neighbourShare = 0.45
  /// The least cosine of such a sentence that has none of the question's words; unrelated ones have up to 0.15.
  var leastMeaning = 0.2
  /// The least cosine of a sentence and the heading over it for the heading to say what it is about; orders that stand
  /// under one have up to 0.1.
  var leastKinship = 0.15

  /// Whether evidence in one language answers; without vectors, `cosine` is nil.
  func answers(cosine: Double?, coverage: Double, isForeign: Bool) -> Bool {
    guard let cosine else { return coverage >= leastCoverage }
    return cosine + coverageWeight * coverage >= (isForeign ? leastForeign : least)
  }
}
