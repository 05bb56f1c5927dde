import Corpus
import Settings

/// A settings file of no program, with every type of setting in it.
struct SettingsSample: Sendable, Equatable {
  var title = "untitled"
  var isOn = true
  var count = 3
  var limit = 1_000_000
  var wait = 0.5
  var share = 0.02
  var color = Color.red
  var site: String?
  var folder: String?
  var model = "small"
  var words: [String] = []
  var scores: [String: Double] = [:]
  var key: Secret?
  var user = "nobody"

  enum Color: String, Sendable, CaseIterable { case red, green }

  private typealias Field = SettingsField<SettingsSample>

  static let definition = SettingsObject(
    initial: SettingsSample(),
    fields: [
      Field("title", \.title, .string(), "The title."),
      Field("is_on", \.isOn, .boolean, "Whether it is on."),
      Field("count", \.count, .integer(in: -5...5), "How many."),
      Field("limit", \.limit, .byteCount(in: 0...1_000_000_000), "How large."),
      Field("wait", \.wait, .duration(in: 0...60), shapesResult: false, "How long."),
      Field("share", \.share, .percentage, "How much."),
      Field("color", \.color, .choice(), "Which color."),
      Field("site", \.site, .webAddress, "Where."),
      Field("folder", \.folder, .path, "In which folder."),
      Field("model", \.model, .nameOrPath, "Which model."),
      Field("words", \.words, .list(of: .string(), count: 0...3), "Which words."),
      Field("scores", \.scores, .map(to: .percentage, count: 0...2), "Which scores."),
      Field(
        group: "login",
        [Field("user", \.user, .string(), "Who."), Field("api_key", \.key, .secret, "The key.")], "Who logs in."),
    ])

  static func parse(_ text: String, _ environment: [String: String] = [:]) throws -> SettingsSample {
    try definition.parse(Array(text.utf8), path: "/etc/acervo/s.yaml", environment: environment)
  }

  /// What is said about a text, as `text()` says it.
  static func complaint(_ text: String, _ environment: [String: String] = [:]) throws -> String {
    do {
      _ = try parse(text, environment)
      return "no complaint"
    } catch let error as SettingsErrors {
      return error.text()
    }
  }
}
