import AcervoTesting
import Corpus
import Embedding
import SearchIndexes
import Snapshots

/// A page of a sample snapshot.
struct SamplePage {
  var url: String
  var texts: [String]
  var language: String? = "en"
  var source = "web"
  var access = AccessRule.open
  var accessOrigins: [String] = []
  var modified: Int64?
  var fields: [String: [FieldValue]] = [:]
}

/// Publishes pages and opens what was published.
struct SampleSnapshot {
  let folder: TemporaryFolder
  let snapshot: Snapshot

  // Without `kinds`, the declared fields, no columns are written, as by releases before there were any.
  init(
    _ pages: [SamplePage], vectors: Bool = true, lexical: Bool = true, second: HashingEmbedder? = nil,
    kinds: [String: FieldKind]? = nil, groups: [Principal: Set<Principal>] = [:]
  ) async throws {
    folder = try TemporaryFolder()
    let embedder = HashingEmbedder()
    let writer = try SnapshotWriter(snapshots: folder.path, collection: "sample")
    let sink: SectionSink = { try writer.put(section: $0, part: $1, $2) }
    var vectorWriter = try VectorIndexWriter(dimensions: embedder.fingerprint.dimensions, sink: sink)
    var secondWriter = try second.map {
      try VectorIndexWriter(.second, dimensions: $0.fingerprint.dimensions, sink: sink)
    }
    let lexicalWriter = try LexicalIndexWriter(temporaryFolder: writer.temporaryFolder, sink: sink)
    let fieldWriter = FieldIndexWriter(kinds: kinds ?? [:], sink: sink)
    for page in pages.sorted(by: { $0.url < $1.url }) {
      fieldWriter.append(page.fields, modified: page.modified)
      let document = DocumentRecord(
        url: page.url, source: page.source, title: page.url, language: page.language, hash: .of(page.url),
        access: page.access, accessOrigins: page.accessOrigins, modified: page.modified, fields: page.fields)
      let chunks = page.texts.enumerated().map { index, text in
        Chunk(index: index, range: TextRange(start: 1000 * index, end: 1000 * index + text.utf8.count), text: text)
      }
      try writer.append(document, chunks: chunks)
      try vectorWriter.append(try await embedder.embed(page.texts, as: .document))
      if let second { try secondWriter?.append(try await second.embed(page.texts, as: .document)) }
      for text in page.texts { try lexicalWriter.append(text: text, title: "", headings: [], language: page.language) }
    }
    if vectors { try vectorWriter.finish() }
    try secondWriter?.finish()
    if lexical { try lexicalWriter.finish() }
    if kinds != nil { try fieldWriter.finish() }
    try writer.put(groups: groups)
    _ = try writer.publish(
      SnapshotDescription(
        pipeline: .of("p"), embedder: vectors ? embedder.fingerprint : nil, secondEmbedder: second?.fingerprint,
        languages: ["en"], created: 1_800_000_000),
      keep: 1)
    snapshot = try CollectionFolder(snapshots: folder.path, collection: "sample").openCurrent()
  }
}
