import AcervoTesting
import CSentencePiece
import Foundation
import Testing

@testable import Embedding

@Suite("SentencePieceTokenizer")
struct SentencePieceTokenizerTests {
  @Test(
    .enabled(if: ReferenceIds.has("sentencepiece_unigram_1k"), "development data ../shared/data/tokenizer is absent"))
  func `ids equal those of SentencePiece on the reference texts`() throws {
    let folder = (ReferenceIds.file("sentencepiece_unigram_1k") as NSString).deletingLastPathComponent
    let tokenizer = try SentencePieceTokenizer(path: folder + "/test_model.model", beginning: 1, end: 2, unknown: 0)
    let rows = try ReferenceIds.load("sentencepiece_unigram_1k")
    #expect(rows.count == 1158)
    let wrong = try rows.filter { try tokenizer.pieces(of: $0.text, joiningUnknown: true) != $0.ids }
    #expect(wrong.isEmpty, "\(wrong.count) texts, the first: \(wrong.first?.text.prefix(200) ?? "")")
  }

  @Test(
    .enabled(if: ReferenceIds.has("bert_uncased"), "development data ../shared/data/tokenizer is absent"),
    .enabled(if: TestModels.has("use-multilingual-v3"), "scripts/models was not run"))
  func `ids equal those of libsentencepiece for the default model`() throws {
    let path = try #require(TestModels.folder("use-multilingual-v3")) + "/sp.model"
    let tokenizer = try SentencePieceTokenizer(path: path, beginning: 1, end: 2, unknown: 0)
    let library = try LibSentencePiece(path: path)
    #expect(tokenizer.pieces == library.pieces)
    let texts =
      try ReferenceIds.load("bert_uncased").map(\.text)
      + Golden.load("use-multilingual-v3").map(\.text) + [
        "\u{0}", "a\u{0}b", "ﷺ", "\u{FEFF}x", "\u{200B}", "ｶﾞ　ﾊﾟ", "Ⅷ½",
      ]
    let wrong = try texts.filter { try tokenizer.pieces(of: $0, joiningUnknown: true) != library.ids($0) }
    #expect(wrong.isEmpty, "\(wrong.count) texts, the first: \(wrong.first?.prefix(200) ?? "")")
  }

  @Test(.enabled(if: TestModels.has("use-multilingual-v3"), "scripts/models was not run"), .timeLimit(.minutes(1)))
  func `a megabyte without a space takes linear time`() throws {
    let tokenizer = try #require(try TestModels.use.get().tokenizer as? SentencePieceTokenizer)
    #expect(try tokenizer.ids(String(repeating: "x", count: 1 << 20)).count > 1000)
    #expect(try tokenizer.ids(String(repeating: " ", count: 1 << 20)) == [1, 0, 2])
    #expect(try tokenizer.ids(String(repeating: "🚀", count: 1 << 16)).count == 2 + 1 + 1 << 16)
  }

  @Test func `damaged models are refused`() throws {
    let folder = try TemporaryFolder()
    var whole: [UInt8] = [0x0A, 0x09, 0x0A, 0x03, 0x3C, 0x75, 0x3E, 0x18, 0x02, 0x00, 0x00]
    whole[1] = 7
    whole.removeLast(2)
    let good = try folder.write(whole, to: "good.model")
    #expect(try SentencePieceTokenizer(path: good, beginning: 1, end: 2, unknown: 0).pieces == 1)
    for length in 1..<whole.count {
      let file = try folder.write(Array(whole.prefix(length)), to: "cut.model")
      #expect(throws: EmbeddingError.self) {
        try SentencePieceTokenizer(path: file, beginning: 1, end: 2, unknown: 0)
      }
    }
  }
}

/// Debian's libsentencepiece, to compare with.
final class LibSentencePiece {
  private let model: OpaquePointer

  init(path: String) throws {
    let data = try Data(contentsOf: URL(filePath: path))
    var reason = [CChar](repeating: 0, count: 256)
    model = try #require(
      data.withUnsafeBytes { acervo_sentencepiece_create($0.baseAddress, $0.count, &reason, reason.count) })
  }

  deinit { acervo_sentencepiece_destroy(model) }

  var pieces: Int { Int(acervo_sentencepiece_pieces(model)) }

  func ids(_ text: String) -> [Int32] {
    var found: UnsafeMutablePointer<Int32>?
    var text = text
    let count = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { acervo_sentencepiece_encode(model, $0.baseAddress, $0.count, &found) }
    }
    defer { acervo_sentencepiece_free(found) }
    return Array(UnsafeBufferPointer(start: found, count: max(0, Int(count))))
  }
}
