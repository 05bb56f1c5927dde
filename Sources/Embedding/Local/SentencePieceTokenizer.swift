internal import CKernels
internal import Glibc

/// The tokens of `use-multilingual-v3`: SentencePiece's unigram model, between a beginning and an end.
///
/// Unchecked because of the C handle: it is written once, and encoding only reads it.
final class SentencePieceTokenizer: Tokenizer, @unchecked Sendable {
  private let model: OpaquePointer
  private let beginning: Int32
  private let end: Int32
  private let unknown: Int32
  /// How many pieces the model has.
  let pieces: Int

  init(path: String, beginning: Int32, end: Int32, unknown: Int32) throws(EmbeddingError) {
    let file = try MappedFile(path: path)
    var reason: UnsafePointer<CChar>?
    guard let model = acervo_unigram_create(file.bytes.baseAddress, file.bytes.count, &reason) else {
      let text = reason.map { String(cString: $0) } ?? "unknown reason"
      throw EmbeddingError(path: path, message: "is no SentencePiece model for us: \(text); get the model again")
    }
    self.model = model
    self.beginning = beginning
    self.end = end
    self.unknown = unknown
    pieces = Int(acervo_unigram_pieces(model))
  }

  deinit { acervo_unigram_destroy(model) }

  func ids(_ text: some StringProtocol) throws(EmbeddingError) -> [Int32] {
    let pieces = try pieces(of: text, joiningUnknown: false)
    // A text without tokens is one unknown token, as in the model's own package.
    return [beginning] + (pieces.isEmpty ? [unknown] : pieces) + [end]
  }

  /// The pieces alone; libsentencepiece joins neighbouring unknown characters into one, the model's package does not.
  func pieces(of text: some StringProtocol, joiningUnknown: Bool) throws(EmbeddingError) -> [Int32] {
    var text = String(text)
    var found: UnsafeMutablePointer<Int32>?
    let count = text.withUTF8 { acervo_unigram_encode(model, $0.baseAddress, $0.count, joiningUnknown ? 1 : 0, &found) }
    guard count >= 0 else {
      throw EmbeddingError(message: "no memory for the tokens of a text of \(text.utf8.count) bytes")
    }
    defer { free(found) }
    return Array(UnsafeBufferPointer(start: found, count: Int(count)))
  }
}
