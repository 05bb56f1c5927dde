#include "postings.h"

#include <math.h>
#include <string.h>

#include "postings_block.h"

static unsigned bits_of(uint32_t value) { return value == 0 ? 0 : 32 - (unsigned)__builtin_clz(value); }

static size_t pack(const uint32_t *values, size_t count, unsigned bits, uint8_t *bytes) {
  size_t size = packed_bytes(count, bits);
  memset(bytes, 0, size);
  for (size_t i = 0, bit = 0; i < count; i++, bit += bits) {
    uint64_t shifted = (uint64_t)values[i] << (bit & 7);
    for (size_t byte = bit >> 3; shifted != 0; byte++, shifted >>= 8) bytes[byte] |= (uint8_t)shifted;
  }
  return size;
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
      greatest = fmaxf(greatest, part_of_score(weights[first + i], norm_of(lengths[chunk], k1, b, mean)));
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

void acervo_postings_norms(const uint8_t *lengths, size_t count, float k1, float b, float mean, float *norms) {
  for (size_t i = 0; i < count; i++) norms[i] = norm_of(load32(lengths + 4 * i), k1, b, mean);
}
