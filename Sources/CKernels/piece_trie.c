#include "piece_trie.h"

#include <stdlib.h>

// An edge is one word: child above parent and byte, 0 when free. Nodes are numbered from 1 as they come, so that
// words of one text, added together, lie near each other.
struct acervo_piece_trie {
  uint64_t *edges;
  size_t capacity;  // a power of two
  size_t used;
  int32_t *ids;
  size_t nodes;  // the root included
  size_t room;
};

enum { MAXIMUM_NODES = 1 << 24 };

static inline size_t place(const acervo_piece_trie *trie, uint32_t key) {
  // Fibonacci hashing; the table is at most half full, so that runs are short.
  return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (trie->capacity - 1);
}

static inline uint32_t key_of(uint32_t node, uint8_t byte) { return node << 8 | byte; }

uint32_t acervo_piece_trie_step(const acervo_piece_trie *trie, uint32_t node, uint8_t byte) {
  const uint32_t key = key_of(node, byte);
  for (size_t at = place(trie, key);; at = (at + 1) & (trie->capacity - 1)) {
    const uint64_t edge = trie->edges[at];
    if (edge == 0) return 0;
    if ((uint32_t)edge == key) return (uint32_t)(edge >> 32);
  }
}

int32_t acervo_piece_trie_id(const acervo_piece_trie *trie, uint32_t node) { return trie->ids[node]; }

static void put(acervo_piece_trie *trie, uint64_t edge) {
  size_t at = place(trie, (uint32_t)edge);
  while (trie->edges[at] != 0) at = (at + 1) & (trie->capacity - 1);
  trie->edges[at] = edge;
}

static int grow_edges(acervo_piece_trie *trie) {
  uint64_t *old = trie->edges;
  const size_t count = trie->capacity;
  uint64_t *edges = calloc(count * 2, sizeof(uint64_t));
  if (!edges) return -1;
  trie->edges = edges;
  trie->capacity = count * 2;
  for (size_t i = 0; i < count; i++)
    if (old[i] != 0) put(trie, old[i]);
  free(old);
  return 0;
}

acervo_piece_trie *acervo_piece_trie_create(size_t bytes) {
  acervo_piece_trie *trie = calloc(1, sizeof(*trie));
  if (!trie) return NULL;
  trie->capacity = 1024;
  // Pieces share beginnings: about half of their bytes are nodes.
  while (trie->capacity < bytes && trie->capacity < (size_t)MAXIMUM_NODES) trie->capacity *= 2;
  trie->edges = calloc(trie->capacity, sizeof(uint64_t));
  trie->room = trie->capacity / 2;
  trie->ids = malloc(trie->room * sizeof(int32_t));
  trie->nodes = 1;
  if (!trie->edges || !trie->ids) {
    acervo_piece_trie_destroy(trie);
    return NULL;
  }
  trie->ids[0] = -1;
  return trie;
}

void acervo_piece_trie_destroy(acervo_piece_trie *trie) {
  if (!trie) return;
  free(trie->edges);
  free(trie->ids);
  free(trie);
}

int acervo_piece_trie_add(acervo_piece_trie *trie, const uint8_t *bytes, size_t count, int32_t id) {
  uint32_t node = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t next = acervo_piece_trie_step(trie, node, bytes[i]);
    if (next == 0) {
      if (trie->nodes >= MAXIMUM_NODES) return -1;
      if (trie->nodes == trie->room) {
        int32_t *ids = realloc(trie->ids, trie->room * 2 * sizeof(int32_t));
        if (!ids) return -1;
        trie->ids = ids;
        trie->room *= 2;
      }
      if (trie->used * 2 >= trie->capacity && grow_edges(trie) != 0) return -1;
      next = (uint32_t)trie->nodes++;
      trie->ids[next] = -1;
      put(trie, (uint64_t)next << 32 | key_of(node, bytes[i]));
      trie->used++;
    }
    node = next;
  }
  if (trie->ids[node] < 0) trie->ids[node] = id;
  return 0;
}

size_t acervo_piece_trie_longest(const acervo_piece_trie *trie, const uint8_t *bytes, size_t count, int32_t *id) {
  uint32_t node = 0;
  size_t length = 0;
  for (size_t i = 0; i < count; i++) {
    node = acervo_piece_trie_step(trie, node, bytes[i]);
    if (node == 0) break;
    if (trie->ids[node] >= 0) {
      *id = trie->ids[node];
      length = i + 1;
    }
  }
  return length;
}
