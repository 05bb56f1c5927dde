internal import Corpus
internal import Embedding

/// Embeds what prepared pages miss, several pages at a time: a large batch keeps the matrix products busy.
struct EmbedStage: Sendable {
  let embedders: [any Embedder]
  let writer: StateWriter
  let progress: RunProgress

  /// Works until the queue ends; several of these may share one queue.
  func run(_ queue: BoundedQueue<PreparedPage>) async throws {
    let portions = embedders.map(\.portion)
    let enough = EmbeddingPortion(
      texts: portions.map(\.texts).max() ?? .max, bytes: portions.map(\.bytes).max() ?? EmbeddingPortion().bytes)
    while let first = await queue.next() {
      var batch = [first]
      var (texts, bytes) = (first.missing.count, first.weight)
      while bytes < enough.bytes, texts < enough.texts, let page = queue.nextWithoutWaiting() {
        batch.append(page)
        bytes += page.weight
        texts += page.missing.count
      }
      try await embed(batch)
    }
  }

  private func embed(_ pages: [PreparedPage]) async throws {
    var seen: Set<ContentHash> = []
    let texts = pages.flatMap(\.missing).filter { seen.insert($0.key).inserted }
    for (place, embedder) in embedders.enumerated() {
      for portion in Self.portions(texts.filter { $0.embedder == place }, embedder.portion) {
        let vectors = try await vectors(of: portion.map(\.text), by: embedder)
        // Results first, pages last: a page in the state is a promise that its vectors are there.
        try await writer.record(zip(portion, vectors).map { .result(.embed, $0.key, StageResults.encode($1)) })
      }
    }
    try await writer.record(pages.flatMap { $0.isRecorded ? $0.results + [.page($0.record)] : $0.results })
    // A chunk that one embedder had to read was embedded, whatever the other one knew.
    let chunks = Set(texts.map(\.text)).count
    progress.update { view in
      view.waiting -= pages.count
      view.counts.chunksEmbedded += chunks
      view.counts.chunksReused += pages.reduce(0) { $0 + $1.chunkCount } - chunks
    }
  }

  /// A page with thousands of chunks is embedded in portions, so that memory does not grow with it.
  private static func portions(_ texts: [MissingVector], _ portion: EmbeddingPortion) -> [[MissingVector]] {
    var portions: [[MissingVector]] = []
    var bytes = Int.max
    for text in texts {
      if bytes > portion.bytes || portions.last?.count ?? 0 >= portion.texts {
        portions.append([])
        bytes = 0
      }
      portions[portions.count - 1].append(text)
      bytes += text.text.utf8.count
    }
    return portions
  }

  private func vectors(of texts: [String], by embedder: any Embedder) async throws -> [ArraySlice<Float>] {
    let dimensions = embedder.fingerprint.dimensions
    let matrix = try await progress.timed("embed") { try await embedder.embed(texts, as: .document) }
    guard matrix.count == texts.count * dimensions else {
      throw IndexingError(
        .settings,
        "\(embedder.fingerprint.model) gave \(matrix.count) numbers for \(texts.count) texts of \(dimensions)")
    }
    return texts.indices.map { matrix[$0 * dimensions..<($0 + 1) * dimensions] }
  }
}
