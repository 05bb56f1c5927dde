import AcervoTesting
import CKernels
import Testing

@testable import Embedding

@Suite struct PieceTrieTests {
  private func longest(_ trie: PieceTrie, _ text: [UInt8]) -> (length: Int, id: Int32) {
    var id: Int32 = -1
    let length = acervo_piece_trie_longest(trie.handle, text, text.count, &id)
    return (length, id)
  }

  @Test func `the longest piece is found as a dictionary finds it`() {
    var generator = SeededGenerator(seed: 11)
    // Few letters and a zero, so that pieces share beginnings, repeat, and differ behind their eighth byte only.
    let letters: [UInt8] = [0, 1, 97, 97, 97, 255]
    let trie = PieceTrie(bytes: 0)
    var known: [[UInt8]: Int32] = [:]
    for id in 0..<3_000 {
      let piece = (0..<Int.random(in: 1...14, using: &generator)).map { _ in
        letters[Int.random(in: 0..<letters.count, using: &generator)]
      }
      #expect(piece.withUnsafeBufferPointer { trie.add($0, id: Int32(id)) })
      if known[piece] == nil { known[piece] = Int32(id) }
    }
    trie.finish()
    for _ in 0..<3_000 {
      let text = (0..<16).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
      let length = (1...16).last { known[Array(text[..<$0])] != nil } ?? 0
      let found = longest(trie, text)
      #expect(found.length == length)
      #expect(found.id == known[Array(text[..<length])] ?? -1)
    }
  }

  @Test func `an empty trie finds nothing, and a finished one takes nothing`() {
    let trie = PieceTrie(bytes: 0)
    trie.finish()
    #expect(longest(trie, [97]).length == 0)
    #expect(![97].withUnsafeBufferPointer { trie.add($0, id: 1) })
  }

  @Test func `many pieces that differ behind their eighth byte are sorted too`() {
    let trie = PieceTrie(bytes: 0)
    let pieces = (0..<200).map { Array("beginning of \($0 * 7919 % 200)".utf8) }
    for (id, piece) in pieces.enumerated() {
      _ = piece.withUnsafeBufferPointer { trie.add($0, id: Int32(id)) }
      _ = piece.withUnsafeBufferPointer { trie.add($0, id: 999) }
    }
    trie.finish()
    for (id, piece) in pieces.enumerated() { #expect(longest(trie, piece).id == Int32(id)) }
  }
}
