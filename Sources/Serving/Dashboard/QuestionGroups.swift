internal import Answering
internal import Corpus
internal import Embedding

/// Puts questions that mean the same together, by the vectors of the collection's own model.
struct QuestionGroups: Sendable {
  /// A question and those like it.
  struct Group: Sendable, Equatable {
    /// The one that was asked most often.
    var question: String
    var collection: String
    /// How often all of them were asked.
    var count: Int
    /// The others, the most frequent first.
    var similar: [String]
  }

  let store: CollectionStore

  /// Questions of one group are at least so alike (cosine).
  ///
  /// Measured with `use-multilingual-v3`: see docs/decisions/0032-dashboard.md.
  static let alike: Float = 0.57
  /// The vectors are waited for no longer; after that, questions are grouped by their text alone.
  private static let patience = Duration.seconds(5)
  /// The questions beside the first one that a group shows.
  static let mostSimilar = 5

  /// Groups questions, which come with the most frequent first, the largest group first.
  func groups(of questions: [QuestionSummary.Asked]) async -> [Group] {
    var groups: [Group] = []
    for (collection, members) in Dictionary(grouping: questions, by: \.collection).sorted(by: { $0.key < $1.key }) {
      let vectors = await vectors(of: members.map(\.text), in: collection)
      groups += Self.groups(of: members, vectors)
    }
    return groups.sorted { $0.count != $1.count ? $0.count > $1.count : $0.question < $1.question }
  }

  private func vectors(of texts: [String], in collection: String) async -> [Float]? {
    guard let embedder = (try? store.snapshot(of: collection))?.embedder else { return nil }
    // Late, or a provider that does not answer: the dashboard is worth more than its groups.
    let found = try? await inTime(.now.advanced(by: Self.patience)) { try await embedder.embed(texts, as: .query) }
    return found ?? nil
  }

  /// Each question joins the group whose first question it is most like, or begins one.
  static func groups(of questions: [QuestionSummary.Asked], _ vectors: [Float]?) -> [Group] {
    var groups: [Group] = []
    var firsts: [Int] = []
    let width = questions.isEmpty ? 0 : (vectors?.count ?? 0) / questions.count
    for (number, question) in questions.enumerated() {
      var best: (group: Int, likeness: Float)?
      if let vectors, width > 0 {
        for (group, first) in firsts.enumerated() {
          let likeness = likeness(vectors, first * width, number * width, width)
          if likeness >= alike, likeness > best?.likeness ?? 0 { best = (group, likeness) }
        }
      }
      if let best {
        groups[best.group].count += question.unanswered
        if groups[best.group].similar.count < mostSimilar { groups[best.group].similar.append(question.text) }
      } else {
        firsts.append(number)
        groups.append(
          Group(question: question.text, collection: question.collection, count: question.unanswered, similar: []))
      }
    }
    return groups
  }

  /// The cosine of two vectors of unit length.
  private static func likeness(_ vectors: [Float], _ left: Int, _ right: Int, _ width: Int) -> Float {
    var sum: Float = 0
    for place in 0..<width { sum += vectors[left + place] * vectors[right + place] }
    return sum
  }
}
