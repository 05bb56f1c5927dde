public import HTTPClient
public import Pipelines

/// Makes the source that settings describe; nothing is read or sent yet.
///
/// - Parameters:
///   - settings: one entry of the pipeline file's `sources`.
///   - client: sends the requests of sources that need any.
///   - progress: told now and then how far the source is; nil for nobody.
/// - Returns: the source.
public func source(
  for settings: SourceSettings, client: HTTPClient, progress: (@Sendable (SourceProgress) -> Void)? = nil
) -> any Source {
  switch settings.kind {
  case .folder(let folder): FolderSource(id: settings.id, settings: folder, progress: progress)
  case .web(let web): WebSource(id: settings.id, settings: web, client: client, progress: progress)
  case .confluence(let confluence):
    ConfluenceSource(id: settings.id, settings: confluence, client: client, progress: progress)
  case .table(let table): TableSource(id: settings.id, settings: table, progress: progress)
  }
}
