import Corpus
import Foundation

@testable import Embedding

/// A text with what a reference implementation made of it (Tests/oracles/golden_vectors.py).
struct Golden: Sendable {
  let text: String
  let ids: [Int32]
  let vector: [Float]

  static func load(_ name: String) throws -> [Golden] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).json")
    let rows = try JSONValue(parsing: [UInt8](Data(contentsOf: file))).array ?? []
    return rows.map { row in
      let digits = Array((row["vector"]?.string ?? "").utf8)
      let vector = stride(from: 0, to: digits.count - 7, by: 8).map { at in
        Float(bitPattern: UInt32(String(decoding: digits[at..<at + 8], as: UTF8.self), radix: 16) ?? 0)
      }
      return Golden(
        text: row["text"]?.string ?? "", ids: (row["ids"]?.array ?? []).map { Int32($0.int ?? -1) }, vector: vector)
    }
  }
}

/// The models of this machine, for tests that need one; scripts/setup gets them.
enum TestModels {
  /// The models' files, or nil where they are not set up.
  static func folder(_ name: String) -> String? {
    try? ModelFinder.folder(of: name, startingAt: packageRoot, environment: ProcessInfo.processInfo.environment)
  }

  static func has(_ name: String) -> Bool { folder(name) != nil }

  static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Loaded once for all tests: a debug build takes a while.
  static let use = Result { try LocalEmbedder(folder: folder("use-multilingual-v3") ?? "") }
  static let minilm = Result { try LocalEmbedder(folder: folder("all-MiniLM-L6-v2") ?? "") }
}

func cosine(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
  var (product, leftSquares, rightSquares) = (0.0, 0.0, 0.0)
  for (a, b) in zip(left, right) {
    product += Double(a) * Double(b)
    leftSquares += Double(a) * Double(a)
    rightSquares += Double(b) * Double(b)
  }
  return product / (leftSquares * rightSquares).squareRoot()
}
