internal import Embedding
internal import Synchronization

/// Tells intents by the likeness of questions to example sentences.
///
/// The examples are embedded when the first question needs them, and kept.
final class ExampleIntents: Sendable {
  private let intents: [Intent]
  private let embedder: (any Embedder)?
  private let likeness: Double
  /// The examples' vectors one behind the other, and whose they are.
  private let known = Mutex<Examples?>(nil)

  private struct Examples {
    var vectors: [Float] = []
    var owners: [Int] = []
    var texts: [String] = []
  }

  /// An intent with the folded words of the example that told it.
  struct Told {
    var intent: Intent
    var words: Set<String>
  }

  /// Longer texts are no short wishes.
  private static let longest = 300
  private static let most = 500

  init(_ intents: [Intent], embedder: (any Embedder)?, likeness: Double) {
    self.intents = intents
    self.embedder = embedder
    self.likeness = likeness
  }

  /// The intent of the nearest example; nil where none is near enough, or nothing can be compared.
  func intent(of question: String) async throws -> Told? {
    guard let embedder, question.utf8.count <= Self.longest else { return nil }
    do {
      let examples = try await examples(embedder)
      let (vectors, owners) = (examples.vectors, examples.owners)
      guard !owners.isEmpty else { return nil }
      let asked = try await embedder.embed([question], as: .query)
      let dimensions = asked.count
      guard dimensions > 0, vectors.count == owners.count * dimensions else { return nil }
      var best = (likeness: likeness, place: -1)
      for place in owners.indices {
        let vector = vectors[place * dimensions..<(place + 1) * dimensions]
        let cosine = Double(zip(asked, vector).reduce(0 as Float) { $0 + $1.0 * $1.1 })
        if cosine > best.likeness { best = (cosine, place) }
      }
      guard best.place >= 0 else { return nil }
      let words = QuestionTokens(examples.texts[best.place], language: "es").tokens.map(\.folded)
      return Told(intent: intents[owners[best.place]], words: Set(words))
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // A provider that fails leaves the patterns.
      return nil
    }
  }

  private func examples(_ embedder: any Embedder) async throws -> Examples {
    if let known = known.withLock({ $0 }) { return known }
    var examples = Examples()
    for (place, intent) in intents.enumerated() {
      for text in intent.examples.prefix(Self.most - examples.texts.count) {
        examples.texts.append(text)
        examples.owners.append(place)
      }
    }
    examples.vectors = examples.texts.isEmpty ? [] : try await embedder.embed(examples.texts, as: .query)
    let result = examples
    known.withLock { $0 = result }
    return result
  }
}
