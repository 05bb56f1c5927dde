internal import Corpus
internal import Settings

/// A pipeline file while it is being read, and the definition of its keys.
struct PipelineDraft: Sendable {
  var version = 1
  var name = ""
  var stages = Stages()
  var publish = PublishSettings(to: "")
  var schedule: ScheduleSettings?
  var state = StateSettings()

  struct Stages: Sendable {
    var sources: [SourceDraft] = []
    var clean = CleanSettings()
    var chunk = ChunkSettings()
    var embed = EmbedSettings()
    var index = IndexSettings()
  }

  private typealias Field = SettingsField<PipelineDraft>

  static let definition = SettingsObject(
    initial: PipelineDraft(),
    fields: [
      Field(
        "acervo", \.version, .formatVersion(1), isRequired: true, "The version of this file's format: 1."),
      Field(
        "name", \.name,
        .string(
          pattern: "^[a-z0-9-]{1,64}$", needs: "a name of 1 to 64 small letters, digits and hyphens",
          isMatch: isCollectionName), isRequired: true,
        "The collection's name, and the folder of its snapshots below “publish.to”."),
      Field(
        "stages", \.stages, Stages.definition.steps(called: "stage"), isRequired: true,
        "What happens to a page, in this order: fetch, clean, chunk, embed, index."),
      Field(
        "publish", \.publish, PublishSettings.definition.type, isRequired: true,
        "Where snapshots go, and when they must not."),
      Field(
        "state", \.state, StateSettings.definition.type, "What is remembered between runs, beside the snapshots."),
      Field(
        "schedule", \.schedule, ScheduleSettings.type, shapesResult: false,
        "When “acervo schedule” indexes: a cron expression such as \"0 */6 * * *\", or a mapping with more."),
    ])

  @Sendable private static func isCollectionName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || $0 == UInt8(ascii: "-")
      }
  }
}

extension PipelineDraft.Stages {
  private typealias Field = SettingsField<PipelineDraft.Stages>

  static let definition = SettingsObject(
    initial: PipelineDraft.Stages(),
    fields: [
      Field(
        group: "fetch",
        [
          Field(
            "sources", \.sources, sources, isRequired: true, "The folders, sites and spaces that pages come from.")
        ], isRequired: true, "Where pages come from."),
      Field("clean", \.clean, CleanSettings.definition.type, "What of a page is kept."),
      Field(
        "chunk", \.chunk, ChunkSettings.definition.type, isRequired: true, "How pages are cut."),
      Field(
        "embed", \.embed, EmbedSettings.definition.type, isRequired: true, "What makes the vectors."),
      Field(
        "index", \.index, IndexSettings.definition.type, isRequired: true, "What is indexed."),
    ],
    check: { stages, node, reader in
      func stage(_ name: String) -> SettingsNode { node.elements.compactMap { $0[name] }.first ?? node }
      checkKinds(stages, stage("fetch")["sources"]?.elements ?? [], &reader)
      guard stages.embed.provider == .none else { return }
      if stages.chunk.unit == .tokens {
        reader.report(
          at: stage("chunk")["unit"] ?? stage("chunk"), "“unit” is tokens, but no embedder is there to count them",
          mend: "write unit: characters, or name an embedder")
      }
      if !stages.index.lexical {
        reader.report(
          at: stage("index")["lexical"] ?? stage("index"), "nothing would be indexed: neither words nor vectors",
          mend: "write lexical: true, or name an embedder")
      }
    })

  /// A field is of one kind in the whole collection.
  private static func checkKinds(
    _ stages: PipelineDraft.Stages, _ nodes: [SettingsNode], _ reader: inout SettingsReader
  ) {
    var known = stages.index.fields.mapValues { (kind: $0.kind, place: "“index”") }
    for (source, node) in zip(stages.sources, nodes) {
      for (name, field) in (source.table?.fields ?? [:]).sorted(by: { $0.key < $1.key }) {
        let first = known[name, default: (field.kind, "the source “\(source.id)”")]
        known[name] = first
        guard first.kind != field.kind, let fields = node["table"]?["fields"] else { continue }
        reader.report(
          atKey: name, of: fields,
          "“\(name)” is a \(first.kind.rawValue) in \(first.place), not a \(field.kind.rawValue)",
          mend: "write type: \(first.kind.rawValue), or choose another name")
      }
    }
  }

