#include "codes.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define ACERVO_X86 1
#else
#define ACERVO_X86 0
#endif

// What is written must not depend on whether a machine has fused multiply-adds.
#pragma STDC FP_CONTRACT OFF

#define INLINE __attribute__((always_inline)) static inline

enum { BIAS = 128, LARGEST = 127, LINE = 64, AT_ONCE = 64 };

size_t acervo_code_stride(size_t dimensions) { return (dimensions + LINE - 1) / LINE * LINE; }

// One float up: makes good for the rounding to a float and for that of the sum of squares before it.
static float above(double value) { return value == 0 ? 0 : nextafterf((float)value, INFINITY); }

typedef struct {
  float scale;
  double norm, residual;
} cut;

static cut cut_row(const float *row, size_t dimensions, int8_t *codes) {
  float most = 0;
  for (size_t i = 0; i < dimensions; i++) most = fmaxf(most, fabsf(row[i]));
  float scale = most / LARGEST;
  double norm = 0, residual = 0;
  for (size_t i = 0; i < dimensions; i++) {
    double code = scale > 0 ? nearbyint((double)row[i] / scale) : 0;
    code = code > LARGEST ? LARGEST : code < -LARGEST ? -LARGEST : code;
    double left = row[i] - code * scale;
    norm += (double)row[i] * row[i];
    residual += left * left;
    codes[i] = (int8_t)code;
  }
  return (cut){scale, sqrt(norm), sqrt(residual)};
}

acervo_code_facts acervo_code_row(const float *row, size_t dimensions, uint8_t *codes) {
  cut whole = cut_row(row, dimensions, (int8_t *)codes);
  for (size_t i = 0; i < dimensions; i++) codes[i] = (uint8_t)((int8_t)codes[i] + BIAS);
  memset(codes + dimensions, BIAS, acervo_code_stride(dimensions) - dimensions);
  return (acervo_code_facts){whole.scale, above(whole.norm), above(whole.residual)};
}

int acervo_code_query_make(acervo_code_query *query, const float *vector, size_t dimensions, size_t stride,
                           int8_t *codes) {
  for (size_t i = 0; i < dimensions; i++)
    if (!isfinite(vector[i])) return 0;
  cut whole = cut_row(vector, dimensions, codes);
  memset(codes + dimensions, 0, acervo_code_stride(dimensions) - dimensions);
  long sum = 0;
  for (size_t i = 0; i < dimensions; i++) sum += codes[i];
  // Far more than doubles lose in these sums.
  double length = whole.norm * (1 + 1e-9), residual = whole.residual * (1 + 1e-9);
  // Twelve roundings more than the dot product has: for those of the bound itself.
  double roundings = ((double)stride / 16 + 16) * 0x1p-24;
  query->codes = codes;
  query->used = 0;
  query->least = -INFINITY;
  query->candidate_count = 0;
  query->scale = whole.scale;
  query->bias = (double)BIAS * (double)sum;
  query->length = length;
  query->by_norm = residual + roundings * length;
  query->by_residual = length + residual;
  query->always = ((double)stride + 16) * 0x1p-149;
  int is_usual = length > 0x1p-60 && length < 0x1p60;
  query->quick = (acervo_code_quick){
      .scale = whole.scale,
      .bias = (int32_t)(BIAS * sum),
      .by_norm = (float)(query->by_norm * (1 + 0x1p-20)),
      .by_residual = (float)(query->by_residual * (1 + 0x1p-20)),
      .always = is_usual ? 0x1p-80f : INFINITY,
  };
  return length < 1e38;
}

static int32_t dot_plain(const uint8_t *row, const int8_t *query, size_t stride) {
  int32_t sum = 0;
  for (size_t i = 0; i < stride; i++) sum += (int32_t)row[i] * query[i];
  return sum;
}

#if ACERVO_X86
// Products of pairs in 16 bits would overflow (`maddubs` saturates), so both sides are widened first.
__attribute__((target("avx2"))) static int32_t dot_avx2(const uint8_t *row, const int8_t *query, size_t stride) {
  __m256i sum = _mm256_setzero_si256();
  for (size_t i = 0; i < stride; i += 16) {
    __m256i codes = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(row + i)));
    __m256i asked = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(query + i)));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(codes, asked));
  }
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  four = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 1)));
}

enum { TILE = 4, AHEAD = 4096 };
#define VNNI __attribute__((target("avx512f,avx512dq,avx512vnni,avx2,fma")))

