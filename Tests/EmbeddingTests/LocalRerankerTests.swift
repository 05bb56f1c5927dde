import AcervoTesting
import Foundation
import Testing

@testable import Embedding

/// A tiny cross-encoder whose weights follow a formula; Tests/oracles/tiny_reranker.py computes the same in numpy.
@Suite struct LocalRerankerTests {
  private static let (width, inner, places) = (32, 64, 16)
  private static let vocabulary = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "how", "long", "does", "a", "refund", "take", "ten", "days", "the",
    "printer", "is", "out", "of", "paper",
  ]
  private static let tensors: [(name: String, shape: [Int])] = {
    var tensors: [(name: String, shape: [Int])] = [
      ("bert.embeddings.word_embeddings.weight", [vocabulary.count, width]),
      ("bert.embeddings.position_embeddings.weight", [places, width]),
      ("bert.embeddings.token_type_embeddings.weight", [2, width]),
    ]
    for name in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
      tensors += dense("bert.encoder.layer.0." + name, width, width)
    }
    tensors += dense("bert.encoder.layer.0.intermediate.dense", inner, width)
    tensors += dense("bert.encoder.layer.0.output.dense", width, inner)
    return tensors + dense("bert.pooler.dense", width, width) + dense("classifier", 1, width)
  }()

  private static func dense(_ name: String, _ rows: Int, _ columns: Int) -> [(name: String, shape: [Int])] {
    [(name + ".weight", [rows, columns]), (name + ".bias", [rows])]
  }

  private static func model(in folder: TemporaryFolder, leavingOut omitted: String? = nil) throws -> String {
    var header: [String] = []
    var data: [UInt8] = []
    func append(_ name: String, _ shape: [Int], _ value: (Int) -> Double) {
      let count = shape.reduce(1, *)
      header.append(
        #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(data.count),\#(data.count + 4 * count)]}"#)
      for index in 0..<count { withUnsafeBytes(of: Float(value(index)).bitPattern.littleEndian) { data += $0 } }
    }
    for (number, tensor) in tensors.enumerated() where tensor.name != omitted {
      append(tensor.name, tensor.shape) { 0.4 * sin(1.3 * Double($0 * $0) + Double(number)) }
    }
    for norm in ["embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"] {
      append("bert.\(norm).LayerNorm.weight", [width]) { _ in 1 }
      append("bert.\(norm).LayerNorm.bias", [width]) { _ in 0 }
    }
    let text = Array("{\(header.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try folder.write(length + text + data, to: "tiny/model.safetensors")
    try folder.write(vocabulary.joined(separator: "\n") + "\n", to: "tiny/vocab.txt")
    try folder.write(
      """
      {"model_type": "bert", "hidden_size": \(width), "intermediate_size": \(inner), "num_hidden_layers": 1,
       "num_attention_heads": 2, "max_position_embeddings": \(places), "type_vocab_size": 2,
       "vocab_size": \(vocabulary.count), "hidden_act": "gelu", "layer_norm_eps": 1e-12}
      """, to: "tiny/config.json")
    return folder.path + "/tiny"
  }

  @Test func `scores are those of the reference, cut where a pair is longer than the model reads`() async throws {
    let folder = try TemporaryFolder()
    let reranker = try LocalReranker(folder: try Self.model(in: folder))
    let passages = [
      "a refund take ten days", "the printer is out of paper", "ten",
      String(repeating: "a refund take ten days ", count: 4),
    ]
    let scores = try await reranker.scores(of: passages, for: "how long does a refund take")
    for (score, expected) in zip(scores, [0.313_157, 0.180_139, -0.416_881, 0.745_594] as [Float]) {
      #expect(abs(score - expected) < 1e-3, "\(scores)")
    }
    let question = String(repeating: "how long does a refund take ", count: 3)
    let long = try await reranker.scores(of: ["ten days"], for: question)
    #expect(abs((long.first ?? 0) - -0.195_461) < 1e-3, "\(long)")
    #expect(try await reranker.scores(of: [], for: question).isEmpty)
  }

  @Test func `a model without a classifier is refused by name`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.model(in: folder, leavingOut: "classifier.weight")
    let error = try #require(throws: EmbeddingError.self) { _ = try LocalReranker(folder: path) }
    #expect(error.description.contains("is no cross-encoder"), "\(error)")
  }
}
