internal import Settings

/// How collections are followed.
public struct CollectionSettings: Sendable, Equatable {
  /// How often the folder is looked into where nothing tells of a change: seconds, 5 by default.
  public var poll = 5.0
  /// Public keys' files: only snapshots signed with one of them are served; none by default.
  public var requireSignature: [String] = []
  /// A cross-encoder that orders the best chunks anew: a name or a folder; none by default.
  public var rerank: String?

  /// The defaults.
  public init() {}

  private typealias Field = SettingsField<CollectionSettings>

  static let definition = SettingsObject(
    initial: CollectionSettings(),
    fields: [
      Field(
        "poll", \.poll, .duration(in: 1...3_600),
        "How often the folder is looked into where nothing tells of a change, as on network file systems."),
      Field(
        "require_signature", \.requireSignature, .list(of: .path, count: 1...20),
        "Public keys' files: only snapshots signed with one of them are served."),
      Field(
        "rerank", \.rerank, .nameOrPath,
        "A cross-encoder (name or folder) that reads the best chunks beside each question and orders them anew."),
    ])
}
