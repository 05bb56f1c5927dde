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

  mutating func append(_ chunk: Chunk, vector: [Float], title: String, language: String?) throws {
    try vectors?.append(vector)
    try words?.append(text: chunk.text, title: title, headings: chunk.headingPath, language: language)
  }

  mutating func finish() throws {
    try vectors?.finish()
    try words?.finish()
  }
}
