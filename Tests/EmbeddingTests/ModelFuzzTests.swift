import AcervoTesting
import Testing

@testable import Embedding

/// Files of models come from outside: whatever stands in them is read or refused.
@Suite struct ModelFuzzTests {
  @Test func `damaged safetensors are read within their bytes or refused`() throws {
    let folder = try TemporaryFolder()
    let header = Array(
      """
      {"__metadata__":{"a":"b"},"f":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},\
      "h":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]}}
      """.utf8)
    let pieces = [
      "[", "]", "{", "}", "-1", "0", "4", "9223372036854775807", "18446744073709551616", "F32", "I8", "null", ",", ":",
      "1e9",
    ].map { Array($0.utf8) }
    var (read, refused) = (0, 0)
    for var random in FuzzRounds(1_000, seed: 1) {
      var text = header
      for _ in 0..<Int.random(in: 0...3, using: &random) { random.mutate(&text, with: pieces) }
      var length = UInt64(text.count)
      if Int.random(in: 0..<8, using: &random) == 0 { length ^= 1 << UInt64.random(in: 0..<64, using: &random) }
      let size = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
      let data = [UInt8](repeating: 0x3C, count: Int.random(in: 12...20, using: &random))
      let path = try folder.write(size + text + data, to: "x.safetensors")
      do {
        let file = try SafetensorsFile(path: path)
        for (name, shape) in [("f", [2, 1]), ("h", [2]), ("b", [2])] {
          guard let floats = try? file.floats(name, shape) else { continue }
          withExtendedLifetime(floats) { #expect(floats.base[0] + floats.base[1] != -1) }
        }
        read += 1
      } catch {
        refused += 1
      }
    }
    #expect(read > 0 && refused > 0)
  }

  @Test func `damaged SentencePiece models are read or refused, and cut texts all the same`() throws {
    let folder = try TemporaryFolder()
    // A protobuf of pieces: <unk> of type 2, then some with scores.
    var whole: [UInt8] = [0x0A, 0x07, 0x0A, 0x03, 0x3C, 0x75, 0x3E, 0x18, 0x02]
    for piece in ["▁", "a", "ab", "▁abc", "ñ", "漢字"] {
      let bytes = Array(piece.utf8)
      let score: [UInt8] = [0x15, 0, 0, UInt8(bytes.count) << 3, 0xC0]
      whole += [0x0A, UInt8(2 + bytes.count + score.count), 0x0A, UInt8(bytes.count)] + bytes + score
    }
    let pieces: [[UInt8]] = [
      [0x0A], [0x0A, 0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x15], [0x18, 0x03], [0x18, 0x06], [0], [0x12, 0x04],
      [0x1A, 0x08, 0x12, 0x06], [0x00, 0x00, 0xC0, 0x7F], [0x00, 0x00, 0x80, 0xFF],
    ]
    var (read, refused) = (0, 0)
    for var random in FuzzRounds(1_000, seed: 2) {
      var bytes = whole
      for _ in 0..<Int.random(in: 0...4, using: &random) { random.mutate(&bytes, with: pieces) }
      let path = try folder.write(bytes, to: "x.model")
      let text = random.text(from: ["a", "b", "c", " ", "ñ", "漢字", "\0", "🚀", "▁", "e\u{301}"], upTo: 30)
      do {
        let tokenizer = try SentencePieceTokenizer(path: path, beginning: 1, end: 2, unknown: 0)
        let ids = try tokenizer.pieces(of: text, joiningUnknown: false)
        #expect(ids.allSatisfy { 0 <= $0 && Int($0) < tokenizer.pieces }, "seed \(random.seed)")
        read += 1
      } catch {
        refused += 1
      }
    }
    #expect(read > 0 && refused > 0)
  }

  @Test func `damaged vocabularies are read or refused, and cut texts all the same`() throws {
    let vocabulary = Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nab\n##b\n##c\nñ\n漢\n".utf8)
    let json = Array(
      """
      {"added_tokens":[{"id":0,"content":"[PAD]"},{"id":1,"content":"[UNK]"},{"id":2,"content":"[CLS]"},\
      {"id":3,"content":"[SEP]"}],"normalizer":{"type":"BertNormalizer","lowercase":true,"strip_accents":null},\
      "pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece","unk_token":"[UNK]",\
      "continuing_subword_prefix":"##","vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"a":4,"##b":5}}}
      """.utf8)
    let pieces = [
      "\n", "##", "[CLS]", "[UNK]", "\"", ":", "-1", "4294967296", "9223372036854775808", "{", "}", ",", "\0", "\u{FF}",
      "null",
    ].map { Array($0.utf8) }
    var (read, refused) = (0, 0)
    for var random in FuzzRounds(20, seed: 3) {
      let isText = Bool.random(using: &random)
      var bytes = isText ? vocabulary : json
      for _ in 0..<Int.random(in: 0...3, using: &random) { random.mutate(&bytes, with: pieces) }
      let model = try TemporaryFolder()
      try model.write(bytes, to: isText ? "vocab.txt" : "tokenizer.json")
      let text = random.text(from: ["a", "b", "c", " ", "Ñ", "漢", "\0", "🚀", "[CLS]", "e\u{301}", "."], upTo: 30)
      do {
        let tokenizer = try WordPieceTokenizer(ModelFolder(path: model.path))
        let ids = try tokenizer.ids(text)
        #expect(ids.allSatisfy { 0 <= $0 && Int($0) < tokenizer.size }, "seed \(random.seed)")
        read += 1
      } catch {
        refused += 1
      }
    }
    #expect(read > 0 && refused > 0)
  }
}
