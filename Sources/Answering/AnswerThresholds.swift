/// When evidence is strong enough to be quoted, and how its two measures are weighed.
///
/// Coverage is the share of the question's words, the rare ones weighing more, that stand in the evidence. In another
/// language than the question's it says little, so a cosine has to suffice there.
///
/// Set by hand on `use-multilingual-v3`, with 120 questions of XQuAD each way against 150 paragraphs: where the right
/// paragraph was there, 87 % of English and 90 % of Spanish questions were answered; where it was not, but paragraphs
/// of the same articles were, 12 % and 15 %; questions of another field, none. From Spanish to English the median
/// cosine of the best sentence is .37 with the right paragraph and .30 without. Golden questions are to calibrate
/// these numbers; they stand nowhere else.
struct AnswerThresholds: Sendable {
  /// A cosine that suffices alone.
  var strongCosine = 0.5
  /// A cosine that suffices alone where the evidence is in another language than the question.
  var foreignCosine = 0.36
  /// A cosine that suffices beside `supportingCoverage`.
  var supportingCosine = 0.28
  /// The coverage that goes with `supportingCosine`.
  var supportingCoverage = 0.4
  /// A coverage that suffices alone where there are no vectors.
  var strongCoverage = 0.6
  /// A coverage that suffices though the cosine is weak: names and codes that a model does not know.
  var certainCoverage = 0.85
  /// The least cosine beside `certainCoverage`.
  var weakestCosine = 0.1

  /// What the cosine weighs in a sentence's score; coverage weighs the rest.
  var cosineWeight = 0.6
  /// What the place of its chunk in the evidence adds at most.
  var rankWeight = 0.08
  /// A sentence in the question's language is preferred if its score reaches this share of the best one's.
  var languageShare = 0.85
  /// Further sentences are quoted if their score reaches this share of the best one's.
  var companionShare = 0.8
  /// The same for others of the best one's page, which often go on with the matter.
  var neighbourShare = 0.45

  /// Whether evidence answers; without vectors, `cosine` is nil.
  func answers(cosine: Double?, coverage: Double, isForeign: Bool) -> Bool {
    guard let cosine else { return coverage >= strongCoverage }
    return cosine >= (isForeign ? foreignCosine : strongCosine)
      || cosine >= supportingCosine && coverage >= supportingCoverage
      || cosine >= weakestCosine && coverage >= certainCoverage
  }
}
