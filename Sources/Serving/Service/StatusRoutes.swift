internal import Corpus
internal import Embedding
internal import Glibc
internal import Retrieval
internal import Snapshots

/// What machines and operators ask about the service itself.
struct StatusRoutes: Sendable {
  let desk: AnswerDesk
  let journal: Journal?
  private var store: CollectionStore { desk.store }
  let metrics: Metrics

  var all: [Route] { [health, ready, collections, metricsText] }

  private static let status = JSONSchema.object([.required("status", .text, "“ok”.")])

  private var health: Route {
    let answer = ServerResponse.json(["status": .string("ok")])
    return Route(
      "GET", "/health", name: "health", summary: "Says that the process lives.", scope: .open,
      result: ("application/json", Self.status), handler: .immediate { _ in answer })
  }

  private var ready: Route {
    Route(
      "GET", "/ready", name: "ready", summary: "Says whether questions can be answered.", scope: .open,
      result: ("application/json", Self.status), failures: [(503, "Nothing is loaded yet.")],
      handler: .immediate { [store] _ in
        guard store.isReady else {
          throw RequestFailure(503, "No collection is loaded yet.", headers: [.init("Retry-After", "1")])
        }
        return .json(["status": .string("ok")])
      })
  }

  private var collections: Route {
    let many = 0...1_000_000_000
    let collection = JSONSchema.object([
      .required("name", .text, "The collection's name."),
      .required("snapshot", .text, "The snapshot that answers now."),
      .required("parent", .nullable(.text), "The snapshot that it replaced when it was published."),
      .required("created", .text, "When it was published (RFC 3339, UTC)."),
      .required("age_seconds", .integer(0...Int(Int32.max)), "How long ago that was."),
      .required("documents", .integer(many), "How many documents the caller may read."),
      .required("chunks", .integer(many), "How many chunks these have."),
      .required("languages", .array(of: .text, count: 0...1_000), "The languages of the word index."),
      .required(
        "fields", .map(of: .text, maximum: 1_000), "What filters can name, each “keyword”, “number” or “date”."),
      .required(
        "embedder",
        .nullable(
          .object([
            .required("model", .text, "The model's name."), .required("provider", .text, "Who runs it."),
            .required("dimensions", .integer(1...1_000_000), "The length of its vectors."),
          ])), "The model of its vectors; null for a word index alone."),
    ])
    // Why stands in the log: an error names files, which is nothing for whoever may ask.
    let refused = JSONSchema.object([
      .required("name", .text, "The collection's name."),
      .required("snapshot", .text, "The snapshot that was refused; the one before answers."),
    ])
    return Route(
      "GET", "/collections", name: "collections", summary: "Lists the collections.", scope: .ask,
      result: (
        "application/json",
        .object([
          .required("collections", .array(of: collection, count: 0...1_000), "In the order of names."),
          .required("refused", .array(of: refused, count: 0...1_000), "Published, but not fit to answer."),
        ])
      ),
      handler: .immediate { [store] request in
        let refused = store.refused.map { refusal -> JSONValue in
          ["name": .string(refusal.collection), "snapshot": .string(refusal.snapshot)]
        }
        let collections = try store.served.map { try json($0, for: request.caller) }
        return .json(["collections": .array(collections), "refused": .array(refused)])
      })
  }

  private func json(_ served: ServedSnapshot, for caller: Caller) throws -> JSONValue {
    let manifest = served.manifest
    let audience = try served.retriever.audience(of: caller.principals)
    let fields = served.fields.sorted { $0.key < $1.key }
    return [
      "name": .string(manifest.collection), "snapshot": .string(manifest.id),
      "parent": manifest.parent.map { .string($0) } ?? .null,
      "created": .string(Moment.text(manifest.created)), "age_seconds": .integer(age(of: manifest.created)),
      "documents": .integer(Int64(audience.documents)), "chunks": .integer(Int64(audience.chunks)),
      "languages": .array(manifest.languages.map { .string($0) }),
      "fields": .object(fields.map { .init($0.key, .string($0.value.rawValue)) }),
      "embedder": manifest.embedder.map {
        [
          "model": .string($0.model), "provider": .string($0.provider), "dimensions": .integer(Int64($0.dimensions)),
        ]
      } ?? .null,
    ]
  }

