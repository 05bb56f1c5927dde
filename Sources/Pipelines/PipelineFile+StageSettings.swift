public import Corpus
internal import Settings

/// Everything in a pipeline file that decides a stage's results, as canonical JSON.
///
/// Paths, secrets and what only changes speed or patience are left out, so that the same pipeline has the same form on
/// every machine. Memo keys and the manifest's pipeline hash are made from it.
public struct StageSettings: Sendable, Equatable {
  /// One value per source, under its id, in the order of the file.
  public var fetch: [JSONValue.Member]
  /// How documents are cleaned.
  public var clean: JSONValue
  /// How clean documents are cut.
  public var chunk: JSONValue
  /// What makes the vectors; the weights themselves are known by the embedder's fingerprint.
  public var embed: JSONValue
  /// What is indexed.
  public var index: JSONValue

  /// All stages in one object.
  public var json: JSONValue {
    ["fetch": .object(fetch), "clean": clean, "chunk": chunk, "embed": embed, "index": index]
  }

  /// The hash of the JSON text: the manifest's pipeline hash.
  public var hash: ContentHash { ContentHash.of(json.bytes) }
}

extension PipelineFile {
  /// The canonical form of every stage's settings.
  public var stageSettings: StageSettings {
    StageSettings(
      fetch: sources.map { source in
        let settings: JSONValue =
          switch source.kind {
          case .folder(let folder): ["folder": FolderSettings.definition.canonicalJSON(folder)]
          case .web(let web): ["web": WebSettings.definition.canonicalJSON(web)]
          case .confluence(let confluence): ["confluence": ConfluenceSettings.definition.canonicalJSON(confluence)]
          case .table(let table): ["table": TableSettings.definition.canonicalJSON(table)]
          }
        return .init(source.id, settings)
      }, clean: CleanSettings.definition.canonicalJSON(clean), chunk: ChunkSettings.definition.canonicalJSON(chunk),
      embed: EmbedSettings.definition.canonicalJSON(embed), index: IndexSettings.definition.canonicalJSON(index))
  }
}
