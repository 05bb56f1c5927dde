public import Corpus
public import Settings

/// How documents are cleaned.
public struct CleanSettings: Sendable, Equatable {
  /// Which part of a page is kept.
  public enum Content: String, Sendable, Equatable, CaseIterable {
    /// The article without the page around it.
    case main
    /// Everything visible.
    case all
  }

  /// Which part of a page is kept; `main` by default.
  public var content: Content
  /// `rows` keeps tables row by row with the header repeated; `drop` leaves them out.
  public var tables: TableUse
  /// Whether code is kept; yes by default.
  public var keepsCode: Bool
  /// Whether links are kept beside the text; yes by default.
  public var keepsLinks: Bool

  /// Whether blocks that most pages of a site share are left out; `learn` by default.
  ///
  /// With `content: all` nothing is left out.
  public var templates: TemplateUse

  /// What becomes of blocks that most pages of a site share.
  public enum TemplateUse: String, Sendable, Equatable, CaseIterable {
    /// They are learned from all pages of a source and left out.
    case learn
    /// They stay.
    case off
  }

  /// What becomes of tables.
  public enum TableUse: String, Sendable, Equatable, CaseIterable {
    /// A block per row.
    case rows
    /// Nothing.
    case drop
  }

  /// Makes clean settings with the defaults.
  public init(
    content: Content = .main, tables: TableUse = .rows, keepsCode: Bool = true, keepsLinks: Bool = true,
    templates: TemplateUse = .learn
  ) {
    self.content = content
    self.tables = tables
    self.keepsCode = keepsCode
    self.keepsLinks = keepsLinks
    self.templates = templates
  }
}

/// How clean documents are cut.
public struct ChunkSettings: Sendable, Equatable {
  /// The way of cutting.
  public enum Method: String, Sendable, Equatable, CaseIterable {
    /// Along headings, blocks and sentences.
    case structure
    /// As LangChain's `RecursiveCharacterTextSplitter` does with its default separators.
    case recursive
  }

  /// What sizes count.
  public enum Unit: String, Sendable, Equatable, CaseIterable {
    /// Unicode scalars (what Python's `len` counts).
    case characters
    /// Tokens of the embedder's tokenizer.
    case tokens
  }

  /// The way of cutting; `structure` by default.
  public var by: Method
  /// The largest chunk; 2,000 by default.
  public var size: Int
  /// What neighbours share: by default nothing where chunks follow the structure, else a tenth of `size`.
  public var overlap: Int
  /// What `size` and `overlap` count.
  public var unit: Unit

  /// Makes chunk settings with the defaults.
  public init(by: Method = .structure, size: Int = 2000, overlap: Int? = nil, unit: Unit = .characters) {
    self.by = by
    self.size = size
    self.overlap = overlap ?? Self.overlap(by: by, size: size)
    self.unit = unit
  }

  /// What neighbours share where nothing is said: cuts along the structure tear little that both would need.
  public static func overlap(by method: Method, size: Int) -> Int { method == .structure ? 0 : size / 10 }
}

/// What makes the vectors.
public struct EmbedSettings: Sendable, Equatable {
  /// Who makes them.
  public enum Provider: String, Sendable, Equatable, CaseIterable {
    /// A model folder on this machine.
    case local
    /// OpenAI, and whatever speaks its interface.
    case openai
    /// Google's Gemini.
    case gemini
    /// Ollama.
    case ollama
    /// Jina AI.
    case jina
    /// Hugging Face's inference.
    case huggingface
    /// Nobody: the index is lexical only.
    case none

    /// Whether the vectors are asked for over the network.
    public var isRemote: Bool { self != .local && self != .none }
  }

  /// Who makes them; `local` by default.
  public var provider: Provider
  /// The model's name, or a path to its folder; `use-multilingual-v3` by default, and required of a provider.
  public var model: String
  /// A second model of this machine, whose vectors stand beside the first one's; none by default.
  public var also: String?
  /// The provider's address; nil: the environment's, or its usual one.
  public var url: String?
  /// The provider's key; nil: the environment's.
  public var apiKey: Secret?
  /// How long the provider's vectors are to be; nil: as the model makes them.
  public var dimensions: Int?
  /// How many texts are sent to the provider at a time; 50 by default.
  public var batch = 50
  /// What a million of the provider's tokens cost, in US dollars; nil where nobody said.
  public var price: Double?

  /// Makes embed settings with the defaults.
  public init(provider: Provider = .local, model: String = "use-multilingual-v3", also: String? = nil) {
    self.provider = provider
    self.model = model
    self.also = also
  }
}

/// A field that a pipeline declares: by it answers can be filtered.
public struct FieldSettings: Sendable, Equatable {
  /// What its values are.
  public var kind: FieldKind
  /// The name in a page's metadata (HTML's `<meta>`, a Markdown file's front matter) that its values are read from, in
  /// small letters; nil takes the field's own name.
  public var attribute: String?

  /// Makes a field.
  public init(kind: FieldKind, attribute: String? = nil) {
    self.kind = kind
    self.attribute = attribute
  }
}

/// What is indexed.
public struct IndexSettings: Sendable, Equatable {
  /// The languages whose stems and stop words the lexical index knows (BCP 47); `es` and `en` by default.
  public var languages: [String]
  /// Whether words are indexed beside vectors; yes by default.
  public var lexical: Bool
  /// How vectors are stored; `float32` by default.
  public var vectors: VectorFormat
  /// The fields that are read from pages, by name; none by default.
  public var fields: [String: FieldSettings]

  /// How vectors are stored.
  public enum VectorFormat: String, Sendable, Equatable, CaseIterable {
    /// As the embedder made them, four bytes a dimension.
    case float32
  }

  /// Makes index settings with the defaults.
  public init(
    languages: [String] = ["es", "en"], lexical: Bool = true, vectors: VectorFormat = .float32,
    fields: [String: FieldSettings] = [:]
  ) {
    self.fields = fields
    self.languages = languages
    self.lexical = lexical
    self.vectors = vectors
  }
}

/// Where snapshots go.
public struct PublishSettings: Sendable, Equatable {
  /// The folder of all collections, absolute.
  public var to: String
  /// How many snapshots stay; 5 by default.
  public var keep: Int
  /// The share of documents that may fail before nothing is published, 0 to 1; 0.02 by default.
  public var toleratedFailures: Double
  /// The share by which a source may shrink before nothing is published, 0 to 1; 0.2 by default.
  public var toleratedShrink: Double
  /// What the new snapshot has to answer before it becomes the current one; nil: nothing.
  public var gate: GateSettings?
  /// The private key that signs manifests (Ed25519, PEM); nil leaves them unsigned.
  public var signingKey: FileOrSecret?

  /// Makes publish settings with the defaults.
  public init(
    to: String, keep: Int = 5, toleratedFailures: Double = 0.02, toleratedShrink: Double = 0.2,
    gate: GateSettings? = nil, signingKey: FileOrSecret? = nil
  ) {
    self.to = to
    self.keep = keep
    self.toleratedFailures = toleratedFailures
    self.toleratedShrink = toleratedShrink
    self.gate = gate
    self.signingKey = signingKey
  }
}

/// What is remembered between runs.
public struct StateSettings: Sendable, Equatable {
  /// How long results stay that no page uses any more, in seconds; 30 days by default.
  public var keep: Double
  /// How large the state file may grow before unused results leave early, in bytes; 8 GB by default.
  public var limit: Int

  /// Makes state settings with the defaults.
  public init(keep: Double = 30 * 86_400, limit: Int = 8_000_000_000) {
    self.keep = keep
    self.limit = limit
  }
}
