import AcervoTesting
import Corpus
import Snapshots

/// A small collection that tests write and read.
struct SampleCollection {
  let folder: TemporaryFolder
  var snapshots: String { folder.path }
  var collection: CollectionFolder { get throws { try CollectionFolder(snapshots: snapshots, collection: "sample") } }

  init() throws {
    folder = try TemporaryFolder()
  }

  static func document(_ number: Int, access: AccessRule = .open) -> DocumentRecord {
    DocumentRecord(
      url: "https://help.example/page-\(String(10_000 + number))", source: number % 2 == 0 ? "web" : "folder",
      title: "Página \(number)", language: [nil, "es", "en"][number % 3], hash: .of("page \(number)"), access: access,
      modified: number % 2 == 0 ? Int64(-number) : nil, breadcrumbs: ["Help", "Part \(number % 4)"],
      fields: [
        "space": [.keyword("SUP")], "size": [.number(0.5 + Double(number)), .number(-1)], "seen": [.date(-5)],
      ])
  }

  static func chunks(_ count: Int, of number: Int) -> [Chunk] {
    (0..<count).map { index in
      let text = "Chunk \(index) of page \(number): " + String(repeating: "configuración ", count: 20 + 40 * index)
      return Chunk(
        index: index, range: TextRange(start: 1000 * index, end: 1000 * index + text.utf8.count), text: text,
        headingPath: index > 0 ? ["Top", "Part \(index)"] : [], anchor: index > 0 ? "part-\(index)" : nil)
    }
  }

  static func access(_ number: Int) -> AccessRule {
    switch number % 3 {
    case 0: .open
    case 1: .closed
    default:
      .allOf([Set(["group:a", "user:b"].compactMap(Principal.init)), Set(["user:c"].compactMap(Principal.init))])
    }
  }

  static func description(created: Int64 = 1_800_000_000, pipeline: String = "p") -> SnapshotDescription {
    SnapshotDescription(
      pipeline: .of(pipeline), embedder: HashingEmbedder().fingerprint, languages: ["en", "es"], created: created)
  }

  func writer() throws -> SnapshotWriter {
    try SnapshotWriter(snapshots: snapshots, collection: "sample")
  }

  /// A writer with documents of 0, 1, 2, 3, 0 … chunks and two sections.
  func filledWriter(documents: Int = 50) throws -> SnapshotWriter {
    let writer = try writer()
    for number in 0..<documents {
      try writer.append(
        Self.document(number, access: Self.access(number)), chunks: Self.chunks(number % 4, of: number))
    }
    try Self.block.withUnsafeBytes { try writer.put(section: "vectors", part: 3, $0) }
    try [UInt8]("tail".utf8).withUnsafeBytes { try writer.put(section: "vectors", part: .max, $0) }
    try [UInt8]("terms".utf8).withUnsafeBytes { try writer.put(section: "lexical.terms", part: 0, $0) }
    return writer
  }

  static let block = (0..<5000).map { Float($0) }

  @discardableResult
  func publish(
    documents: Int = 50, created: Int64 = 1_800_000_000, pipeline: String = "p", keep: Int = 5
  ) throws -> (SnapshotManifest, isNew: Bool) {
    try filledWriter(documents: documents).publish(
      Self.description(created: created, pipeline: pipeline), keep: keep)
  }
}
