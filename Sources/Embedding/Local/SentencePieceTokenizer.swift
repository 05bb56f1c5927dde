internal import CSentencePiece

/// The tokens of `use-multilingual-v3`: SentencePiece, between a beginning and an end.
///
/// Unchecked because of the C handle: it is written once, and encoding is a const function of libsentencepiece.
final class SentencePieceTokenizer: Tokenizer, @unchecked Sendable {
  private let model: OpaquePointer
  private let beginning: Int32
  private let end: Int32
  private let unknown: Int32
  let pieces: Int

  init(path: String, beginning: Int32, end: Int32, unknown: Int32) throws(EmbeddingError) {
    let file = try MappedFile(path: path)
    var reason = [CChar](repeating: 0, count: 256)
    guard
      let model = acervo_sentencepiece_create(file.bytes.baseAddress, file.bytes.count, &reason, reason.count)
    else {
      let text = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw EmbeddingError(path: path, message: "is no SentencePiece model (\(text)); get the model again")
    }
    self.model = model
    self.beginning = beginning
    self.end = end
    self.unknown = unknown
    pieces = Int(acervo_sentencepiece_pieces(model))
  }

  deinit { acervo_sentencepiece_destroy(model) }

  func ids(_ text: some StringProtocol) throws(EmbeddingError) -> [Int32] {
    var text = String(text)
    var found: UnsafeMutablePointer<Int32>?
    let count = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        acervo_sentencepiece_encode(model, $0.baseAddress, $0.count, &found)
      }
    }
    guard count >= 0 else {
      throw EmbeddingError(message: "libsentencepiece could not encode \(text.utf8.count) bytes")
    }
    defer { acervo_sentencepiece_free(found) }
    var ids: [Int32] = []
    ids.reserveCapacity(Int(count) + 2)
    ids.append(beginning)
    // A text without tokens is one unknown token, as in the model's own package.
    if count == 0 { ids.append(unknown) }
    ids.append(contentsOf: UnsafeBufferPointer(start: found, count: Int(count)))
    ids.append(end)
    return ids
  }
}
