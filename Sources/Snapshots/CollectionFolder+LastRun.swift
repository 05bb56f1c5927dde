public import Corpus

extension CollectionFolder {
  /// The file beside the snapshots in which the last run tells how it went.
  public static let lastRunName = "last-run.json"
  private static let longestReport = 4_000_000

  /// How the last run went, as `acervo index --json` prints it; nil where there is no report, or none that can be read.
  public var lastRun: JSONValue? {
    guard let bytes = try? FileSystem.read(path + "/" + Self.lastRunName, limit: Self.longestReport) else { return nil }
    return try? JSONValue(parsing: bytes, maximumDepth: 16)
  }
}
