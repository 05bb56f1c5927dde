internal import Corpus
internal import Settings
internal import Snapshots

extension IndexingRun {
  /// The key that a pipeline file names.
  ///
  /// What cannot be read is not shown: a variable that was to hold the key may hold it in another form.
  static func signingKey(_ source: FileOrSecret) throws -> SigningKey {
    switch source {
    case .content(let pem): return try SigningKey(pem: Array(pem.reveal.utf8), name: "publish.sign.key")
    case .file(let path):
      do {
        return try SigningKey(file: path)
      } catch {
        throw IndexingError(
          .settings,
          "the file that publish.sign.key names cannot be read, or holds no private Ed25519 key in PEM form\n"
            + "  mend: make it with “acervo snapshots keygen”, or let the variable hold the whole PEM text")
      }
    }
  }
}
