internal import Corpus
internal import Pipelines
internal import SearchIndexes
internal import Snapshots

/// The search indexes of a snapshot while it is written: each takes every chunk, in the order of their numbers.
struct SnapshotIndexes {
  private var vectors: VectorIndexWriter?
  private let words: LexicalIndexWriter?

  init(pipeline: PipelineFile, dimensions: Int?, writer: SnapshotWriter) throws {
    let sink: SectionSink = { try writer.put(section: $0, part: $1, $2) }
    vectors = try dimensions.map { try VectorIndexWriter(dimensions: $0, sink: sink) }
    words =
      pipeline.index.lexical ? try LexicalIndexWriter(temporaryFolder: writer.temporaryFolder, sink: sink) : nil
  }

  /// Adds the chunks of the next document.
  mutating func append(_ parts: PageParts, vectors rows: [Float]) throws {
    try vectors?.append(rows)
    if let terms = parts.terms { try words?.append(counted: terms) }
  }

  mutating func finish() throws {
    try vectors?.finish()
    try words?.finish()
  }
}