  private static var sources: SettingType<[SourceDraft]> {
    .list(of: SourceDraft.definition.type, count: 1...1000).checked { sources, node, reader in
      var nodes: [String: SettingsNode] = [:]
      for (source, element) in zip(sources, node.elements) {
        guard let id = element["id"] else { continue }
        if let first = nodes[source.id] {
          reader.report(
            at: id, "two sources have the id “\(source.id)”, the first on line \(reader.line(of: first))",
            mend: "give each source an id of its own")
        } else {
          nodes[source.id] = id
        }
      }
      return sources
    }
  }
}

extension CleanSettings {
  private typealias Field = SettingsField<CleanSettings>

  static let definition = SettingsObject(
    initial: CleanSettings(),
    fields: [
      Field(
        "content", \.content, .choice(),
        "“main” keeps the article without the page around it, “all” everything visible."),
      Field(
        "tables", \.tables, .choice(),
        "“rows” keeps tables row by row with their header repeated, “drop” leaves them out."),
      Field(
        "code", \.keepsCode, keepOrDrop, "“keep” keeps code verbatim, “drop” leaves it out."),
      Field(
        "links", \.keepsLinks, keepOrDrop, "“keep” keeps links beside the text, “drop” leaves them out."),
      Field(
        "templates", \.templates, .choice(),
        "“learn” leaves out what most pages of a site share, “off” keeps it; of content “all” nothing is left out."),
    ])

  private static var keepOrDrop: SettingType<Bool> {
    .choice([(word: "keep", value: true), (word: "drop", value: false)])
  }
}

extension ChunkSettings {
  private typealias Field = SettingsField<ChunkSettings>

  static let definition = SettingsObject(
    initial: ChunkSettings(),
    fields: [
      Field(
        "by", \.by, .choice(),
        "“structure” cuts along headings, blocks and sentences; “recursive” as LangChain's recursive splitter does."),
      Field("size", \.size, .integer(in: 1...1_000_000), "The largest chunk, in “unit”s."),
      Field(
        "overlap", \.overlap, .integer(in: 0...1_000_000),
        "What neighbours share, in “unit”s; by default nothing with “structure”, a tenth of “size” with “recursive”."),
      Field(
        "unit", \.unit, .choice(), "What sizes count: Unicode characters, or tokens of the embedder's tokenizer."),
    ],
    check: { chunk, node, reader in
      guard let overlap = node["overlap"] else {
        chunk.overlap = ChunkSettings.overlap(by: chunk.by, size: chunk.size)
        return
      }
      if chunk.overlap >= chunk.size {
        reader.report(
          at: overlap, "“overlap” (\(chunk.overlap)) must be smaller than “size” (\(chunk.size))",
          mend: "write a smaller overlap, such as \(chunk.size / 10), or leave it out")
      }
    })
}

extension EmbedSettings {
  private typealias Field = SettingsField<EmbedSettings>

