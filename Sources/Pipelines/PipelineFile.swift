public import Corpus
internal import Settings

/// A pipeline file, read, checked and completed with its defaults.
///
/// The stages of version 1 always stand in one order, so a file has one value per stage instead of a list.
public struct PipelineFile: Sendable, Equatable {
  /// Where the file was read from, as the user gave it.
  public var path: String
  /// The collection's name.
  public var name: String
  /// Where documents come from; at least one.
  public var sources: [SourceSettings]
  /// How documents are cleaned.
  public var clean: CleanSettings
  /// How clean documents are cut.
  public var chunk: ChunkSettings
  /// What makes the vectors.
  public var embed: EmbedSettings
  /// What is indexed.
  public var index: IndexSettings
  /// Where snapshots go.
  public var publish: PublishSettings
  /// What is remembered between runs.
  public var state: StateSettings
  /// When it is run by itself; nil for never.
  public var schedule: ScheduleSettings?

  /// Makes a pipeline file from settings.
  public init(
    path: String, name: String, sources: [SourceSettings], clean: CleanSettings, chunk: ChunkSettings,
    embed: EmbedSettings, index: IndexSettings, publish: PublishSettings, state: StateSettings = StateSettings(),
    schedule: ScheduleSettings? = nil
  ) {
    self.path = path
    self.name = name
    self.sources = sources
    self.clean = clean
    self.chunk = chunk
    self.embed = embed
    self.index = index
    self.publish = publish
    self.state = state
    self.schedule = schedule
  }
}

extension PipelineFile {
  /// Reads a pipeline file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the file with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found, each with its place and how to mend it.
  public static func read(path: String, environment: [String: String]) throws -> PipelineFile {
    let draft = try PipelineDraft.definition.read(path: path, environment: environment)
    return PipelineFile(draft, path: path)
  }

  /// Reads the text of a pipeline file.
  ///
  /// - Parameters:
  ///   - text: the whole file.
  ///   - path: where it is from, for messages and for the relative paths in it.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the file with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found, each with its place and how to mend it.
  public static func parse(_ text: String, path: String, environment: [String: String]) throws -> PipelineFile {
    try parse(Array(text.utf8), path: path, environment: environment)
  }

  /// Reads the bytes of a pipeline file, for instance from standard input.
  ///
  /// - Parameters:
  ///   - bytes: the whole file; UTF-8.
  ///   - path: where it is from, for messages and for the relative paths in it.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the file with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found, each with its place and how to mend it.
  public static func parse(_ bytes: [UInt8], path: String, environment: [String: String]) throws -> PipelineFile {
    let draft = try PipelineDraft.definition.parse(bytes, path: path, environment: environment)
    return PipelineFile(draft, path: path)
  }

  private init(_ draft: PipelineDraft, path: String) {
    self.init(
      path: path, name: draft.name, sources: draft.stages.sources.compactMap(\.settings), clean: draft.stages.clean,
      chunk: draft.stages.chunk, embed: draft.stages.embed, index: draft.stages.index, publish: draft.publish,
      state: draft.state, schedule: draft.schedule)
  }

  /// The JSON Schema (2020-12) of a pipeline file, made from the same definitions that read it.
  public static var jsonSchema: JSONValue {
    PipelineDraft.definition.jsonSchema(
      title: "Acervo pipeline file, version 1",
      description: "Where pages come from, how they become an index, and where its snapshots go.")
  }
}
