internal import Corpus
internal import Embedding
internal import Glibc
internal import SearchIndexes
internal import Snapshots

/// One set of a snapshot's vectors with the embedder that made it.
struct SearchedVectors: Sendable {
  let index: VectorIndex
  private let questions: BatchQueue<Question, Question.Answer>

  /// Opens a set of vectors; nil where the snapshot has none.
  ///
  /// - Throws: `RetrievalError` when the embedder is not the one that made the vectors, or is missing.
  init?(
    _ set: VectorSet, of snapshot: Snapshot, made wanted: EmbedderFingerprint?, by embedder: (any Embedder)?
  ) throws {
    guard let index = try VectorIndex(set, owner: snapshot, source: snapshot.section) else { return nil }
    let id = snapshot.manifest.id
    guard let wanted, wanted.dimensions == index.dimensions else {
      throw RetrievalError(
        .damaged, "snapshot \(id) has vectors of \(index.dimensions) dimensions and no embedder of such",
        mend: "index again")
    }
    guard let embedder else { throw RetrievalError.missing(wanted, snapshot: id) }
    guard embedder.fingerprint == wanted else { throw RetrievalError.other(embedder.fingerprint, wanted, snapshot: id) }
    self.index = index
    let batch = QuestionBatch(index: index, embedder: embedder)
    questions = BatchQueue(largest: QuestionBatch.largest, atOnce: Self.batchesAtOnce(embedder), work: batch.answers)
  }

  /// How many batches are embedded at the same time.
  ///
  /// By a model on this machine, one for two cores: requests that the others read meanwhile come into the next batch,
  /// and each that embeds keeps tables of its own. A provider is waited for, which takes no core: one that is silent
  /// for long holds up few questions.
  private static func batchesAtOnce(_ embedder: any Embedder) -> Int {
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    return embedder.spent == nil ? max(1, cores / 2) : max(8, cores)
  }

  /// The chunks nearest to a question; nil for none and for one of which the embedder knows nothing.
  func list(_ meaning: Question.Meaning?, depth: Int, allowed: ChunkSet?) async throws -> SemanticList? {
    guard let meaning else { return nil }
    let found = try await questions.product(of: Question(meaning: meaning, limit: depth, allowed: allowed))
    return found.nearest.map { nearest in
      SemanticList(hits: nearest) { try index.scores(found.vector, chunks: $0) }
    }
  }
}
