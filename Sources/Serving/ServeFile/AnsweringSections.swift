internal import Answering
internal import Corpus
internal import Settings

// The sections of the settings' file whose values stand where they are used.

extension AnswerSettings {
  private typealias Field = SettingsField<AnswerSettings>

  static let definition = SettingsObject(
    initial: AnswerSettings(),
    fields: [
      Field(
        "similarity", \.similarity, .decimal(in: 0...1),
        "Evidence that is less like the question, and has less than half of its words, is not shown to a model."),
      Field("history", \.historyTurns, .integer(in: 0...10), "How many turns of a conversation are used."),
      Field(
        "unsupported", \.unsupported, .choice(),
        "“mark” puts [?] behind a model's sentence that nothing supports, “drop” leaves it out."),
    ])
}

extension CacheSettings {
  private typealias Field = SettingsField<CacheSettings>

  static let definition = SettingsObject(
    initial: CacheSettings(),
    fields: [
      Field(
        "retrieval", \.retrievalBytes, .byteCount(in: 0...10_000_000_000),
        "What searches found, by snapshot and readers; 0 remembers nothing."),
      Field(
        "answers", \.answerBytes, .byteCount(in: 0...10_000_000_000), "Language models' answers; 0 remembers nothing."),
      Field(
        "answers_for", \.answerSeconds, .seconds(in: 1...86_400), "How long a language model's answer is given again."),
    ])
}

extension JournalSettings {
  private typealias Field = SettingsField<JournalSettings>

  static let definition = SettingsObject(
    initial: JournalSettings(path: ""),
    fields: [
      Field("path", \.path, .path, isRequired: true, "The journal's file; it is made when it is missing."),
      Field(
        "keep", \.retentionSeconds, .seconds(in: 3_600...(3_650 * 86_400)),
        "After which time a conversation that nobody went on with is removed."),
      Field(
        "size", \.bytes, .byteCount(in: 1_000_000...100_000_000_000),
        "How large all conversations together may become; the oldest go first."),
    ])
}

extension ProjectSettings {
  private typealias Field = SettingsField<ProjectSettings>

  static let definition = SettingsObject(
    initial: ProjectSettings(id: "", collection: ""),
    fields: [
      Field("id", \.id, .string(), isRequired: true, "What requests call it."),
      Field(
        "collection", \.collection, .string(), isRequired: true, "The collection that its evidence comes from."),
      Field(
        "models", \.models, .list(of: .string(), count: 1...20),
        "The models that are asked, by name or provider; all of them by default."),
      Field(
        "moderator", \.moderator, .string(),
        "Who makes one answer of theirs, by name or provider; the first model by default."),
      Field(
        "readers", \.readers, .list(of: .principal, count: 1...1_000),
        "Who may ask, as “user:ID” and “group:ID”; whoever may ask the service by default."),
    ])
}

extension SettingType where Value == Principal {
  /// `user:ID` or `group:ID`.
  static var principal: SettingType {
    SettingType<String>.string().mapped(
      { text, node, reader in
        if let principal = Principal(text) { return principal }
        reader.report(at: node, "\(reader.label) names nobody", mend: "write user:ID or group:ID")
        return nil
      }, back: { $0.name })
  }
}
