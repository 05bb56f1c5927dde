internal import Answering
internal import Settings

// How questions about catalogues are understood: settings that stand where they are used.

extension CatalogueSettings {
  private typealias Field = SettingsField<CatalogueSettings>

  static let definition = SettingsObject(
    initial: CatalogueSettings(collection: ""),
    fields: [
      Field("collection", \.collection, .string(), isRequired: true, "The collection whose rows are the catalogue."),
      Field(
        "category", \.category, .string(needs: "a field's name"),
        "The field that groups items; by default category, categoria, type or tipo."),
      Field(
        "price", \.price, .string(needs: "a field's name"),
        "The field with what an item costs; by default price, precio, importe or amount."),
      Field(
        "currency", \.currency,
        .string(pattern: "^[A-Z]{3}$", needs: "a currency's code such as EUR") { text in
          text.utf8.count == 3 && text.utf8.allSatisfy { (0x41...0x5A).contains($0) }
        }, "The currency of prices (ISO 4217)."),
      Field(
        "shows", \.shows, .list(of: .string(needs: "a field's name"), count: 0...50),
        "The fields that answers show beside title and price; in details and comparisons all by default."),
      Field("items", \.items, .integer(in: 1...50), "How many items an answer lists at most."),
      Field(
        "likeness", \.likeness, .decimal(in: 0...1),
        "The cosine from which a question has the intent of an example sentence; 1 leaves examples out."),
      Field(
        "entities", \.entities, .map(to: EntitySettings.definition.type, count: 0...100),
        "What fields and their values are called in questions, by field."),
      Field(
        "intents", \.intents, .map(to: IntentSettings.definition.type, count: 0...100),
        "How intents are told, by name: \(CatalogueSettings.builtInIntents.joined(separator: ", ")), and others."),
    ])
}

extension EntitySettings {
  private typealias Field = SettingsField<EntitySettings>
  private static let words = SettingType<[String]>.list(of: .string(needs: "a word"), count: 1...200)

  static let definition = SettingsObject(
    initial: EntitySettings(),
    fields: [
      Field(
        "names", \.names, .map(to: words, count: 0...10), "The field's names by language (es, en), the first one shown."
      ),
      Field(
        "synonyms", \.synonyms, .map(to: words, count: 0...5_000),
        "Other words for a value, by the value as rows have it."),
      Field("units", \.units, words, "What stands behind a number of this field, such as GB."),
      Field("use", \.isUsed, .boolean, "Whether questions are matched against the field at all."),
    ])
}

extension IntentSettings {
  private typealias Field = SettingsField<IntentSettings>
  private static let wordRuns = SettingType<[String]>.list(
    of: .string(needs: "words, with at most three * that stand alone", isMatch: IntentSettings.isPattern),
    count: 1...200)
  private static let texts = SettingType<[String]>.list(of: .string(needs: "a text"), count: 1...200)

  static let definition = SettingsObject(
    initial: IntentSettings(),
    fields: [
      Field(
        "does", \.action, .choice(),
        "What is done; by default what the built-in intent of the name does, else “reply” with a reply, else “ask”."),
      Field(
        "patterns", \.patterns, wordRuns,
        "Words that follow each other in a question; * at a word's end is any ending, alone up to six words, ^ and $ tie to "
          + "the question's ends."),
      Field("examples", \.examples, texts, "Sentences that have the intent: questions that mean alike have it, too."),
      Field(
        "reply", \.reply, .map(to: .string(needs: "a text"), count: 0...10), "What is answered, by language (es, en)."),
      Field("replace", \.replaces, .boolean, "Whether the built-in patterns and examples of the name are left out."),
    ]
  ) { intent, node, reader in
    if intent.action == .reply, intent.reply.isEmpty {
      reader.report(at: node, "nothing is there to reply", mend: "add reply: { es: …, en: … }")
    }
  }
}
