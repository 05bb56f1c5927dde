internal import Settings

/// An Atlassian Forge app whose users and functions may ask.
public struct ForgeSettings: Sendable, Equatable {
  /// Where Atlassian publishes the keys that invocation tokens are signed with.
  public static let atlassianKeys = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json"

  /// The app's id: `ari:cloud:ecosystem::app/…`.
  public var app = ""
  /// Installations that are let in: `ari:cloud:ecosystem::installation/…`.
  public var installations: [String] = []
  /// Sites that are let in, by cloud id.
  public var sites: [String] = []
  /// Environments of the app that are let in; production alone by default.
  public var environments = ["PRODUCTION"]
  /// Seconds that clocks may differ by, 10 by default: tokens live 25 seconds.
  public var leeway = 10.0
  /// What happens to a token that is shown again; it is counted by default.
  public var repeated = Repeated.count
  /// Where the keys are.
  public var keys = atlassianKeys

  /// What happens to a token that is shown again while it lives.
  public enum Repeated: String, Sendable, CaseIterable {
    /// It is counted.
    case count
    /// It is counted and not believed.
    case refuse
  }

  /// The defaults, which let nobody in.
  public init() {}

  private typealias Field = SettingsField<ForgeSettings>

  static let definition = SettingsObject(
    initial: ForgeSettings(),
    fields: [
      Field(
        "app", \.app,
        .string(
          pattern: "^ari:cloud:ecosystem::app/.+$", needs: "the app's id, “ari:cloud:ecosystem::app/…”",
          isMatch: { $0.hasPrefix("ari:cloud:ecosystem::app/") && $0.utf8.count > 25 }), isRequired: true,
        "The id of the app, as in its manifest: the audience that tokens must name."),
      Field(
        "installations", \.installations, .list(of: .string(), count: 1...10_000),
        "Installations that are let in: “ari:cloud:ecosystem::installation/…”."),
      Field("sites", \.sites, .list(of: .string(), count: 1...10_000), "Sites that are let in, by their cloud id."),
      Field(
        "environments", \.environments,
        .list(
          of: .choice(["PRODUCTION", "STAGING", "DEVELOPMENT"].map { (word: $0, value: $0) }), count: 1...3),
        "Environments of the app that are let in."),
      Field("leeway", \.leeway, .duration(in: 0...30), "How far clocks may differ; tokens live 25 seconds."),
      Field(
        "repeated", \.repeated, .choice(),
        "“count” counts tokens that are shown again, “refuse” does not believe them either: not for apps that use "
          + "requestRemote, which shows one several times."),
      Field("keys", \.keys, .keysAddress, "Where the keys of invocation tokens are."),
    ],
    check: { forge, node, reader in
      guard forge.installations.isEmpty, forge.sites.isEmpty else { return }
      reader.report(
        at: node, "“forge” lets no installation in",
        mend: "list “installations”, “sites” (cloud ids), or both: then a token has to fit both")
    })
}
