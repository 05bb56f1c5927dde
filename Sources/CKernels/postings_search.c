#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "postings_block.h"

#if defined(__x86_64__)
#define ACERVO_X86 1
#else
#define ACERVO_X86 0
#endif

// Block-max MaxScore, a window of chunks at a time. Lists whose maxima in the window together cannot reach the worst of
// the best are not read there; the others are added up, and what then may still get among the best is looked up in
// the rest, the list with the greatest maximum first. Turtle and Flood, “Query Evaluation: Strategies and
// Optimizations” (1995); Chakrabarti et al., “Interval-Based Pruning for Top-k Processing over Compressed Lists” (2011).

// Sums of a window stay in the first-level cache. A multiple of 64: windows begin at words of `allowed`.
enum { WINDOW = 4096, BLOCK = ACERVO_POSTINGS_BLOCK };

// A list that is read on, block by block; a block that nothing asks for is not decoded.
typedef struct {
  const acervo_postings *list;
  size_t blocks;
  size_t block;    // The first block that may hold a chunk of the window or after it.
  size_t decoded;  // Which block `chunks` holds, SIZE_MAX for none.
  size_t filled, position;
  int is_weighed;  // Whether `parts` holds the decoded block's.
  double bound;    // What the list adds to a score in the window at most.
  uint32_t chunks[BLOCK];
  double parts[BLOCK];
} reader;

typedef struct {
  acervo_scan_kind kind;
  const float *norms;
  uint32_t chunks;
  const uint64_t *allowed;
  acervo_hit *best;
  size_t k, used;
  float least;  // Only what is above it can get among the best.
  reader *readers;
  size_t lists;
  uint16_t order[ACERVO_POSTINGS_LISTS];     // Readers by their bounds, the least first.
  double sums[ACERVO_POSTINGS_LISTS + 1];    // Sums of the first bounds in that order.
  double scores[WINDOW];
  uint64_t touched[WINDOW / 64];
} search;

static inline uint32_t last_of(const reader *r, size_t block) {
  return load32(r->list->bytes + block * ACERVO_POSTINGS_SKIP);
}

static inline float greatest_of(const reader *r, size_t block) {
  float greatest;
  memcpy(&greatest, r->list->bytes + block * ACERVO_POSTINGS_SKIP + 8, 4);
  return greatest;
}

/// The lowest chunk that a block may hold.
static inline uint64_t first_of(const reader *r, size_t block) {
  return block == 0 ? 0 : (uint64_t)last_of(r, block - 1) + 1;
}

// MARK: Blocks

static inline __attribute__((always_inline)) void unpack_groups(const uint8_t *bytes, size_t groups, unsigned bits,
                                                               uint32_t *values) {
  uint64_t mask = ((uint64_t)1 << bits) - 1;
  for (size_t group = 0; group < groups; group++, bytes += bits, values += 8) {
#pragma clang loop unroll(full)
    for (unsigned i = 0; i < 8; i++)
      values[i] = (uint32_t)(load64(bytes + i * bits / 8) >> (i * bits % 8) & mask);
  }
}

static inline uint32_t packed(const uint8_t *bytes, size_t place, unsigned bits) {
  size_t bit = place * bits;
  return (uint32_t)(load64(bytes + (bit >> 3)) >> (bit & 7) & (((uint64_t)1 << bits) - 1));
}

// With the number of bits known to the compiler, shifts and places are constants.
static void unpack(const uint8_t *bytes, size_t count, unsigned bits, uint32_t *values) {
  size_t groups = count / 8;
  switch (bits) {
#define CASE(b) case b: unpack_groups(bytes, groups, b, values); break;
    CASE(0) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
    CASE(13) CASE(14) CASE(15) CASE(16)
#undef CASE
    default: unpack_groups(bytes, groups, bits, values);
  }
  for (size_t i = groups * 8; i < count; i++) values[i] = packed(bytes, i, bits);
}

/// Where the weights of a block begin, and their bits; the block has been decoded, so they are there.
static inline const uint8_t *weights_of(const reader *r, unsigned *bits) {
  const uint8_t *skip = r->list->bytes + r->decoded * ACERVO_POSTINGS_SKIP;
  size_t start = r->decoded == 0 ? 0 : load32(skip - ACERVO_POSTINGS_SKIP + 4);
  *bits = skip[13];
  return r->list->bytes + r->blocks * ACERVO_POSTINGS_SKIP + start + packed_bytes(r->filled, skip[12]);
}

