import AcervoTesting
import Corpus
import Embedding
import Foundation
import SearchIndexes
import Serving
import Snapshots
import Synchronization

/// A folder of collections that tests publish to.
final class PublishedHandbook: Sendable {
  let folder: TemporaryFolder
  private let clock = Mutex<Int64>(1_800_000_000)

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Publishes a version whose every page names it.
  ///
  /// - Returns: the snapshot's id.
  @discardableResult
  func publish(
    _ version: Int, collection: String = "handbook", embedder: HashingEmbedder = HashingEmbedder(),
    signedBy key: SigningKey? = nil, readers: AccessRule = .open
  ) async throws -> String {
    let writer = try SnapshotWriter(snapshots: folder.path, collection: collection)
    let sink: SectionSink = { try writer.put(section: $0, part: $1, $2) }
    var vectors = try VectorIndexWriter(dimensions: embedder.fingerprint.dimensions, sink: sink)
    let lexical = try LexicalIndexWriter(temporaryFolder: writer.temporaryFolder, sink: sink)
    let pages = [
      ("https://help.example/disk", "en", "The disk quota of version \(version) is \(version) gigabytes."),
      ("https://help.example/disco", "es", "La cuota de disco de la versión \(version) es de \(version) gigabytes."),
    ]
    for (url, language, text) in pages.sorted(by: { $0.0 < $1.0 }) {
      let document = DocumentRecord(
        url: url, source: "web", title: "Disk", language: language, hash: .of(text), access: readers,
        modified: 1_700_000_000)
      let chunk = Chunk(index: 0, range: TextRange(start: 0, end: text.utf8.count), text: text, headingPath: ["Quota"])
      try writer.append(document, chunks: [chunk])
      try vectors.append(try await embedder.embed([text], as: .document))
      try lexical.append(text: text, title: "Disk", headings: ["Quota"], language: language)
    }
    try vectors.finish()
    try lexical.finish()
    let created = clock.withLock { time in
      time += 1
      return time
    }
    let description = SnapshotDescription(
      pipeline: .of("p"), embedder: embedder.fingerprint, languages: ["en", "es"], created: created)
    let (manifest, _) = try writer.finish(description)
    try writer.publish(keep: 3, signedBy: key)
    return manifest.id
  }

  /// Starts a service over the folder on a free port.
  func serve(
    lines: HTTPServerTests.Lines = .init(), adminKey: AdminKey? = nil, authenticator: (any Authenticator)? = nil,
    _ change: (inout ServiceSettings) -> Void = { _ in }
  ) throws -> QueryService {
    var settings = ServiceSettings(snapshots: folder.path)
    settings.authenticator = authenticator ?? Authentication(adminKey: adminKey)
    settings.port = 0
    settings.pollSeconds = 60
    settings.limits.graceSeconds = 1
    change(&settings)
    return try QueryService(
      settings, embedders: EmbedderPool { _ in HashingEmbedder() }, log: ServiceLog { lines.add($0) })
  }
}
