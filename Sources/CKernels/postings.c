#include "postings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// A list is a table of its blocks, 16 bytes each (last chunk, end of its data, greatest part of a score, bits of a
// gap, bits of a weight, two zero bytes), then the blocks' data: gaps less one, then weights less one.

static inline uint32_t load32(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, 4);
  return value;
}

static inline float part_of_score(uint32_t weight, uint32_t length, float k1, float b, float mean) {
  return (float)weight / ((float)weight + k1 * (1 - b + b * ((float)length / mean)));
}

static unsigned bits_of(uint32_t value) { return value == 0 ? 0 : 32 - (unsigned)__builtin_clz(value); }

static size_t packed_bytes(size_t count, unsigned bits) { return (count * bits + 7) / 8; }

static size_t pack(const uint32_t *values, size_t count, unsigned bits, uint8_t *bytes) {
  size_t size = packed_bytes(count, bits);
  memset(bytes, 0, size);
  for (size_t i = 0, bit = 0; i < count; i++, bit += bits) {
    uint64_t shifted = (uint64_t)values[i] << (bit & 7);
    for (size_t byte = bit >> 3; shifted != 0; byte++, shifted >>= 8) bytes[byte] |= (uint8_t)shifted;
  }
  return size;
}

static void unpack(const uint8_t *bytes, size_t count, unsigned bits, uint32_t *values) {
  uint64_t mask = ((uint64_t)1 << bits) - 1;
  for (size_t i = 0; i < count; i++) {
    size_t bit = i * bits;
    uint64_t word;
    memcpy(&word, bytes + (bit >> 3), 8);
    values[i] = (uint32_t)(word >> (bit & 7) & mask);
  }
}

size_t acervo_postings_bound(size_t count) {
  size_t blocks = (count + ACERVO_POSTINGS_BLOCK - 1) / ACERVO_POSTINGS_BLOCK;
  return blocks * (ACERVO_POSTINGS_SKIP + 2 * 4 * ACERVO_POSTINGS_BLOCK);
}

size_t acervo_postings_write(const uint32_t *chunks, const uint16_t *weights, size_t count, const uint32_t *lengths,
                             float k1, float b, float mean, uint8_t *bytes) {
  size_t blocks = (count + ACERVO_POSTINGS_BLOCK - 1) / ACERVO_POSTINGS_BLOCK;
  uint8_t *data = bytes + blocks * ACERVO_POSTINGS_SKIP;
  uint32_t next = 0;  // The lowest chunk that may come.
  size_t end = 0;
  for (size_t block = 0; block < blocks; block++) {
    size_t first = block * ACERVO_POSTINGS_BLOCK;
    size_t size = count - first < ACERVO_POSTINGS_BLOCK ? count - first : ACERVO_POSTINGS_BLOCK;
    uint32_t gaps[ACERVO_POSTINGS_BLOCK], less[ACERVO_POSTINGS_BLOCK], gap_bits = 0, weight_bits = 0;
    float greatest = 0;
    for (size_t i = 0; i < size; i++) {
      uint32_t chunk = chunks[first + i];
      gaps[i] = chunk - next;
      next = chunk + 1;
      less[i] = weights[first + i] - 1u;
      gap_bits |= gaps[i];
      weight_bits |= less[i];
      greatest = fmaxf(greatest, part_of_score(weights[first + i], lengths[chunk], k1, b, mean));
    }
    unsigned bits[2] = {bits_of(gap_bits), bits_of(weight_bits)};
    end += pack(gaps, size, bits[0], data + end);
    end += pack(less, size, bits[1], data + end);
    uint8_t *skip = bytes + block * ACERVO_POSTINGS_SKIP;
    uint32_t last = next - 1, end32 = (uint32_t)end;
    memcpy(skip, &last, 4);
    memcpy(skip + 4, &end32, 4);
    memcpy(skip + 8, &greatest, 4);
    skip[12] = (uint8_t)bits[0];
    skip[13] = (uint8_t)bits[1];
    skip[14] = skip[15] = 0;
  }
  return (size_t)(data - bytes) + end;
}

// A list that is read on, block by block.
typedef struct {
  const acervo_postings *list;
  size_t readable;
  size_t block, blocks, start;
  uint32_t next;
  size_t position, filled;
  uint32_t chunks[ACERVO_POSTINGS_BLOCK], weights[ACERVO_POSTINGS_BLOCK];
} reader;

