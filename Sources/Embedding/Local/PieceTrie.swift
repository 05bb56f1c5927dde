internal import CKernels

/// A vocabulary, to be searched for the longest piece that some bytes begin with.
///
/// Unchecked because of the C handle: nothing changes after `finish`, which the tokenizer that owns it calls.
final class PieceTrie: @unchecked Sendable {
  let handle: OpaquePointer

  /// An empty one, with room for about so many bytes.
  init(bytes: Int) {
    guard let handle = acervo_piece_trie_create(bytes) else {
      preconditionFailure("out of memory: a vocabulary of \(bytes) bytes")
    }
    self.handle = handle
  }

  deinit { acervo_piece_trie_destroy(handle) }

  /// Adds a piece; false when the vocabulary is bigger than any real one (16 million nodes).
  func add(_ piece: UnsafeBufferPointer<UInt8>, id: Int32) -> Bool {
    acervo_piece_trie_add(handle, piece.baseAddress, piece.count, id) == 0
  }

  /// Makes it ready to be searched, once, when all pieces are in.
  func finish() {
    guard acervo_piece_trie_finish(handle) == 0 else { preconditionFailure("out of memory: a vocabulary") }
  }
}