/// Decodes the chunks of a block; 0 where the bytes are wrong.
static int decode(reader *r, size_t block, uint32_t chunks) {
  const uint8_t *skip = r->list->bytes + block * ACERVO_POSTINGS_SKIP;
  size_t table = r->blocks * ACERVO_POSTINGS_SKIP;
  size_t start = block == 0 ? 0 : load32(skip - ACERVO_POSTINGS_SKIP + 4), end = load32(skip + 4);
  unsigned gap_bits = skip[12], weight_bits = skip[13];
  size_t left = r->list->count - block * BLOCK;
  size_t size = left < BLOCK ? left : BLOCK;
  if (gap_bits > 32 || weight_bits > 16 || end < start || end > r->list->size - table) return 0;
  if (end - start != packed_bytes(size, gap_bits) + packed_bytes(size, weight_bits)) return 0;
  if (table + end + ACERVO_POSTINGS_PADDING > r->list->readable) return 0;
  unpack(r->list->bytes + table + start, size, gap_bits, r->chunks);
  uint64_t next = first_of(r, block);
  for (size_t i = 0; i < size; i++) {
    next += r->chunks[i];
    r->chunks[i] = (uint32_t)next++;
  }
  // The chunks ascend: all are in bounds if the last is, and it is the one that the table names.
  if (next == 0 || next - 1 != last_of(r, block) || next > chunks) return 0;
  // No chunk has the greatest number, so a search among all 128 ends before what is not filled.
  for (size_t i = size; i < BLOCK; i++) r->chunks[i] = UINT32_MAX;
  r->decoded = block;
  r->filled = size;
  r->position = 0;
  r->is_weighed = 0;
  return 1;
}

// MARK: Loops that gain from wide registers

static inline __attribute__((always_inline)) void weigh_body(const uint32_t *weights, const uint32_t *chunks,
                                                             size_t count, const float *norms, float idf,
                                                             double *parts) {
  for (size_t i = 0; i < count; i++) parts[i] = on_grid(idf * part_of_score(weights[i] + 1, norms[chunks[i]]));
}

static inline __attribute__((always_inline)) size_t above_body(const double *scores, size_t from, double cut) {
  for (; from < WINDOW; from += 16) {
    int any = 0;
    for (size_t i = 0; i < 16; i++) any |= scores[from + i] > cut;
    if (any) break;
  }
  return from;
}

static inline __attribute__((always_inline)) size_t before_body(const uint32_t *chunks, uint32_t chunk) {
  uint32_t before = 0;
  for (size_t i = 0; i < BLOCK; i++) before += chunks[i] < chunk;
  return before;
}

#define VARIANT(name, attribute)                                                                              \
  attribute static void weigh_##name(const uint32_t *weights, const uint32_t *chunks, size_t count,           \
                                     const float *norms, float idf, double *parts) {                          \
    weigh_body(weights, chunks, count, norms, idf, parts);                                                    \
  }                                                                                                           \
  attribute static size_t above_##name(const double *scores, size_t from, double cut) {                       \
    return above_body(scores, from, cut);                                                                     \
  }                                                                                                           \
  attribute static size_t before_##name(const uint32_t *chunks, uint32_t chunk) { return before_body(chunks, chunk); }

