#include "piece_trie.h"

#include <stdlib.h>
#include <string.h>

// Pieces are gathered, sorted and laid out breadth-first: the children of a node lie side by side, in the order of
// their bytes, and those of neighbouring nodes follow each other. A node is then 9 bytes, the first levels share a few
// cache lines, and building reads memory from front to back.

struct entry {
  uint64_t key;  // the first eight bytes, the first of them highest
  uint32_t offset;
  uint32_t count;
  int32_t id;
};

struct acervo_piece_trie {
  // Gathered, until the trie is finished.
  uint8_t *text;
  size_t text_count, text_room;
  struct entry *entries;
  size_t entry_count, entry_room;
  // Nodes: 0 is the root; the children of n are children[n] ..< children[n + 1].
  uint32_t *children;
  uint8_t *bytes;
  int32_t *ids;
  size_t nodes;
};

enum { MAXIMUM_NODES = 1 << 24 };

acervo_piece_trie *acervo_piece_trie_create(size_t bytes) {
  acervo_piece_trie *trie = calloc(1, sizeof(*trie));
  if (!trie) return NULL;
  trie->text_room = bytes < 1024 ? 1024 : bytes;
  trie->entry_room = trie->text_room / 8;
  trie->text = malloc(trie->text_room);
  trie->entries = malloc(trie->entry_room * sizeof(struct entry));
  if (!trie->text || !trie->entries) {
    acervo_piece_trie_destroy(trie);
    return NULL;
  }
  return trie;
}

void acervo_piece_trie_destroy(acervo_piece_trie *trie) {
  if (!trie) return;
  free(trie->text);
  free(trie->entries);
  free(trie->children);
  free(trie->bytes);
  free(trie->ids);
  free(trie);
}

int acervo_piece_trie_add(acervo_piece_trie *trie, const uint8_t *bytes, size_t count, int32_t id) {
  if (!trie->text) return -1;  // finished
  // Every byte may become a node.
  if (count >= MAXIMUM_NODES - trie->text_count) return -1;
  if (trie->text_room - trie->text_count < count) {
    const size_t room = (trie->text_room + count) * 2;
    uint8_t *text = realloc(trie->text, room);
    if (!text) return -1;
    trie->text = text;
    trie->text_room = room;
  }
  if (trie->entry_count == trie->entry_room) {
    struct entry *entries = realloc(trie->entries, trie->entry_room * 2 * sizeof(struct entry));
    if (!entries) return -1;
    trie->entries = entries;
    trie->entry_room *= 2;
  }
  uint64_t key = 0;
  for (size_t i = 0; i < 8; i++) key = key << 8 | (i < count ? bytes[i] : 0);
  trie->entries[trie->entry_count++] =
    (struct entry){key, (uint32_t)trie->text_count, (uint32_t)count, id};
  if (count > 0) memcpy(trie->text + trie->text_count, bytes, count);
  trie->text_count += count;
  return 0;
}

// --- sorting: by bytes, what was added first before its repetitions

static int compare_rest(const uint8_t *text, const struct entry *left, const struct entry *right) {
  // Keys are equal: eight bytes are, or a shorter piece's zeros stand for bytes that are zero or missing.
  const uint32_t shorter = left->count < right->count ? left->count : right->count;
  const int order = shorter > 8 ? memcmp(text + left->offset + 8, text + right->offset + 8, shorter - 8) : 0;
  if (order != 0) return order;
  if (left->count != right->count) return left->count < right->count ? -1 : 1;
  return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static void sift(const uint8_t *text, struct entry *entries, size_t at, size_t count) {
  const struct entry moved = entries[at];
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && compare_rest(text, &entries[child], &entries[child + 1]) < 0) child++;
    if (compare_rest(text, &moved, &entries[child]) >= 0) break;
    entries[at] = entries[child];
  }
  entries[at] = moved;
}

// Entries with one key: few as a rule, but nobody promises that, so that the long way is a heap's.
static void sort_equal_keys(const uint8_t *text, struct entry *entries, size_t count) {
  if (count > 32) {
    for (size_t at = count / 2; at-- > 0;) sift(text, entries, at, count);
    for (size_t end = count - 1; end > 0; end--) {
      const struct entry last = entries[end];
      entries[end] = entries[0];
      entries[0] = last;
      sift(text, entries, 0, end);
    }
    return;
  }
  for (size_t i = 1; i < count; i++) {
    const struct entry moved = entries[i];
    size_t at = i;
    for (; at > 0 && compare_rest(text, &moved, &entries[at - 1]) < 0; at--) entries[at] = entries[at - 1];
    entries[at] = moved;
  }
}

