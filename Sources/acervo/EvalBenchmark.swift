internal import Connectors
internal import Corpus
internal import Evaluation
internal import FoundationEssentials
internal import Glibc
internal import HTTPClient
internal import Indexing
internal import Pipelines
internal import Retrieval
internal import Snapshots
internal import Synchronization
internal import Terminal

/// `acervo eval --beir`: a benchmark's corpus indexed as it is, its queries asked.
enum EvalBenchmark {
  static let beir = Option(
    "beir", "DIR", help: "A benchmark: corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv).")
  static let pipeline = Option(
    "pipeline", "PIPELINE",
    help: "With --beir: the pipeline file whose chunk, embed and index stages are used; the defaults otherwise.")
  static let keep = Option(
    "keep", "DIR", help: "With --beir: index there and leave it; a second run takes what has not changed from it.")

  static func run(
    _ folder: String, _ arguments: Arguments, depth: Int, isQuiet: Bool
  ) async throws -> EvaluationReport {
    let corpus = BenchmarkCorpus(try await read(folder), path: folder + "/corpus.jsonl")
    let kept = arguments[keep]
    let place = try kept ?? temporaryFolder()
    defer { if kept == nil { try? FileManager.default.removeItem(atPath: place) } }
    let settings = try pipeline(arguments, publishTo: place)
    try await index(corpus, settings, isQuiet: isQuiet)
    let set = corpus.set
    for note in set.notes { Output.notes.line("note: \(note)") }
    let snapshot = try CollectionFolder(snapshots: place, collection: settings.name).openCurrent()
    let (retriever, _) = try Collections.retriever(
      snapshot, startingAt: Inputs.workingFolder, rerank: arguments[Collections.rerank])
    let name = folder.split(separator: "/").last.map(String.init) ?? folder
    return try await EvalCommand.counting(set.judgements.count, isQuiet: isQuiet) { progress in
      try await set.run(
        retriever, name: name, depth: depth, id: { String($0.dropFirst(BenchmarkCorpus.scheme.count)) },
        progress: progress)
    }
  }

  private static func read(_ folder: String) async throws -> BenchmarkSet {
    var set = BenchmarkSet()
    let queries = folder + "/queries.jsonl"
    try await Inputs.forEachLine(queries) { try set.takeQuery($1, file: queries, number: $0) }
    let judgements =
      ["/qrels.tsv", "/qrels/test.tsv"].map { folder + $0 }.first { access($0, R_OK) == 0 } ?? folder + "/qrels.tsv"
    try await Inputs.forEachLine(judgements) { try set.takeJudgement($1, file: judgements, number: $0) }
    guard !set.judgements.isEmpty else {
      throw InputError(
        description:
          "\(judgements) judges no document above 0\n  mend: write query-id, corpus-id and score between tabs")
    }
    return set
  }

  private static func temporaryFolder() throws -> String {
    // mkdtemp writes letters of its own over the X's, so that no two runs share a folder.
    var template = Array((FileManager.default.temporaryDirectory.path + "/acervo-eval-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw InputError(
        description: "cannot make a temporary folder: \(String(cString: strerror(errno)))\n  mend: set TMPDIR",
        code: .cannotWrite)
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func pipeline(_ arguments: Arguments, publishTo place: String) throws -> PipelineFile {
    let source = SourceSettings(id: BenchmarkCorpus.name, kind: .folder(FolderSettings(path: place)))
    let publish = PublishSettings(to: place, keep: 1, toleratedFailures: 0, toleratedShrink: 1)
    guard let path = arguments[pipeline] else {
      return PipelineFile(
        path: Inputs.workingFolder + "/-", name: "benchmark", sources: [source], clean: CleanSettings(),
        chunk: ChunkSettings(), embed: EmbedSettings(), index: IndexSettings(), publish: publish)
    }
    var pipeline = try PipelineFile.read(path: path, environment: Inputs.environment)
    pipeline.name = "benchmark"
    pipeline.sources = [source]
    pipeline.publish = publish
    return pipeline
  }

  private static func index(_ corpus: BenchmarkCorpus, _ pipeline: PipelineFile, isQuiet: Bool) async throws {
    let progress = RunProgress()
    let embedders = try await IndexCommand.embedders(for: pipeline, client: HTTPClient())
    let text = ProgressText(progress)
    let line = ProgressLine(isQuiet: isQuiet) { text.line }
    defer { line.finish() }
    let report = try await Interruption.cancelling {
      try await IndexingRun(
        pipeline: pipeline, sources: [corpus], embedders: embedders,
        threads: ProcessInfo.processInfo.activeProcessorCount, progress: progress
      ).run()
    }
    if case .refused(let reason) = report.outcome {
      let failures = report.failures.prefix(5).map { "  \($0.url) (\($0.stage)): \($0.reason)\n" }.joined()
      throw InputError(description: "the corpus cannot be indexed: \(reason)\n\(failures)")
    }
  }
}

/// The documents of a benchmark as a source.
final class BenchmarkCorpus: Source {
  static let name = "corpus"
  /// Before a document's id stands this: an id alone need not be an address.
  static let scheme = "beir:"
  /// What stands for a missing title, in characters.
  private static let longestTitle = 80

  let id = BenchmarkCorpus.name
  private let state: Mutex<BenchmarkSet>
  private let path: String

  init(_ set: BenchmarkSet, path: String) {
    state = Mutex(set)
    self.path = path
  }

  /// The set, with the documents that were fetched.
  var set: BenchmarkSet { state.withLock { $0 } }

  func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    var known = Set(try memory.pages())
    try await Inputs.forEachLine(path) { number, line in
      try Task.checkCancellation()
      let document = try self.state.withLock { try $0.takeDocument(line, file: self.path, number: number) }
      known.remove(Self.scheme + document.id)
      try await emit(
        .document(
          Document(
            source: Self.name, url: Self.scheme + document.id, mediaType: .plainText, charset: "utf-8",
            body: Array(document.text.utf8), title: Self.title(of: document), access: .open), nil))
    }
    for url in known.sorted() { try await emit(.skipped(url: url, reason: "the corpus has no such document", .gone)) }
    return SourceListing()
  }

  /// A page without a title would be named after its address, which is an id here and says nothing.
  private static func title(of document: BenchmarkSet.Document) -> String? {
    if document.title.contains(where: { !$0.isWhitespace }) { return document.title }
    let words = document.text.prefix(longestTitle + 1).split(whereSeparator: \.isWhitespace)
    let whole = document.text.count > longestTitle && words.count > 1 ? words.dropLast() : words[...]
    return whole.isEmpty ? nil : whole.joined(separator: " ")
  }
}
