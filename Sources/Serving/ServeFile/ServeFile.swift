public import Answering
public import Corpus
public import Settings

/// A service's settings file (`serve.yaml`), read, checked and completed with its defaults.
///
/// Each section stands in a file of its own in this folder: the value with its defaults, and the definition of its keys.
public struct ServeFile: Sendable {
  var version = 1
  /// The folder of the collections, absolute; nil when the command line has to say it.
  public var snapshots: String?
  /// Where the service is reached.
  public var listen = ListenSettings()
  /// How collections are followed.
  public var collections = CollectionSettings()
  /// Who may ask.
  public var authentication = AuthenticationSettings()
  /// What clients may ask of the service.
  public var limits = LimitSettings()
  /// Which web pages of other origins may read answers.
  public var crossOrigin = CrossOrigin()
  /// The language models that answer, the first one first; none: those that the environment names.
  public var models: [ModelEntry] = []
  /// How providers' vectors of questions are asked for; those that are not here are as the environment says.
  public var embeddings: [EmbeddingEntry] = []
  /// How questions are answered.
  public var answer = AnswerSettings()
  /// What can be asked of several models side by side.
  public var projects: [ProjectSettings] = []
  /// The collections whose rows answer questions.
  public var catalogues: [CatalogueSettings] = []
  /// Where conversations are kept; nil: nowhere.
  public var journal: JournalSettings?
  /// How much is remembered.
  public var caches = CacheSettings()
  /// Where traces go.
  public var traces = TraceSettings()
  /// What is kept out of questions and answers.
  public var moderation = Moderation()

  /// The defaults.
  public init() {}

  private typealias Field = SettingsField<ServeFile>

  static let definition = SettingsObject(
    initial: ServeFile(),
    fields: [
      Field(
        "acervo_serve", \.version, .formatVersion(1), isRequired: true, "The version of this file's format: 1."),
      Field(
        "snapshots", \.snapshots, .path, "The folder that pipelines publish to: one folder a collection."),
      Field("listen", \.listen, ListenSettings.definition.type, "Where the service is reached."),
      Field("collections", \.collections, CollectionSettings.definition.type, "How collections are followed."),
      Field("authentication", \.authentication, AuthenticationSettings.definition.type, "Who may ask."),
      Field("limits", \.limits, LimitSettings.definition.type, "What clients may ask of the service."),
      Field(
        "cors", \.crossOrigin, CrossOrigin.definition.type, "Which web pages of other origins may read answers."),
      Field(
        "models", \.models, .list(of: ModelEntry.definition.type, count: 0...20),
        "The language models that answer, the first one first; those that the environment names by default."),
      Field(
        "embeddings", \.embeddings, .list(of: EmbeddingEntry.definition.type, count: 0...20),
        "How the vectors of questions are asked for where snapshots name a provider's model; as the environment says "
          + "by default."),
      Field("answer", \.answer, AnswerSettings.definition.type, "How questions are answered."),
      Field(
        "projects", \.projects, .list(of: ProjectSettings.definition.type, count: 0...1_000),
        "What can be asked of several models side by side."),
      Field(
        "catalogues", \.catalogues, catalogueList,
        "Collections whose rows answer questions, and how these are understood."),
      Field("journal", \.journal, JournalSettings.definition.type, "Where conversations are kept; nowhere by default."),
      Field("caches", \.caches, CacheSettings.definition.type, "How much is remembered to be faster."),
      Field("traces", \.traces, TraceSettings.definition.type, "Where traces go."),
      Field(
        "moderation", \.moderation, Moderation.definition.type, "What is kept out of questions and answers."),
    ])

  private static var catalogueList: SettingType<[CatalogueSettings]> {
    .list(of: CatalogueSettings.definition.type, count: 0...100).checked { catalogues, node, reader in
      for (place, catalogue) in catalogues.enumerated()
      where catalogues[..<place].contains(where: { $0.collection == catalogue.collection }) {
        reader.report(
          at: node.elements[place], "the collection “\(catalogue.collection)” stands twice", mend: "keep one of them")
      }
      return catalogues
    }
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the file with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found, each with its place and how to mend it.
  public static func read(path: String, environment: [String: String]) throws(SettingsErrors) -> ServeFile {
    try definition.read(path: path, environment: environment)
  }

  /// Reads the text of a file.
  ///
  /// - Parameters:
  ///   - text: the whole file.
  ///   - path: where it is from, for messages and for the relative paths in it.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the file with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found.
  public static func parse(
    _ text: String, path: String, environment: [String: String]
  ) throws(SettingsErrors) -> ServeFile {
    try definition.parse(Array(text.utf8), path: path, environment: environment)
  }

  /// The JSON Schema (2020-12) of the file, made from the same definitions that read it.
  public static var jsonSchema: JSONValue {
    definition.jsonSchema(
      title: "Acervo service file, version 1", description: "Where the service listens, who may ask, and how much.")
  }
}