static int sort(acervo_piece_trie *trie) {
  const size_t count = trie->entry_count;
  struct entry *from = trie->entries, *to = malloc((count ? count : 1) * sizeof(struct entry));
  if (!to) return -1;
  for (int shift = 0; shift < 64; shift += 8) {
    size_t places[256] = {0};
    for (size_t i = 0; i < count; i++) places[from[i].key >> shift & 0xFF]++;
    size_t at = 0;
    for (int value = 0; value < 256; value++) {
      const size_t run = places[value];
      places[value] = at;
      at += run;
    }
    for (size_t i = 0; i < count; i++) to[places[from[i].key >> shift & 0xFF]++] = from[i];
    struct entry *const swapped = from;
    from = to;
    to = swapped;
  }
  // Eight passes: the result is where it began.
  free(to);
  for (size_t start = 0, end; start < count; start = end) {
    end = start + 1;
    while (end < count && from[end].key == from[start].key) end++;
    if (end - start > 1) sort_equal_keys(trie->text, from + start, end - start);
  }
  return 0;
}

// --- laying out

static uint32_t shared(const uint8_t *text, const struct entry *left, const struct entry *right) {
  const uint32_t shorter = left->count < right->count ? left->count : right->count;
  uint32_t length = 0;
  while (length < shorter && text[left->offset + length] == text[right->offset + length]) length++;
  return length;
}

int acervo_piece_trie_finish(acervo_piece_trie *trie) {
  if (!trie->text) return 0;
  if (sort(trie) != 0) return -1;
  struct entry *const entries = trie->entries;
  const size_t count = trie->entry_count;
  // What a piece shares with the one before it needs no nodes of its own.
  size_t nodes = 1;
  for (size_t i = 0; i < count; i++)
    nodes += entries[i].count - (i ? shared(trie->text, &entries[i - 1], &entries[i]) : 0);
  if (nodes >= MAXIMUM_NODES) return -1;
  // The text again, in the order of the pieces.
  uint8_t *text = malloc(trie->text_count + 1);
  // Each node's pieces, while its children are laid out.
  uint32_t *first = malloc((nodes + 1) * sizeof(uint32_t)), *last = malloc((nodes + 1) * sizeof(uint32_t));
  trie->children = malloc((nodes + 1) * sizeof(uint32_t));
  trie->bytes = malloc(nodes);
  trie->ids = malloc(nodes * sizeof(int32_t));
  if (!text || !first || !last || !trie->children || !trie->bytes || !trie->ids) {
    free(text);
    free(first);
    free(last);
    return -1;
  }
  uint32_t at = 0;
  for (size_t i = 0; i < count; i++) {
    memcpy(text + at, trie->text + entries[i].offset, entries[i].count);
    entries[i].offset = at;
    at += entries[i].count;
  }
  size_t made = 1, level_end = 1;
  uint32_t depth = 0;
  first[0] = 0;
  last[0] = (uint32_t)count;
  trie->bytes[0] = 0;
  for (size_t node = 0; node < made; node++) {
    if (node == level_end) {
      depth++;
      level_end = made;
    }
    uint32_t piece = first[node];
    const uint32_t end = last[node];
    trie->ids[node] = -1;
    // The shortest come first, and of equal ones the one that was added first.
    if (piece < end && entries[piece].count == depth && depth > 0) trie->ids[node] = entries[piece].id;
    while (piece < end && entries[piece].count == depth) piece++;
    trie->children[node] = (uint32_t)made;
    while (piece < end) {
      const uint8_t byte = text[entries[piece].offset + depth];
      first[made] = piece;
      while (piece < end && text[entries[piece].offset + depth] == byte) piece++;
      last[made] = piece;
      trie->bytes[made++] = byte;
    }
  }
  trie->children[made] = (uint32_t)made;
  trie->nodes = made;
  free(first);
  free(last);
  free(text);
  free(trie->text);
  free(trie->entries);
  trie->text = NULL;
  trie->entries = NULL;
  return 0;
}

// --- looking up

uint32_t acervo_piece_trie_step(const acervo_piece_trie *trie, uint32_t node, uint8_t byte) {
  uint32_t low = trie->children[node], high = trie->children[node + 1];
  // Nearly all nodes have one child or two.
  while (high - low > 4) {
    const uint32_t middle = low + (high - low) / 2;
    if (trie->bytes[middle] <= byte) low = middle;
    else high = middle;
  }
  for (; low < high; low++)
    if (trie->bytes[low] == byte) return low;
  return 0;
}

int32_t acervo_piece_trie_id(const acervo_piece_trie *trie, uint32_t node) { return trie->ids[node]; }

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
