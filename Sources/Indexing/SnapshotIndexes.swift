internal import Corpus
internal import Pipelines
internal import SearchIndexes
internal import Snapshots

/// The search indexes of a snapshot while it is written: each takes every chunk, in the order of their numbers.
struct SnapshotIndexes {
  /// One an embedder, in their order.
  private var vectors: [VectorIndexWriter]
  private let words: LexicalIndexWriter?
  private let fields: FieldIndexWriter

  init(pipeline: PipelineFile, dimensions: [Int], writer: SnapshotWriter) throws {
    let sink: SectionSink = { try writer.put(section: $0, part: $1, $2) }
    vectors = try zip(VectorSet.allCases, dimensions).map {
      try VectorIndexWriter($0, dimensions: $1, sink: sink)
    }
    words =
      pipeline.index.lexical ? try LexicalIndexWriter(temporaryFolder: writer.temporaryFolder, sink: sink) : nil
    fields = FieldIndexWriter(kinds: FieldRules(pipeline).kinds, sink: sink)
  }

  /// Takes the next document's fields, by which its chunks are filtered.
  func append(_ fields: [String: [FieldValue]], modified: Int64?) {
    self.fields.append(fields, modified: modified)
  }

  /// Adds the chunks of the next document; `rows` are theirs by each embedder.
  mutating func append(_ parts: PageParts, vectors rows: [[Float]]) throws {
    for (index, row) in rows.enumerated() { try vectors[index].append(row) }
    if let terms = parts.terms { try words?.append(counted: terms) }
  }

  mutating func finish() throws {
    for index in vectors.indices { try vectors[index].finish() }
    try words?.finish()
    try fields.finish()
  }
}