  static let definition = SettingsObject(
    initial: EmbedSettings(),
    fields: [
      Field(
        "provider", \.provider, .choice(),
        "Who makes the vectors: “local” is a model on this machine, “none” indexes words only, the others are asked over "
          + "the network."),
      Field("model", \.model, .nameOrPath, "The model's name, or the path of its folder."),
      Field(
        "also", \.also, .nameOrPath,
        "A second local model, by name or path: both models' vectors are searched, each weighed by what it can know."),
      Field(
        "url", \.url, .webAddress, shapesResult: false, "The provider's address, if not its usual one."),
      Field(
        "api_key", \.apiKey, .secret, shapesResult: false,
        "The provider's key, as ${NAME}; the provider's own variable, such as OPENAI_API_KEY, is read without it."),
      Field(
        "dimensions", \.dimensions, .integer(in: 1...65_536),
        "How long the provider's vectors are to be, if it lets one choose."),
      Field(
        "batch", \.batch, .integer(in: 1...2048), shapesResult: false,
        "How many texts are sent to the provider at a time; 50 by default."),
      Field(
        "price", \.price, .decimal(in: 0...1_000_000), shapesResult: false,
        "What a million of the provider's tokens cost in US dollars, for the reports of runs and plans."),
    ],
    check: { embed, node, reader in
      checkProvider(embed, node, &reader)
      guard let also = embed.also, let place = node["also"] else { return }
      if embed.provider == .none {
        reader.report(
          at: place, "“also” names a second model, but provider: none asks for no first one",
          mend: "leave “also” out, or write provider: local")
      } else if embed.provider.isRemote {
        reader.report(
          at: place, "“also” names a second local model, but the first one is not of this machine",
          mend: "leave “also” out, or write provider: local")
      } else if also.split(separator: "/").last == embed.model.split(separator: "/").last {
        reader.report(
          at: place, "“also” names the model that “model” names already",
          mend: "name another model, such as all-MiniLM-L6-v2, or leave it out")
      }
    })
}

extension EmbedSettings {
  /// A provider needs a model's name; what only a provider has is of no use without one.
  private static func checkProvider(_ embed: EmbedSettings, _ node: SettingsNode, _ reader: inout SettingsReader) {
    if embed.provider.isRemote {
      if node["model"] == nil {
        reader.report(
          at: node["provider"] ?? node, "the provider “\(embed.provider.rawValue)” needs to know which model",
          mend: "add model:, such as \(example(of: embed.provider))")
      }
      return
    }
    for name in ["url", "api_key", "dimensions", "batch", "price"] {
      guard let place = node[name] else { continue }
      reader.report(
        at: place, "“\(name)” is a provider's, but provider: \(embed.provider.rawValue) asks none",
        mend: "leave it out, or name a provider")
    }
  }

  private static func example(of provider: Provider) -> String {
    switch provider {
    case .gemini: "gemini-embedding-001"
    case .ollama: "nomic-embed-text"
    case .jina: "jina-embeddings-v3"
    case .huggingface: "intfloat/multilingual-e5-large"
    case .openai, .local, .none: "text-embedding-3-small"
    }
  }
}

extension PublishSettings {
  private typealias Field = SettingsField<PublishSettings>

  static let definition = SettingsObject(
    initial: PublishSettings(to: ""),
    fields: [
      Field("to", \.to, .path, isRequired: true, "The folder of all collections' snapshots."),
      Field("keep", \.keep, .integer(in: 1...1000), "How many snapshots stay."),
      Field(
        group: "tolerate",
        [
          Field(
            "failed", \.toleratedFailures, .percentage,
            "The share of pages that may fail; above it nothing is published."),
          Field(
            "shrink", \.toleratedShrink, .percentage,
            "The share by which a source may shrink; above it nothing is published."),
        ], "What a run may lose before it refuses to publish."),
      Field(
        "gate", \.gate, GateSettings.definition.type, shapesResult: false,
        "Questions that the new snapshot must answer before it is published."),
      Field(
        group: "sign",
        [
          Field(
            "key", \.signingKey, .fileOrSecret { $0.contains("-----BEGIN") },
            "The private key (Ed25519, PEM) that “acervo snapshots keygen” made: its path, or ${NAME} that holds a "
              + "path or the key itself.")
        ], "How manifests are signed; without it they are not."),
    ])
}

extension StateSettings {
  private typealias Field = SettingsField<StateSettings>

  static let definition = SettingsObject(
    initial: StateSettings(),
    fields: [
      Field(
        "keep", \.keep, .duration(in: 0...315_360_000),
        "How long results stay that no page uses any more, for settings and pages that come back."),
      Field(
        "limit", \.limit, .byteCount(in: 16_777_216...1_099_511_627_776),
        "How large the state file may grow before unused results leave early, the oldest first."),
    ])
}