// Four rows by up to four queries; the sums of four rows are added up side by side.
__attribute__((target("avx512f,avx512dq,avx512vnni,avx2,fma"), always_inline)) static inline void tile_vnni(
    const uint8_t *rows, size_t stride, const acervo_code_query *const *queries, int width, int32_t *dots) {
  __m512i sum[TILE][TILE];
  for (int q = 0; q < width; q++)
    for (int r = 0; r < TILE; r++) sum[q][r] = _mm512_setzero_si512();
  for (size_t i = 0; i < stride; i += LINE) {
    __m512i row[TILE];
    for (int r = 0; r < TILE; r++) {
      // Asked for one line after the other, and not as the rows are read: five times as fast for few queries.
      _mm_prefetch((const char *)(rows + AHEAD + i * TILE + (size_t)r * LINE), _MM_HINT_T0);
      row[r] = _mm512_loadu_si512(rows + (size_t)r * stride + i);
    }
    for (int q = 0; q < width; q++) {
      __m512i asked = _mm512_loadu_si512(queries[q]->codes + i);
      for (int r = 0; r < TILE; r++) sum[q][r] = _mm512_dpbusd_epi32(sum[q][r], row[r], asked);
    }
  }
  for (int q = 0; q < width; q++) {
    __m512i low = _mm512_add_epi32(
        _mm512_unpacklo_epi32(sum[q][0], sum[q][1]), _mm512_unpackhi_epi32(sum[q][0], sum[q][1]));
    __m512i high = _mm512_add_epi32(
        _mm512_unpacklo_epi32(sum[q][2], sum[q][3]), _mm512_unpackhi_epi32(sum[q][2], sum[q][3]));
    __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(low, high), _mm512_unpackhi_epi64(low, high));
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    _mm_storeu_si128(
        (__m128i *)(dots + q * AT_ONCE),
        _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1)));
  }
}

VNNI static void dots_vnni(const uint8_t *rows, size_t count, size_t stride, const acervo_code_query *const *queries,
                           size_t query_count, int32_t *dots) {
  for (size_t row = 0; row < count; row += TILE) {
    // The last tile goes back over rows that are done where fewer than four are left.
    size_t start = row + TILE <= count ? row : count - TILE;
    const uint8_t *tile = rows + start * stride;
    size_t query = 0;
    for (; query + TILE <= query_count; query += TILE)
      tile_vnni(tile, stride, queries + query, TILE, dots + query * AT_ONCE + start);
    int32_t *place = dots + query * AT_ONCE + start;
    switch (query_count - query) {
    case 1: tile_vnni(tile, stride, queries + query, 1, place); break;
    case 2: tile_vnni(tile, stride, queries + query, 2, place); break;
    case 3: tile_vnni(tile, stride, queries + query, 3, place); break;
    default: break;
    }
  }
}

VNNI static int32_t dot_vnni(const uint8_t *row, const int8_t *query, size_t stride) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t i = 0; i < stride; i += LINE)
    sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(row + i), _mm512_loadu_si512(query + i));
  return _mm512_reduce_add_epi32(sum);
}

static int has_vnni(acervo_scan_kind kind) {
  return kind == ACERVO_SCAN_AVX512 && __builtin_cpu_supports("avx512vnni");
}
#endif

int32_t acervo_code_dot(acervo_scan_kind kind, const uint8_t *row, const int8_t *query, size_t code_stride) {
#if ACERVO_X86
  if (has_vnni(kind)) return dot_vnni(row, query, code_stride);
  if (kind != ACERVO_SCAN_SCALAR) return dot_avx2(row, query, code_stride);
#else
  (void)kind;
#endif
  return dot_plain(row, query, code_stride);
}

typedef struct {
  const float *scales, *norms, *residuals;
} facts;

// Whether each row's upper bound may reach `least`: in floats, which are many at once, and with room for all of their
// roundings, so that what is ruled out here is ruled out by the bounds themselves.
//
// Each rounding is off by at most 2^-24 of its number, and there are fewer than ten on each side: 2^-20 pays for all.
// Lengths between 2^-60 and 2^60 keep what underflows far below 2^-80, and everything from overflowing; a query of
// another length has infinity in `quick.always`, and a longer row may reach anything.
INLINE void reach(const acervo_code_query *query, const int32_t *dots, facts of, size_t count, float least,
                  uint8_t *may) {
  float scale = query->quick.scale, by_norm = query->quick.by_norm, by_residual = query->quick.by_residual;
  float always = query->quick.always;
  int32_t bias = query->quick.bias;
  for (size_t i = 0; i < count; i++) {
    float middle = (float)(dots[i] - bias) * of.scales[i] * scale;
    float error = of.norms[i] * by_norm + of.residuals[i] * by_residual + (fabsf(middle) * 0x1p-20f + always);
    may[i] = !(middle + error < least) | !(of.norms[i] < 0x1p60f);
  }
}

// Whole numbers in the order of the floats that they stand for, and back.
static inline int32_t ordered(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits ^ (bits >> 31 & INT32_MAX);
}

