internal import CKernels
internal import Corpus

extension BERTEncoder {
  /// Reads `model.safetensors` by what the folder's configuration files say.
  init(_ model: ModelFolder, config: JSONValue, vocabulary: Int) throws(EmbeddingError) {
    let configPath = model.path + "/config.json"
    func refused(_ message: String) -> EmbeddingError { EmbeddingError(path: configPath, message: message) }
    func number(_ name: String, _ range: ClosedRange<Int>) throws(EmbeddingError) -> Int {
      guard let value = config[name]?.int, range.contains(value) else {
        throw refused("`\(name)` is no number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    let width = try number("hidden_size", 1...8192)
    let inner = try number("intermediate_size", 1...32768)
    let depth = try number("num_hidden_layers", 1...128)
    heads = try number("num_attention_heads", 1...128)
    let places = try number("max_position_embeddings", 3...1 << 16)
    let types = try number("type_vocab_size", 1...1024)
    let words = try number("vocab_size", 1...1 << 24)
    guard width % heads == 0 else { throw refused("`hidden_size` is no multiple of `num_attention_heads`") }
    guard vocabulary <= words else {
      throw refused("`vocab_size` is \(words), but the tokenizer has \(vocabulary) pieces")
    }
    if let kind = config["position_embedding_type"]?.string, kind != "absolute" {
      throw refused("`position_embedding_type` \(kind) is not supported; supported is absolute")
    }
    switch config["hidden_act"]?.string ?? "gelu" {
    case "gelu": activation = Int32(ACERVO_GELU)
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": activation = Int32(ACERVO_GELU_TANH)
    case "relu": activation = Int32(ACERVO_RELU)
    case let name: throw refused("`hidden_act` \(name) is not supported; supported are gelu, gelu_new and relu")
    }
    epsilon = Float(config["layer_norm_eps"]?.double ?? 1e-12)
    dimensions = width
    innerWidth = inner
    self.vocabulary = words
    longest = try Self.longest(model, places)
    pooling = try Self.pooling(model)

    let file = try SafetensorsFile(path: model.path + "/model.safetensors")
    let prefix = file.entries["bert.embeddings.word_embeddings.weight"] != nil ? "bert." : ""
    func floats(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> Floats {
      try file.floats(prefix + name, shape)
    }
    /// Matrices [columns, depth] of one input, one after the other, in panels.
    func panels(_ names: [String], _ columns: Int, _ depth: Int) throws(EmbeddingError) -> Floats {
      var parts: [Floats] = []
      for name in names { parts.append(try floats(name + ".weight", [columns, depth])) }
      let joined = Floats(names.count == 1 ? 0 : names.count * columns * depth) { memory in
        guard memory.count > 0 else { return }
        let base = memory.bindMemory(to: Float.self)
        for (index, part) in parts.enumerated() {
          _ = UnsafeMutableBufferPointer(rebasing: base[(index * columns * depth)...])
            .update(fromContentsOf: UnsafeBufferPointer(start: part.base, count: part.count))
        }
      }
      let source = names.count == 1 ? parts[0] : joined
      return Floats(acervo_panel_floats(names.count * columns, depth)) { memory in
        acervo_pack_panels(
          source.base, depth, 1, names.count * columns, depth, memory.bindMemory(to: Float.self).baseAddress)
      }
    }
    self.words = try floats("embeddings.word_embeddings.weight", [words, width])
    positions = try floats("embeddings.position_embeddings.weight", [places, width])
    kinds = types
    self.types = try floats("embeddings.token_type_embeddings.weight", [types, width])
    norm = try floats("embeddings.LayerNorm.weight", [width])
    normBias = try floats("embeddings.LayerNorm.bias", [width])
    var layers: [Layer] = []
    for index in 0..<depth {
      let name = "encoder.layer.\(index)."
      let projections = ["query", "key", "value"].map { name + "attention.self." + $0 }
      var biases: [Floats] = []
      for projection in projections { biases.append(try floats(projection + ".bias", [width])) }
      let attentionBias = Floats(3 * width) { memory in
        let base = memory.bindMemory(to: Float.self)
        for (index, bias) in biases.enumerated() {
          for column in 0..<width { base[index * width + column] = bias.base[column] }
        }
      }
      layers.append(
        Layer(
          attention: try panels(projections, width, width), attentionBias: attentionBias,
          output: try panels([name + "attention.output.dense"], width, width),
          outputBias: try floats(name + "attention.output.dense.bias", [width]),
          norm: try floats(name + "attention.output.LayerNorm.weight", [width]),
          normBias: try floats(name + "attention.output.LayerNorm.bias", [width]),
          inner: try panels([name + "intermediate.dense"], inner, width),
          innerBias: try floats(name + "intermediate.dense.bias", [inner]),
          outer: try panels([name + "output.dense"], width, inner),
          outerBias: try floats(name + "output.dense.bias", [width]),
          finalNorm: try floats(name + "output.LayerNorm.weight", [width]),
          finalNormBias: try floats(name + "output.LayerNorm.bias", [width])))
    }
    self.layers = layers
    scratches = ScratchPool(kept: 8) { Scratch() }
  }

  /// Tokens that the model reads at once.
  private static func longest(_ model: ModelFolder, _ places: Int) throws(EmbeddingError) -> Int {
    let file = "sentence_bert_config.json"
    guard let length = try model.json(file)?["max_seq_length"]?.int else { return min(places, 512) }
    guard length >= 3 else {
      throw EmbeddingError(
        path: model.path + "/" + file, message: "`max_seq_length` \(length) leaves room for no token")
    }
    return min(length, places)
  }

  private static func pooling(_ model: ModelFolder) throws(EmbeddingError) -> Pooling {
    for module in try model.json("modules.json")?.array ?? [] {
      let type = module["type"]?.string?.split(separator: ".").last ?? ""
      guard ["Transformer", "Pooling", "Normalize"].contains(type) else {
        throw EmbeddingError(
          path: model.path + "/modules.json",
          message: "module \(type) is not supported; supported are Transformer, Pooling and Normalize")
      }
    }
    let file = "1_Pooling/config.json"
    guard let config = try model.json(file) else { return .mean }
    let modes = (config.members ?? []).filter { $0.name.hasPrefix("pooling_mode_") && $0.value.bool == true }
    switch modes.map(\.name) {
    // Divided by √n instead of n: the same vector once its length is 1.
    case ["pooling_mode_mean_tokens"], ["pooling_mode_mean_sqrt_len_tokens"]: return .mean
    case ["pooling_mode_cls_token"]: return .first
    case let names:
      throw EmbeddingError(
        path: model.path + "/" + file, message: "pooling \(names) is not supported; supported are mean and cls")
    }
  }
}
