public import Corpus

/// A sentence model of this machine.
///
/// It may be used from any number of threads at once; each uses one core. A text's vector has the same bits whatever
/// stands beside it in a batch, on whatever thread and instruction set.
public final class LocalEmbedder: Embedder {
  /// Changes when the numbers of the encoders do.
  static let codeVersion = 1

  /// Everything that decides the numbers.
  public let fingerprint: EmbedderFingerprint
  let tokenizer: any Tokenizer
  let encoder: any SentenceEncoder

  /// What a model is loaded for.
  public enum Use: Sendable {
    /// Many texts at a time: scratch memory that speeds this up is kept, some 30 MB a thread.
    case indexing
    /// Questions: all threads together keep some 20 MB, whatever was embedded before.
    case answering
  }

  /// Loads a model folder: `use-multilingual-v3`'s or any BERT-family sentence model's.
  ///
  /// - Parameters:
  ///   - folder: the model's folder.
  ///   - use: what it is loaded for; decides the memory that is kept, not the numbers.
  /// - Throws: `EmbeddingError` that names the file, what is wrong with it and the mend.
  public init(folder: String, for use: Use = .indexing) throws {
    let model = ModelFolder(path: folder)
    let configPath = folder + "/config.json"
    guard let config = try model.json("config.json") else {
      throw EmbeddingError(
        path: folder, message: "is no model folder: it holds no config.json; scripts/models gets the known models")
    }
    switch config["model_type"]?.string {
    case "use-multilingual-v3":
      func id(_ name: String) throws -> Int32 {
        guard let id = config[name]?.int, let id = Int32(exactly: id), id >= 0 else {
          throw EmbeddingError(path: configPath, message: "`\(name)` is no token id")
        }
        return id
      }
      let encoder = try UniversalSentenceEncoder(
        config: config, path: folder + "/weights.safetensors", configPath: configPath,
        records: use == .indexing ? TokenRecords.indexing : TokenRecords.answering)
      let tokenizer = try SentencePieceTokenizer(
        path: folder + "/sp.model", beginning: try id("bos_id"), end: try id("eos_id"), unknown: try id("unk_id"))
      // Ids index the table without a further check.
      guard
        try max(tokenizer.pieces, Int(id("bos_id")) + 1, Int(id("eos_id")) + 1, Int(id("unk_id")) + 1)
          <= encoder.rows
      else {
        throw EmbeddingError(path: folder, message: "sp.model has more pieces than weights.safetensors has rows")
      }
      self.encoder = encoder
      self.tokenizer = tokenizer
      fingerprint = EmbedderFingerprint(
        model: model.name, provider: "local", dimensions: encoder.dimensions,
        weights: try model.hash(of: "weights.safetensors"), tokenizer: try model.hash(of: "sp.model"),
        pooling: "sqrt-n", normalized: true, codeVersion: Self.codeVersion)
    case "bert":
      let tokenizer = try WordPieceTokenizer(model)
      let encoder = try BERTEncoder(model, config: config, vocabulary: tokenizer.size)
      self.encoder = encoder
      self.tokenizer = tokenizer
      let vocabulary = model.has("vocab.txt") ? "vocab.txt" : "tokenizer.json"
      fingerprint = EmbedderFingerprint(
        model: model.name, provider: "local", dimensions: encoder.dimensions,
        weights: try model.hash(of: "model.safetensors"), tokenizer: try model.hash(of: vocabulary),
        pooling: "\(encoder.pooling.rawValue), windows of \(encoder.longest)", normalized: true,
        codeVersion: Self.codeVersion)
    case let type:
      throw EmbeddingError(
        path: configPath,
        message: "model type \(type ?? "(none)") is not supported; supported are use-multilingual-v3 and bert")
    }
  }

  /// Embeds on the calling thread.
  public func encode(_ texts: [String], as role: EmbeddingRole) throws -> [Float] {
    encoder.encode(try texts.map { try tokenizer.ids($0) })
  }

  /// Embeds on the calling thread.
  public func embed(_ texts: [String], as role: EmbeddingRole) async throws -> [Float] {
    try encode(texts, as: role)
  }

  /// The tokens that a text takes, without the special ones around it: counts of parts can be added.
  public func tokenCount(_ text: Substring) -> Int {
    (try? max(0, tokenizer.ids(text).count - tokenizer.specialTokens)) ?? 0
  }

  /// Compares a model folder's files with the hashes that were noted when it was set up; reads them whole.
  ///
  /// - Throws: `EmbeddingError` that names the first file that differs.
  public static func verify(folder: String) throws {
    try ModelFolder(path: folder).verify()
  }
}