static inline float unordered(int32_t bits) {
  float value;
  bits ^= bits >> 31 & INT32_MAX;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Keeps the k largest lower bounds of those that were gathered, in no order; the least of them is the mark.
//
// The k-th largest is found bit by bit: each step counts, without a branch, how many are not below.
INLINE void settle(acervo_code_query *query) {
  int32_t *values = query->lower;
  const int32_t count = (int32_t)query->used, k = (int32_t)query->k;
  if (k == 0 || count < k) return;
  int32_t mark = INT32_MIN;
  for (int bit = 31; bit >= 0; bit--) {
    const int32_t tried = bit == 31 ? 0 : mark + ((int32_t)1 << bit);
    int32_t reaching = 0;
    for (int32_t i = 0; i < count; i++) reaching += values[i] >= tried;
    if (reaching >= k) mark = tried;
  }
  int32_t left = 0;
  for (int32_t i = 0; i < count; i++) {
    const int32_t value = values[i];
    values[left] = value;
    left += value > mark;
  }
  while (left < k) values[left++] = mark;
  query->used = query->k;
  query->least = unordered(mark);
}

// Looks at a row by its bounds themselves.
INLINE void keep(acervo_code_query *query, int32_t dot, facts of, size_t i, uint32_t number) {
  double norm = of.norms[i];
  double middle = ((double)dot - query->bias) * (of.scales[i] * query->scale);
  double error = norm * query->by_norm + of.residuals[i] * query->by_residual + query->always;
  // Where a sum of floats might overflow nothing is known of it.
  int is_bounded = norm * query->length < 1e38;
  float lower = is_bounded ? (float)(middle - error) : -INFINITY;
  float upper = is_bounded ? (float)(middle + error) : INFINITY;
  if (upper < query->least) return;
  if (query->allowed && !(query->allowed[number >> 6] >> (number & 63) & 1)) return;
  query->candidates[query->candidate_count++] = (acervo_hit){upper, number};
  if (query->k == 0 || lower < query->least) return;
  query->lower[query->used++] = ordered(lower);
  if (query->used == acervo_code_room(query->k)) settle(query);
}

INLINE void keep_reaching(acervo_code_query *query, const int32_t *dots, facts of, size_t count, uint32_t first_row) {
  uint8_t may[AT_ONCE] = {0};
  reach(query, dots, of, count, query->least, may);
  for (size_t i = 0; i < count; i += 8) {
    uint64_t eight;
    memcpy(&eight, may + i, sizeof eight);
    if (eight == 0) continue;
    for (size_t j = i; j < i + 8 && j < count; j++)
      if (may[j]) keep(query, dots[j], of, j, first_row + (uint32_t)j);
  }
}

static void keep_plain(acervo_code_query *query, const int32_t *dots, facts of, size_t count, uint32_t first_row) {
  keep_reaching(query, dots, of, count, first_row);
}

#if ACERVO_X86
__attribute__((target("avx2,fma"))) static void keep_avx2(acervo_code_query *query, const int32_t *dots, facts of,
                                                          size_t count, uint32_t first_row) {
  keep_reaching(query, dots, of, count, first_row);
}

VNNI static void keep_avx512(acervo_code_query *query, const int32_t *dots, facts of, size_t count,
                             uint32_t first_row) {
  keep_reaching(query, dots, of, count, first_row);
}
#endif

size_t acervo_code_room(size_t k) { return k + k / 2 + 16; }

float acervo_code_least(acervo_code_query *query) {
  settle(query);
  return query->least;
}

void acervo_code_scan(acervo_scan_kind kind, const uint8_t *codes, const float *scales, const float *norms,
                      const float *residuals, size_t count, size_t code_stride, uint32_t first_row,
                      acervo_code_query *const *queries, size_t query_count) {
  enum { QUERIES = 16 };
  int32_t dots[QUERIES * AT_ONCE];
  void (*keep_kind)(acervo_code_query *, const int32_t *, facts, size_t, uint32_t) = keep_plain;
#if ACERVO_X86
  if (kind != ACERVO_SCAN_SCALAR) keep_kind = has_vnni(kind) ? keep_avx512 : keep_avx2;
#endif
  for (size_t row = 0; row < count; row += AT_ONCE) {
    size_t rows = count - row < AT_ONCE ? count - row : AT_ONCE;
    const uint8_t *batch = codes + row * code_stride;
    facts of = {scales + row, norms + row, residuals + row};
    for (size_t from = 0; from < query_count; from += QUERIES) {
      size_t width = query_count - from < QUERIES ? query_count - from : QUERIES;
      int is_done = 0;
#if ACERVO_X86
      if (has_vnni(kind) && rows >= TILE) {
        dots_vnni(batch, rows, code_stride, (const acervo_code_query *const *)queries + from, width, dots);
        is_done = 1;
      }
#endif
      for (size_t r = 0; r < rows && !is_done; r++)
        for (size_t q = 0; q < width; q++)
          dots[q * AT_ONCE + r] = acervo_code_dot(kind, batch + r * code_stride, queries[from + q]->codes, code_stride);
      for (size_t q = 0; q < width; q++)
        keep_kind(queries[from + q], dots + q * AT_ONCE, of, rows, first_row + (uint32_t)row);
    }
  }
}
