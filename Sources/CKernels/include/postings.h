#pragma once
#include <stddef.h>
#include <stdint.h>

#include "scan.h"

// Postings in blocks of 128, packed to as many bits as the block's greatest number needs, and BM25 over them.
//
// What one term adds to a chunk's score is idf · f / (f + norm) in floats, norm = k1 · (1 - b + b · length / mean),
// rounded to a multiple of 2^-39. At most 256 such parts add up in a double without rounding, so a score is the same
// whatever the order of adding, and a sum of bounds is a bound to the last bit. The score is that sum as a float.

enum {
  ACERVO_POSTINGS_BLOCK = 128,
  ACERVO_POSTINGS_SKIP = 16,
  ACERVO_POSTINGS_PADDING = 8,
  ACERVO_POSTINGS_LISTS = 256
};

/// The bytes that a list of `count` postings takes at most.
size_t acervo_postings_bound(size_t count);

/// Writes a list: `chunks` ascend, `weights` (weighted frequencies) are at least 1.
///
/// `lengths` are those of all chunks; `k1`, `b` and `mean` decide the greatest part of a score in each block.
/// Returns the bytes written, at most `acervo_postings_bound(count)`.
size_t acervo_postings_write(const uint32_t *chunks, const uint16_t *weights, size_t count, const uint32_t *lengths,
                             float k1, float b, float mean, uint8_t *bytes);

/// The norms of `count` chunks, whose lengths stand as little-endian numbers at `lengths`.
void acervo_postings_norms(const uint8_t *lengths, size_t count, float k1, float b, float mean, float *norms);

/// A list in place.
typedef struct {
  const uint8_t *bytes;
  /// How long the list is, and how many bytes can be read: at least `ACERVO_POSTINGS_PADDING` more.
  size_t size, readable;
  uint32_t count;
  /// Above 0, below 32.
  float idf;
} acervo_postings;

/// How many chunks of a list are in a set, one bit a chunk; -1 where the list is not what `acervo_postings_write` writes.
ptrdiff_t acervo_postings_count(const acervo_postings *postings, uint32_t chunks, const uint64_t *allowed);

/// Finds the `k` chunks of the highest BM25 score above 0, of equal ones the lower; `allowed` as for `acervo_scan`.
///
/// Blocks that cannot hold one of the best are passed over by the maxima in their tables. `norms` are those of `chunks`
/// chunks; `lists` is at most `ACERVO_POSTINGS_LISTS`. Every `kind` finds the same. Returns how many of `best` are there
/// (a heap), or -1 where a list is not what `acervo_postings_write` writes, or -2 without memory.
ptrdiff_t acervo_postings_search(acervo_scan_kind kind, const acervo_postings *postings, size_t lists,
                                 const float *norms, uint32_t chunks, const uint64_t *allowed, acervo_hit *best,
                                 size_t k);