// Decodes the next block; 0 at the end, -1 where the bytes are wrong.
static int decode(reader *r, uint32_t chunks) {
  if (r->block == r->blocks) return 0;
  const uint8_t *skip = r->list->bytes + r->block * ACERVO_POSTINGS_SKIP;
  size_t table = r->blocks * ACERVO_POSTINGS_SKIP;
  size_t end = load32(skip + 4);
  unsigned gap_bits = skip[12], weight_bits = skip[13];
  size_t left = r->list->count - r->block * ACERVO_POSTINGS_BLOCK;
  size_t size = left < ACERVO_POSTINGS_BLOCK ? left : ACERVO_POSTINGS_BLOCK;
  if (gap_bits > 32 || weight_bits > 16 || end < r->start || end > r->list->size - table) return -1;
  size_t gap_bytes = packed_bytes(size, gap_bits);
  if (end - r->start != gap_bytes + packed_bytes(size, weight_bits)) return -1;
  if (table + end + ACERVO_POSTINGS_PADDING > r->readable) return -1;
  const uint8_t *data = r->list->bytes + table + r->start;
  unpack(data, size, gap_bits, r->chunks);
  unpack(data + gap_bytes, size, weight_bits, r->weights);
  uint64_t next = r->next;
  for (size_t i = 0; i < size; i++) {
    next += r->chunks[i];
    r->chunks[i] = (uint32_t)next;
    if (next >= chunks) return -1;
    next++;
  }
  r->next = (uint32_t)next;
  r->start = end;
  r->block++;
  r->position = 0;
  r->filled = size;
  return 1;
}

ptrdiff_t acervo_postings_search(const acervo_postings *postings, const size_t *readable, size_t lists,
                                 const uint8_t *lengths, uint32_t chunks, float k1, float b, float mean,
                                 const uint64_t *allowed, acervo_hit *best, size_t k) {
  // Scores of 16,384 chunks at a time stay in the cache, and memory does not grow with the collection.
  enum { WINDOW = 1 << 14 };
  float *scores = malloc(WINDOW * sizeof(float));
  reader *readers = calloc(lists ? lists : 1, sizeof(reader));
  ptrdiff_t result = -2;
  size_t used = 0;
  if (!scores || !readers) goto end;
  result = -1;
  for (size_t l = 0; l < lists; l++) {
    reader *r = &readers[l];
    r->list = &postings[l];
    r->readable = readable[l];
    r->blocks = ((size_t)postings[l].count + ACERVO_POSTINGS_BLOCK - 1) / ACERVO_POSTINGS_BLOCK;
    if (r->blocks > postings[l].size / ACERVO_POSTINGS_SKIP) goto end;
    if (decode(r, chunks) < 0) goto end;
  }
  for (uint64_t base = 0; base < chunks; base += WINDOW) {
    uint32_t limit = (uint32_t)(base + WINDOW < chunks ? base + WINDOW : chunks);
    int any = 0;
    for (size_t l = 0; l < lists; l++) {
      reader *r = &readers[l];
      if (r->position == r->filled || r->chunks[r->position] >= limit) continue;
      if (!any) memset(scores, 0, WINDOW * sizeof(float));
      any = 1;
      float idf = r->list->idf;
      while (r->position < r->filled) {
        size_t i = r->position;
        for (; i < r->filled && r->chunks[i] < limit; i++) {
          uint32_t chunk = r->chunks[i];
          uint32_t length = load32(lengths + 4 * (size_t)chunk);
          scores[chunk - base] += idf * part_of_score(r->weights[i] + 1, length, k1, b, mean);
        }
        r->position = i;
        if (i < r->filled) break;
        int more = decode(r, chunks);
        if (more < 0) goto end;
        if (more == 0) break;
      }
    }
    if (!any) continue;
    float least = used < k ? 0 : best[0].score;
    for (uint32_t chunk = (uint32_t)base; chunk < limit; chunk++) {
      float score = scores[chunk - base];
      if (!(score > least)) continue;
      if (allowed && !(allowed[chunk >> 6] >> (chunk & 63) & 1)) continue;
      used = acervo_keep(best, k, used, (acervo_hit){score, chunk});
      if (used == k && k > 0) least = best[0].score;
    }
  }
  result = (ptrdiff_t)used;
end:
  free(scores);
  free(readers);
  return result;
}
