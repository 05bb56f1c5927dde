#pragma once
#include <stddef.h>
#include <stdint.h>

#include "scan.h"

// Postings in blocks of 128, packed to as many bits as the block's greatest number needs, and BM25 over them.

enum { ACERVO_POSTINGS_BLOCK = 128, ACERVO_POSTINGS_SKIP = 16, ACERVO_POSTINGS_PADDING = 8 };

/// The bytes that a list of `count` postings takes at most.
size_t acervo_postings_bound(size_t count);

/// Writes a list: `chunks` ascend, `weights` (weighted frequencies) are at least 1.
///
/// `lengths` are those of all chunks; `k1`, `b` and `mean` decide the greatest part of a score in each block.
/// Returns the bytes written, at most `acervo_postings_bound(count)`.
size_t acervo_postings_write(const uint32_t *chunks, const uint16_t *weights, size_t count, const uint32_t *lengths,
                             float k1, float b, float mean, uint8_t *bytes);

/// A list in place.
typedef struct {
  const uint8_t *bytes;
  size_t size;
  uint32_t count;
  float idf;
} acervo_postings;

/// Finds the `k` chunks of the highest BM25 score; `allowed` as for `acervo_scan`.
///
/// Scores of a chunk are added in the order of the lists. `readable` is how many bytes can be read from
/// `postings[i].bytes` on (at least `ACERVO_POSTINGS_PADDING` more than `size`). Returns how many of `best` are there,
/// or -1 where a list is not what `acervo_postings_write` writes, or -2 without memory.
ptrdiff_t acervo_postings_search(const acervo_postings *postings, const size_t *readable, size_t lists,
                                 const uint8_t *lengths, uint32_t chunks, float k1, float b, float mean,
                                 const uint64_t *allowed, acervo_hit *best, size_t k);