  private func age(of created: Int64) -> Int64 { max(0, Int64(time(nil)) - created) }

  private var metricsText: Route {
    Route(
      "GET", "/metrics", name: "metrics", summary: "Counts what happened, for Prometheus.", scope: .metrics,
      result: ("text/plain", .text),
      handler: .immediate { [store, desk, journal, metrics] _ in
        let served = store.served
        let remembered = store.rememberedVectors
        let gauges: [Metrics.Family] = [
          .init(
            "acervo_snapshot_info", .gauge, "The snapshot that answers for a collection.",
            served.map { ([("collection", $0.manifest.collection), ("snapshot", $0.manifest.id)], 1) }),
          .init(
            "acervo_snapshot_age_seconds", .gauge, "How long ago it was published.",
            served.map { ([("collection", $0.manifest.collection)], Double(age(of: $0.manifest.created))) }),
          .init(
            "acervo_snapshot_chunks", .gauge, "How many chunks it has.",
            served.map { ([("collection", $0.manifest.collection)], Double($0.manifest.chunks)) }),
          .init(
            "acervo_embedding_memory_hits_total", .counter, "Texts whose vector was remembered.",
            remembered.map { ([("model", $0.model)], Double($0.counts.hits)) }),
          .init(
            "acervo_embedding_memory_misses_total", .counter, "Texts that had to be embedded.",
            remembered.map { ([("model", $0.model)], Double($0.counts.misses)) }),
          .init(
            "acervo_embedding_memory_bytes", .gauge, "What is remembered takes about so many bytes.",
            remembered.map { ([("model", $0.model)], Double($0.counts.bytes)) }),
          .init(
            "process_resident_memory_bytes", .gauge, "Resident memory, mapped files included.",
            [([], Double(ProcessStatus.residentBytes))]),
          .init("process_open_fds", .gauge, "Open file descriptors.", [([], Double(ProcessStatus.openDescriptors))]),
        ]
        return .text(
          metrics.text(gauges: gauges + Self.memories(desk) + Self.kept(journal)),
          contentType: "text/plain; version=0.0.4; charset=utf-8")
      })
  }
}

extension StatusRoutes {
  /// What was remembered and what had to be made.
  private static func memories(_ desk: AnswerDesk) -> [Metrics.Family] {
    let memories = [("retrieval", desk.finder.counts), ("answers", desk.counts)]
    return [
      .init(
        "acervo_memory_hits_total", .counter, "What was remembered, by what it is.",
        memories.map { ([("memory", $0.0)], Double($0.1.hits)) }),
      .init(
        "acervo_memory_misses_total", .counter, "What had to be made, by what it is.",
        memories.map { ([("memory", $0.0)], Double($0.1.misses)) }),
      .init(
        "acervo_memory_bytes", .gauge, "What is remembered takes about so many bytes.",
        memories.map { ([("memory", $0.0)], Double($0.1.bytes)) }),
    ]
  }

  /// What the journal keeps; nothing where there is none.
  private static func kept(_ journal: Journal?) -> [Metrics.Family] {
    guard let counts = journal?.counts else { return [] }
    return [
      .init(
        "acervo_journal_turns_total", .counter, "Turns of conversations, by what became of them.",
        [([("outcome", "kept")], Double(counts.written)), ([("outcome", "failed")], Double(counts.failed))]),
      .init(
        "acervo_journal_removed_total", .counter, "Conversations that were removed.", [([], Double(counts.removed))]),
      .init("acervo_journal_bytes", .gauge, "What is kept, in bytes.", [([], Double(counts.bytes))]),
    ]
  }
}

/// What the kernel knows of this process.
enum ProcessStatus {
  /// How many cores there are to work on.
  static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Pages in memory, from `/proc/self/statm`; 0 where it cannot be read.
  static var residentBytes: Int {
    guard let file = fopen("/proc/self/statm", "re") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
  }

  /// How many descriptors are open; 0 where `/proc` is not there.
  static var openDescriptors: Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Not `.`, `..` and the folder itself.
    return max(0, count - 3)
  }
}
