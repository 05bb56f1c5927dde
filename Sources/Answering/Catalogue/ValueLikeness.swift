internal import Embedding
internal import Synchronization

/// Tells which value a word means that neither rows nor the service have: “celulares” where rows say “Teléfonos móviles”.
///
/// The values' names are embedded when the first question needs them, and kept. Single words alone are compared: of two, one
/// may be a condition that no field has (“teléfonos fijos” is as near as “celulares”). Beside a value that is named, a word
/// that is nearly as near says it again: “computadora portátil”, “cámara fotográfica”.
final class ValueLikeness: Sendable {
  /// A name of a value.
  struct Name: Sendable {
    var text: String
    var field: String
    var value: String
  }

  private let names: [Name]
  private let embedder: (any Embedder)?
  private let least: Double
  private let leastAgain: Double
  private let known = Mutex<[Float]?>(nil)
  /// Measured with `use-multilingual-v3` on goods and colours in two languages: other words for a value lie above 0.78 of
  /// it and 0.2 from the next one; things that a shop does not have below 0.76 (“desktops” of laptops 0.68, “pink” of red
  /// 0.60, “Nikon” of Canon 0.56).
  private static let least = 0.78
  private static let ahead = 0.12
  /// “Computadora” lies 0.71 from “portátiles”, “fotográfica” 0.69 from “cámaras”; “cartuchos” 0.60 from “impresoras”.
  private static let leastAgain = 0.66
  private static let mostNames = 2_000
  private static let mostWords = 4

  /// - Parameters:
  ///   - names: what values are called.
  ///   - embedder: nil: nothing is alike.
  ///   - likeness: the cosine from which the service believes in likeness at all.
  init(_ names: [Name], embedder: (any Embedder)?, likeness: Double) {
    self.names = names.count <= Self.mostNames ? names : []
    self.embedder = embedder
    least = max(likeness, Self.least)
    leastAgain = max(likeness, Self.leastAgain)
  }

  /// What words mean.
  struct Found {
    /// Values by the folded word.
    var values: [String: Name] = [:]
    /// Folded words that say again what is named.
    var again: Set<String> = []
  }

  /// The values that words mean; none where no value, or more than one, is near enough.
  ///
  /// - Parameters:
  ///   - words: that name nothing.
  ///   - isNamed: whether a value is named beside them.
  /// - Returns: values, and words that say again what is named.
  /// - Throws: `CancellationError`.
  func values(of words: [QuestionToken], isNamed: (Name) -> Bool) async throws -> Found {
    let words = words.filter { $0.folded.utf8.count >= 4 && $0.number == nil && !$0.isGlued }
    var found = Found()
    guard let embedder, !names.isEmpty, !words.isEmpty, words.count <= Self.mostWords else { return found }
    do {
      let vectors = try await vectors(embedder)
      let asked = try await embedder.embed(words.map { $0.text.lowercased() }, as: .query)
      let dimensions = asked.count / words.count
      guard dimensions > 0, vectors.count == names.count * dimensions else { return found }
      for (place, word) in words.enumerated() {
        let vector = asked[place * dimensions..<(place + 1) * dimensions]
        guard let (name, likeness) = nearest(vector, vectors, dimensions) else { continue }
        if isNamed(name) {
          found.again.insert(word.folded)
        } else if likeness >= least {
          found.values[word.folded] = name
        }
      }
      return found
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // A provider that fails leaves the words that are known.
      return found
    }
  }

  private func nearest(_ vector: ArraySlice<Float>, _ vectors: [Float], _ dimensions: Int) -> (Name, Double)? {
    var best: (likeness: Double, place: Int)?
    var cosines: [Double] = []
    for place in names.indices {
      let other = vectors[place * dimensions..<(place + 1) * dimensions]
      let cosine = Double(zip(vector, other).reduce(0 as Float) { $0 + $1.0 * $1.1 })
      cosines.append(cosine)
      if cosine >= leastAgain, cosine > best?.likeness ?? 0 { best = (cosine, place) }
    }
    guard let best else { return nil }
    let name = names[best.place]
    let others = names.indices.filter { names[$0].field == name.field && names[$0].value != name.value }
    guard others.allSatisfy({ cosines[$0] <= best.likeness - Self.ahead }) else { return nil }
    return (name, best.likeness)
  }

  private func vectors(_ embedder: any Embedder) async throws -> [Float] {
    if let known = known.withLock({ $0 }) { return known }
    let vectors = try await embedder.embed(names.map(\.text), as: .query)
    known.withLock { $0 = vectors }
    return vectors
  }
}