VARIANT(plain, )
#if ACERVO_X86
VARIANT(avx2, __attribute__((target("avx2"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512dq,avx512vl,avx2"))))
#define CALL(kind, function, ...)                                        \
  ((kind) == ACERVO_SCAN_AVX512 ? function##_avx512(__VA_ARGS__)         \
   : (kind) == ACERVO_SCAN_AVX2 ? function##_avx2(__VA_ARGS__)           \
                                : function##_plain(__VA_ARGS__))
#else
#define CALL(kind, function, ...) function##_plain(__VA_ARGS__)
#endif

static void weigh(const search *s, reader *r) {
  if (r->is_weighed) return;
  uint32_t weights[BLOCK];
  unsigned bits;
  const uint8_t *bytes = weights_of(r, &bits);
  unpack(bytes, r->filled, bits, weights);
  CALL(s->kind, weigh, weights, r->chunks, r->filled, s->norms, r->list->idf, r->parts);
  r->is_weighed = 1;
}

// MARK: A window

/// What a list adds to a score between two chunks at most; reads the table alone.
static double bound_of(reader *r, uint64_t base, uint64_t limit) {
  while (r->block < r->blocks && last_of(r, r->block) < base) r->block++;
  float greatest = 0;
  for (size_t block = r->block; block < r->blocks && first_of(r, block) < limit; block++) {
    float value = greatest_of(r, block);
    greatest = value > greatest ? value : greatest;
  }
  return on_grid(r->list->idf * greatest);
}

/// Orders the lists by their bounds; returns how many of the first together stay too low.
static size_t divide(search *s, uint64_t base, uint64_t limit) {
  for (size_t l = 0; l < s->lists; l++) s->readers[l].bound = bound_of(&s->readers[l], base, limit);
  for (size_t i = 1; i < s->lists; i++) {
    uint16_t moved = s->order[i];
    size_t hole = i;
    for (; hole > 0 && s->readers[s->order[hole - 1]].bound > s->readers[moved].bound; hole--)
      s->order[hole] = s->order[hole - 1];
    s->order[hole] = moved;
  }
  size_t low = s->lists;
  for (size_t i = 0; i < s->lists; i++) {
    s->sums[i + 1] = s->sums[i] + s->readers[s->order[i]].bound;
    if (low == s->lists && (float)s->sums[i + 1] > s->least) low = i;
  }
  return low;
}

/// Adds a list's parts in the window to the scores; 0 where its bytes are wrong.
static int add(search *s, reader *r, uint64_t base, uint64_t limit, int is_dense) {
  for (; r->block < r->blocks && first_of(r, r->block) < limit; r->block++) {
    if (r->decoded != r->block && !decode(r, r->block, s->chunks)) return 0;
    weigh(s, r);
    size_t i = r->position, filled = r->filled;
    while (i < filled && r->chunks[i] < base) i++;
    if (is_dense) {
      for (; i < filled && r->chunks[i] < limit; i++) s->scores[r->chunks[i] - base] += r->parts[i];
    } else {
      for (; i < filled && r->chunks[i] < limit; i++) {
        size_t place = r->chunks[i] - base;
        s->scores[place] += r->parts[i];
        s->touched[place >> 6] |= (uint64_t)1 << (place & 63);
      }
    }
    r->position = i;
    if (i < filled) break;
  }
  return 1;
}

/// What a list adds to the score of a chunk, which is not before those looked up earlier; -1 where its bytes are wrong.
static double part_in(search *s, reader *r, uint32_t chunk) {
  while (r->block < r->blocks && last_of(r, r->block) < chunk) r->block++;
  if (r->block == r->blocks) return 0;
  if (r->decoded != r->block && !decode(r, r->block, s->chunks)) return -1;
  size_t place = CALL(s->kind, before, r->chunks, chunk);
  if (place >= r->filled || r->chunks[place] != chunk) return 0;
  if (r->is_weighed) return r->parts[place];
  unsigned bits;
  const uint8_t *weights = weights_of(r, &bits);
  return on_grid(r->list->idf * part_of_score(packed(weights, place, bits) + 1, s->norms[chunk]));
}

/// Looks the chunk up in the lists that were not added, while it may get among the best; 0 where bytes are wrong.
static int complete(search *s, uint32_t chunk, double score, size_t low) {
  if (s->allowed && !(s->allowed[chunk >> 6] >> (chunk & 63) & 1)) return 1;
  for (size_t i = low; i > 0; i--) {
    if ((float)(score + s->sums[i]) <= s->least) return 1;
    reader *r = &s->readers[s->order[i - 1]];
    if (r->bound == 0) break;
    double part = part_in(s, r, chunk);
    if (part < 0) return 0;
    score += part;
  }
  if ((float)score <= s->least) return 1;
  s->used = acervo_keep(s->best, s->k, s->used, (acervo_hit){(float)score, chunk});
  if (s->used == s->k) s->least = s->best[0].score;
  return 1;
}

/// A score above it may get among the best with all that the lists not added can give; sums are exact, so this is too.
static double cut_of(const search *s, size_t low) {
  double cut = (double)s->least - s->sums[low];
  return cut > 0 ? cut : 0;
}

static int search_window(search *s, uint64_t base, uint64_t limit) {
  size_t low = divide(s, base, limit);
  if (low == s->lists) return 1;
  size_t blocks = 0;
  for (size_t i = low; i < s->lists; i++) {
    const reader *r = &s->readers[s->order[i]];
    for (size_t b = r->block; b < r->blocks && first_of(r, b) < limit; b++) blocks++;
  }
  // Many postings: all sums are looked through. Few: those that were touched, or sparse lists would pay for the window.
  int is_dense = blocks * 16 > WINDOW / 16;
  for (size_t i = low; i < s->lists; i++)
    if (!add(s, &s->readers[s->order[i]], base, limit, is_dense)) return 0;
  if (is_dense) {
    double cut = cut_of(s, low);
    for (size_t from = 0; (from = CALL(s->kind, above, s->scores, from, cut)) < WINDOW; from += 16) {
      for (size_t i = from; i < from + 16; i++) {
        if (!(s->scores[i] > cut)) continue;
        if (!complete(s, (uint32_t)(base + i), s->scores[i], low)) return 0;
        cut = cut_of(s, low);
      }
    }
    memset(s->scores, 0, sizeof s->scores);
  } else {
    for (size_t word = 0; word < WINDOW / 64; word++) {
      for (uint64_t left = s->touched[word]; left; left &= left - 1) {
        size_t i = word * 64 + (size_t)__builtin_ctzll(left);
        double score = s->scores[i];
        s->scores[i] = 0;
        if (score > cut_of(s, low) && !complete(s, (uint32_t)(base + i), score, low)) return 0;
      }
      s->touched[word] = 0;
    }
  }
  return 1;
}

/// The lowest chunk from `base` on that a list may hold and that is allowed, or where its word begins; `chunks` if none.
static uint64_t next_base(const search *s, uint64_t base) {
  uint64_t next = s->chunks;
  for (size_t l = 0; l < s->lists; l++) {
    const reader *r = &s->readers[l];
    size_t block = r->block;
    while (block < r->blocks && last_of(r, block) < base) block++;
    if (block == r->blocks) continue;
    uint64_t first = first_of(r, block);
    if (r->decoded == block && r->position < r->filled) first = r->chunks[r->position];
    if (first < base) first = base;
    if (first < next) next = first;
  }
  if (next < s->chunks) next -= next % 64;
  if (s->allowed)
    while (next < s->chunks && s->allowed[next >> 6] == 0) next += 64;
  return next;
}

ptrdiff_t acervo_postings_count(const acervo_postings *postings, uint32_t chunks, const uint64_t *allowed) {
  reader r = {.list = postings, .blocks = ((size_t)postings->count + BLOCK - 1) / BLOCK, .decoded = SIZE_MAX};
  if (r.blocks > postings->size / ACERVO_POSTINGS_SKIP) return -1;
  ptrdiff_t found = 0;
  for (size_t block = 0; block < r.blocks; block++) {
    if (!decode(&r, block, chunks)) return -1;
    for (size_t i = 0; i < r.filled; i++) found += allowed[r.chunks[i] >> 6] >> (r.chunks[i] & 63) & 1;
  }
  return found;
}

ptrdiff_t acervo_postings_search(acervo_scan_kind kind, const acervo_postings *postings, size_t lists,
                                 const float *norms, uint32_t chunks, const uint64_t *allowed, acervo_hit *best,
                                 size_t k) {
  if (lists == 0 || k == 0) return 0;
  if (lists > ACERVO_POSTINGS_LISTS) return -1;
  ptrdiff_t result = -2;
  search *s = calloc(1, sizeof *s);
  reader *readers = malloc(lists * sizeof *readers);
  if (!s || !readers) goto end;
  result = -1;
  s->kind = kind;
  s->norms = norms;
  s->chunks = chunks;
  s->allowed = allowed;
  s->best = best;
  s->k = k;
  s->readers = readers;
  s->lists = lists;
  for (size_t l = 0; l < lists; l++) {
    reader *r = &readers[l];
    r->list = &postings[l];
    r->blocks = ((size_t)postings[l].count + BLOCK - 1) / BLOCK;
    if (r->blocks > postings[l].size / ACERVO_POSTINGS_SKIP) goto end;
    r->block = r->filled = r->position = 0;
    r->decoded = SIZE_MAX;
    r->is_weighed = 0;
    s->order[l] = (uint16_t)l;
  }
  for (uint64_t base = next_base(s, 0); base < chunks; base = next_base(s, base + WINDOW)) {
    uint64_t limit = base + WINDOW < chunks ? base + WINDOW : chunks;
    if (!search_window(s, base, limit)) goto end;
  }
  result = (ptrdiff_t)s->used;
end:
  free(readers);
  free(s);
  return result;
}
