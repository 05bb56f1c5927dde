import Corpus
import Foundation
import Testing

@testable import Embedding

@Suite("WordPieceTokenizer", .enabled(if: TestModels.has("all-MiniLM-L6-v2"), "scripts/models was not run"))
struct WordPieceTokenizerTests {
  let tokenizer: WordPieceTokenizer

  init() throws { tokenizer = try #require(try TestModels.minilm.get().tokenizer as? WordPieceTokenizer) }

  @Test(
    .enabled(if: ReferenceIds.has("bert_uncased"), "development data ../shared/data/tokenizer is absent"))
  func `ids equal those of Hugging Face's tokenizers on the reference texts`() throws {
    let rows = try ReferenceIds.load("bert_uncased")
    #expect(rows.count == 1158)
    let wrong = try rows.filter { try tokenizer.ids($0.text) != $0.ids }
    #expect(wrong.isEmpty, "\(wrong.count) texts, the first: \(wrong.first?.text.prefix(200) ?? "")")
  }

  @Test(arguments: [
    ("", [101, 102]), (" \n\t", [101, 102]), ("\u{0}", [101, 102]), ("Hello", [101, 7592, 102]),
    ("a\u{0}b", [101, 11113, 102]), ("ÉLAN", [101, 3449, 2319, 102]), ("E\u{301}lan", [101, 3449, 2319, 102]),
    ("[SEP]x", [101, 102, 1060, 102]), (";", [101, 1025, 102]), ("\u{37E}", [101, 1025, 102]),
    ("한", [101, 1469, 30006, 30021, 102]), ("中文", [101, 1746, 1861, 102]),
  ])
  func `special texts have defined ids`(text: String, ids: [Int32]) throws {
    #expect(try tokenizer.ids(text) == ids)
  }

  @Test func `a word of more than a hundred characters is unknown`() throws {
    #expect(try tokenizer.ids(String(repeating: "a", count: 101)) == [101, 100, 102])
    #expect(try tokenizer.ids(String(repeating: "a", count: 100)).count > 3)
  }

  @Test func `a megabyte without a space is one unknown token`() throws {
    #expect(try tokenizer.ids(String(repeating: "x", count: 1 << 20)) == [101, 100, 102])
  }
}

/// Ids that reference tokenizers made, from the development data.
struct ReferenceIds {
  let text: String
  let ids: [Int32]

  static func file(_ name: String) -> String {
    let shared = URL(filePath: TestModels.packageRoot).deletingLastPathComponent().appending(path: "shared/data")
    return shared.appending(path: "tokenizer/\(name)/reference_ids.jsonl").path
  }

  static func has(_ name: String) -> Bool { FileManager.default.isReadableFile(atPath: file(name)) }

  static func load(_ name: String) throws -> [ReferenceIds] {
    let data = try Data(contentsOf: URL(filePath: file(name)))
    return try data.split(separator: UInt8(ascii: "\n")).map { line in
      // Offsets and pieces make up most of a line; the ids stand before them.
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      let text = try #require(object["text"] as? String)
      let ids = try #require(object["ids"] as? [Int])
      return ReferenceIds(text: text, ids: ids.map(Int32.init))
    }
  }
}
