#pragma once
#include <stddef.h>
#include <stdint.h>

// A vocabulary as a trie over bytes, for tokenizers: pieces are added in any order, then it is finished once and only
// read from then on. 128,000 pieces take some 20 ms and 4 MB.

typedef struct acervo_piece_trie acervo_piece_trie;

/// An empty trie with room for about so many bytes of pieces; NULL when memory is exhausted.
acervo_piece_trie *acervo_piece_trie_create(size_t bytes);
void acervo_piece_trie_destroy(acervo_piece_trie *trie);

/// Adds a piece; a piece added twice keeps its first id. 0, or -1 when memory is exhausted, a limit is met or the trie
/// is finished.
int acervo_piece_trie_add(acervo_piece_trie *trie, const uint8_t *bytes, size_t count, int32_t id);

/// Lays the pieces out; nothing below may be called before. 0, or -1 when memory is exhausted.
int acervo_piece_trie_finish(acervo_piece_trie *trie);

/// The longest piece that `bytes` begin with: its length (0: none), its id in `id`.
size_t acervo_piece_trie_longest(const acervo_piece_trie *trie, const uint8_t *bytes, size_t count, int32_t *id);

/// The node that a byte leads to from a node (0 is the root), or 0.
uint32_t acervo_piece_trie_step(const acervo_piece_trie *trie, uint32_t node, uint8_t byte);

/// The id of the piece that ends at a node, or -1.
int32_t acervo_piece_trie_id(const acervo_piece_trie *trie, uint32_t node);
