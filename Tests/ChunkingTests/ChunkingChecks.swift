import Corpus
import Foundation
import Testing

@testable import Chunking

/// What holds for the chunks of any document, whatever the way of cutting.
func checkInvariants(
  _ chunks: [Chunk], of document: CleanDocument, size: Int, length: (Substring) -> Int = { $0.unicodeScalars.count },
  sourceLocation: SourceLocation = #_sourceLocation
) {
  var lastStart = 0
  var covered = [Bool](repeating: false, count: document.text.utf8.count)
  for (index, chunk) in chunks.enumerated() {
    #expect(chunk.index == index, sourceLocation: sourceLocation)
    #expect(!chunk.range.isEmpty, sourceLocation: sourceLocation)
    #expect(chunk.range.start >= lastStart, sourceLocation: sourceLocation)
    lastStart = chunk.range.start
    guard let slice = document.text.slice(chunk.range) else {
      Issue.record("chunk \(index) cuts a character: \(chunk.range)", sourceLocation: sourceLocation)
      continue
    }
    #expect(chunk.text.utf8.elementsEqual(slice.utf8), sourceLocation: sourceLocation)
    #expect(length(slice) <= size || slice.unicodeScalars.count == 1, sourceLocation: sourceLocation)
    for offset in chunk.range.start..<chunk.range.end { covered[offset] = true }
  }
  var offset = 0
  for scalar in document.text.unicodeScalars {
    // LangChain's white space has the separators of ASCII besides Unicode's.
    let isSpace = scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    if !isSpace, !covered[offset] {
      Issue.record("byte \(offset) (\(scalar)) is in no chunk", sourceLocation: sourceLocation)
      return
    }
    offset += scalar.utf8.count
  }
}

/// A document of plain text.
func plain(_ text: String) -> CleanDocument {
  CleanDocument(title: "", language: nil, text: text, blocks: [])
}

/// Puts a document together from blocks' kinds, texts and anchors, as cleaning joins them.
func document(title: String = "Manual", _ parts: [(Block.Kind, String, String?)]) -> CleanDocument {
  var text = ""
  var blocks: [Block] = []
  for (kind, content, anchor) in parts {
    if let last = blocks.last { text += isTight(last.kind, kind) ? "\n" : "\n\n" }
    let start = text.utf8.count
    text += content
    blocks.append(Block(kind: kind, range: TextRange(start: start, end: text.utf8.count), anchor: anchor))
  }
  return CleanDocument(title: title, language: nil, text: text, blocks: blocks)
}

private func isTight(_ one: Block.Kind, _ other: Block.Kind) -> Bool {
  switch (one, other) {
  case (.listItem, .listItem), (.tableRow, .tableRow), (.term, .definition): true
  default: false
  }
}

/// The units of Tests/oracles/langchain_chunks.py.
let units: [String: @Sendable (Substring) -> Int] = [
  "words": { $0.utf8.split(separator: UInt8(ascii: " ")).count },
  "quarters": { ($0.unicodeScalars.count + 3) / 4 },
]
