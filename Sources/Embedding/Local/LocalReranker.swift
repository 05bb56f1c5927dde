internal import Corpus
internal import Glibc

/// A cross-encoder of this machine: a BERT model that reads question and passage together and gives one number.
///
/// The folder is that of a `BertForSequenceClassification` with one label, as sentence-transformers' cross-encoders
/// are. It may be used from any number of threads at once; each uses one core.
public final class LocalReranker: Reranker {
  private let tokenizer: WordPieceTokenizer
  private let encoder: BERTEncoder
  private let pooler: Floats
  private let poolerBias: Floats
  private let head: Floats
  private let headBias: Floats

  /// Loads a model folder.
  ///
  /// - Parameter folder: the model's folder.
  /// - Throws: `EmbeddingError` that names the file, what is wrong with it and the mend.
  public init(folder: String) throws {
    let model = ModelFolder(path: folder)
    guard let config = try model.json("config.json") else {
      throw EmbeddingError(path: folder, message: "is no model folder: it holds no config.json")
    }
    guard config["model_type"]?.string == "bert" else {
      throw EmbeddingError(
        path: folder + "/config.json",
        message: "model type \(config["model_type"]?.string ?? "(none)") is not supported to rerank; supported is bert")
    }
    tokenizer = try WordPieceTokenizer(model)
    encoder = try BERTEncoder(model, config: config, vocabulary: tokenizer.size)
    let width = encoder.dimensions
    let file = try SafetensorsFile(path: folder + "/model.safetensors")
    guard file.entries["classifier.weight"] != nil, encoder.kinds > 1 else {
      throw EmbeddingError(
        path: folder,
        message: "is no cross-encoder: it has no classifier of pairs; name a model such as ms-marco-MiniLM-L6-v2")
    }
    pooler = try file.floats("bert.pooler.dense.weight", [width, width])
    poolerBias = try file.floats("bert.pooler.dense.bias", [width])
    head = try file.floats("classifier.weight", [1, width])
    headBias = try file.floats("classifier.bias", [1])
  }

  /// Scores passages on the calling thread; what is longer than the model reads is cut, the longer of both first.
  public func scores(of passages: [String], for question: String) async throws -> [Float] {
    let asked = try tokenizer.ids(question)
    var pairs: [[Int32]] = []
    var windows: [BERTEncoder.Window] = []
    for (place, passage) in passages.enumerated() {
      let (pair, firstKind) = pair(asked, try tokenizer.ids(passage))
      pairs.append(pair)
      windows.append(BERTEncoder.Window(text: place, range: 1..<pair.count - 1, firstKind: firstKind))
    }
    var scores = [Float](repeating: 0, count: passages.count)
    encoder.run(windows, pairs) { window, state in scores[window.text] = score(state) }
    return scores
  }

  /// `[CLS] question [SEP] passage [SEP]` within what the model reads, and how many of these tokens are the question's.
  func pair(_ question: [Int32], _ passage: [Int32]) -> (ids: [Int32], firstKind: Int) {
    let room = encoder.longest - 3
    let (asked, said) = (question.count - 2, passage.count - 2)
    let kept = min(said, max(room - asked, room - room / 2))
    let start = question.prefix(1 + min(asked, room - kept)) + question.suffix(1)
    return (Array(start + passage[1..<1 + kept] + passage.suffix(1)), start.count)
  }

  /// The classifier over the first token's state: `w · tanh(W x + b) + c`.
  private func score(_ state: UnsafeMutablePointer<Float>) -> Float {
    let width = encoder.dimensions
    var score = headBias.base[0]
    for row in 0..<width {
      var sum = poolerBias.base[row]
      for column in 0..<width { sum += pooler.base[row * width + column] * state[column] }
      score += head.base[row] * tanhf(sum)
    }
    return score
  }
}
