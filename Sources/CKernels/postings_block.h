// What writing and searching postings share: the form of a block and the arithmetic of a score.
//
// A list is a table of its blocks, 16 bytes each (last chunk, end of its data, greatest part of a score, bits of a
// gap, bits of a weight, two zero bytes), then the blocks' data: gaps less one, then weights less one.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "postings.h"

// Rounded after each operation on every machine: maxima that one wrote hold for the parts that another computes.
#pragma STDC FP_CONTRACT OFF

static inline uint32_t load32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, 4);
  return value;
}

static inline uint64_t load64(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, 8);
  return value;
}

static inline size_t packed_bytes(size_t count, unsigned bits) { return (count * bits + 7) / 8; }

static inline float norm_of(uint32_t length, float k1, float b, float mean) {
  return k1 * (1 - b + b * ((float)length / mean));
}

/// What a term adds to a score, but for its idf.
static inline float part_of_score(uint32_t weight, float norm) { return (float)weight / ((float)weight + norm); }

/// Rounds to a multiple of 2^-39, which is the unit in the last place of what stands between 2^13 and 2^14.
static inline double on_grid(float part) { return ((double)part + 12288.0) - 12288.0; }
