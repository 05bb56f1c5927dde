internal import Answering
internal import Corpus
internal import Embedding
internal import Retrieval
internal import Snapshots

/// A snapshot that answers: a request takes one at its start and keeps it to its end.
///
/// The snapshot is closed and unmapped when the last request that holds it ends.
final class ServedSnapshot: Sendable {
  let retriever: Retriever
  let answerer: ExtractiveAnswerer
  /// Of its first set of vectors; nil where it has none.
  let embedder: (any Embedder)?
  /// What filters can name.
  ///
  /// Known when it is loaded: a snapshot without columns has to read every document for it, which
  /// no request should wait for.
  let fields: [String: FieldKind]
  /// Answers questions about its rows; nil where it is no catalogue.
  let catalogue: CatalogueAnswerer?

  var manifest: SnapshotManifest { retriever.snapshot.manifest }

  /// What an answer of this snapshot is called.
  func identifier(of answer: Answer) -> AnswerIdentifier {
    AnswerIdentifier(
      collection: manifest.collection, snapshot: manifest.id, chunks: answer.citations.map(\.chunk))
  }

  init(
    snapshot: Snapshot, embedder: (any Embedder)?, second: (any Embedder)?, reranker: (any Reranker)?,
    catalogue: CatalogueSettings? = nil
  ) throws {
    retriever = try Retriever(snapshot: snapshot, embedder: embedder, second: second, reranker: reranker)
    answerer = ExtractiveAnswerer(embedder: embedder)
    self.embedder = embedder
    fields = try retriever.fields
    self.catalogue = try catalogue.map { [retriever] in
      CatalogueAnswerer(try CatalogueVocabulary($0, retriever), retriever, embedder: embedder)
    }
  }
}
