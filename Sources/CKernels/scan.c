#include "scan.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define ACERVO_X86 1
#else
#define ACERVO_X86 0
#endif

static inline int better(acervo_hit a, acervo_hit b) {
  return a.score > b.score || (a.score == b.score && a.row < b.row);
}

size_t acervo_keep(acervo_hit *best, size_t k, size_t used, acervo_hit hit) {
  if (k == 0 || isnan(hit.score)) return used;
  size_t hole;
  if (used < k) {
    // The worst stands at the top: climb while the parent is better.
    hole = used++;
    while (hole > 0 && better(best[(hole - 1) / 2], hit)) {
      best[hole] = best[(hole - 1) / 2];
      hole = (hole - 1) / 2;
    }
  } else {
    if (!better(hit, best[0])) return used;
    hole = 0;
    for (;;) {
      size_t child = 2 * hole + 1;
      if (child >= used) break;
      if (child + 1 < used && better(best[child], best[child + 1])) child++;
      if (!better(hit, best[child])) break;
      best[hole] = best[child];
      hole = child;
    }
  }
  best[hole] = hit;
  return used;
}

size_t acervo_keep_scores(acervo_hit *best, size_t k, size_t used, const float *scores, size_t step, size_t count,
                          uint32_t first_row) {
  for (size_t i = 0; i < count; i++) {
    float score = scores[i * step];
    if (k > 0 && used == k && score < best[0].score) continue;
    used = acervo_keep(best, k, used, (acervo_hit){score, first_row + (uint32_t)i});
  }
  return used;
}

static float dot_scalar(const float *row, const float *query, size_t stride) {
  float lane[16] = {0};
  for (size_t i = 0; i < stride; i += 16)
    for (int l = 0; l < 16; l++) lane[l] = fmaf(row[i + l], query[i + l], lane[l]);
  for (int width = 8; width > 0; width /= 2)
    for (int l = 0; l < width; l++) lane[l] += lane[l + width];
  return lane[0];
}

#if ACERVO_X86
__attribute__((target("avx2,fma"))) static inline float sum8(__m256 sum) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// The machine's own prefetching does not follow rows well: `next` is asked for meanwhile, in a scan what lies 8 KB
// further. An address past the end is harmless to a prefetch. One sum a row is enough: the next row's multiply-adds begin
// before it is done.
enum { AHEAD = 2048 };

__attribute__((target("avx2,fma"))) static float dot_avx2(const float *row, const float *query, size_t stride,
                                                          const float *next) {
  __m256 low = _mm256_setzero_ps(), high = _mm256_setzero_ps();
  for (size_t i = 0; i < stride; i += 16) {
    _mm_prefetch((const char *)(next + i), _MM_HINT_T0);
    low = _mm256_fmadd_ps(_mm256_loadu_ps(row + i), _mm256_loadu_ps(query + i), low);
    high = _mm256_fmadd_ps(_mm256_loadu_ps(row + i + 8), _mm256_loadu_ps(query + i + 8), high);
  }
  return sum8(_mm256_add_ps(low, high));
}

__attribute__((target("avx512f,avx512dq,avx2,fma"))) static float dot_avx512(const float *row, const float *query,
                                                                            size_t stride, const float *next) {
  __m512 sum = _mm512_setzero_ps();
  for (size_t i = 0; i < stride; i += 16) {
    _mm_prefetch((const char *)(next + i), _MM_HINT_T0);
    sum = _mm512_fmadd_ps(_mm512_loadu_ps(row + i), _mm512_loadu_ps(query + i), sum);
  }
  return sum8(_mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1)));
}
#endif

static float dot_before(acervo_scan_kind kind, const float *row, const float *query, size_t stride,
                        const float *next) {
  switch (kind) {
#if ACERVO_X86
  case ACERVO_SCAN_AVX512: return dot_avx512(row, query, stride, next);
  case ACERVO_SCAN_AVX2: return dot_avx2(row, query, stride, next);
#endif
  default: (void)next; return dot_scalar(row, query, stride);
  }
}

float acervo_dot(acervo_scan_kind kind, const float *row, const float *query, size_t stride) {
#if ACERVO_X86
  return dot_before(kind, row, query, stride, row + AHEAD);
#else
  return dot_before(kind, row, query, stride, row);
#endif
}

acervo_scan_kind acervo_scan_best(void) {
#if ACERVO_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return ACERVO_SCAN_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return ACERVO_SCAN_AVX2;
#endif
  return ACERVO_SCAN_SCALAR;
}

size_t acervo_scan(acervo_scan_kind kind, const float *rows, size_t count, size_t stride, const float *query,
                   uint32_t first_row, const uint64_t *allowed, acervo_hit *best, size_t k, size_t used) {
  if (k == 0) return used;
  for (size_t i = 0; i < count; i++) {
    uint32_t number = first_row + (uint32_t)i;
    if (allowed && !(allowed[number >> 6] >> (number & 63) & 1)) continue;
    float score = acervo_dot(kind, rows + i * stride, query, stride);
    if (used < k || score >= best[0].score) used = acervo_keep(best, k, used, (acervo_hit){score, number});
  }
  return used;
}

size_t acervo_best(acervo_hit *hits, size_t count, size_t k) {
  // Shell's sort with Ciura's gaps: some hundreds of hits, in place, and no order of them makes it slow.
  static const size_t gaps[] = {8929, 3905, 1750, 701, 301, 132, 57, 23, 10, 4, 1};
  for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
    size_t gap = gaps[g];
    for (size_t i = gap; i < count; i++) {
      acervo_hit hit = hits[i];
      size_t hole = i;
      for (; hole >= gap && better(hit, hits[hole - gap]); hole -= gap) hits[hole] = hits[hole - gap];
      hits[hole] = hit;
    }
  }
  return count < k ? count : k;
}

void acervo_score_rows(acervo_scan_kind kind, const float *const *blocks, size_t rows_per_block, size_t stride,
                       const float *query, acervo_hit *hits, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t number = hits[i].row, after = hits[i + 2 < count ? i + 2 : i].row;
    const float *row = blocks[number / rows_per_block] + number % rows_per_block * stride;
    const float *next = blocks[after / rows_per_block] + after % rows_per_block * stride;
    hits[i].score = dot_before(kind, row, query, stride, next);
  }
}

size_t acervo_rescore(acervo_scan_kind kind, const float *const *blocks, size_t rows_per_block, size_t stride,
                      const float *query, acervo_hit *candidates, size_t count, float least, acervo_hit *best, size_t k,
                      size_t used) {
  size_t left = 0;
  for (size_t i = 0; i < count; i++)
    if (!(candidates[i].score < least)) candidates[left++] = candidates[i];
  acervo_score_rows(kind, blocks, rows_per_block, stride, query, candidates, left);
  for (size_t i = 0; i < left; i++)
    if (!isnan(candidates[i].score)) best[used++] = candidates[i];
  return acervo_best(best, used, k);
}

#if ACERVO_X86
// Four rows by up to four queries: half a load for each multiply-add, where a row alone needs two. Each sum is built as
// in `dot_avx512`.
enum { TILE = 4 };

__attribute__((target("avx512f,avx512dq,avx2,fma"), always_inline)) static inline void tile_avx512(
    const float *rows, size_t stride, const float *const *queries, int width, float *scores, size_t score_stride) {
  __m512 sum[TILE][TILE];
  for (int r = 0; r < TILE; r++)
    for (int q = 0; q < width; q++) sum[r][q] = _mm512_setzero_ps();
  for (size_t i = 0; i < stride; i += 16) {
    __m512 query[TILE];
    for (int q = 0; q < width; q++) query[q] = _mm512_loadu_ps(queries[q] + i);
    for (int r = 0; r < TILE; r++) {
      const float *row = rows + (size_t)r * stride + i;
      _mm_prefetch((const char *)(row + AHEAD), _MM_HINT_T0);
      __m512 values = _mm512_loadu_ps(row);
      for (int q = 0; q < width; q++) sum[r][q] = _mm512_fmadd_ps(values, query[q], sum[r][q]);
    }
  }
  for (int r = 0; r < TILE; r++)
    for (int q = 0; q < width; q++)
      scores[(size_t)r * score_stride + (size_t)q] =
          sum8(_mm256_add_ps(_mm512_castps512_ps256(sum[r][q]), _mm512_extractf32x8_ps(sum[r][q], 1)));
}

__attribute__((target("avx512f,avx512dq,avx2,fma"))) static void dots_avx512(const float *rows, size_t stride,
                                                                             const float *const *queries,
                                                                             size_t query_count, float *scores) {
  size_t query = 0;
  for (; query + TILE <= query_count; query += TILE)
    tile_avx512(rows, stride, queries + query, TILE, scores + query, query_count);
  switch (query_count - query) {
  case 1: tile_avx512(rows, stride, queries + query, 1, scores + query, query_count); break;
  case 2: tile_avx512(rows, stride, queries + query, 2, scores + query, query_count); break;
  case 3: tile_avx512(rows, stride, queries + query, 3, scores + query, query_count); break;
  default: break;
  }
}
#endif

void acervo_dots(acervo_scan_kind kind, const float *rows, size_t count, size_t stride, const float *const *queries,
                 size_t query_count, float *scores) {
  size_t row = 0;
#if ACERVO_X86
  if (kind == ACERVO_SCAN_AVX512)
    for (; row + TILE <= count; row += TILE)
      dots_avx512(rows + row * stride, stride, queries, query_count, scores + row * query_count);
#endif
  // Without 32 registers of 16 floats: what a row costs is reading it, and the other queries find it in the cache.
  for (; row < count; row++)
    for (size_t query = 0; query < query_count; query++)
      scores[row * query_count + query] = acervo_dot(kind, rows + row * stride, queries[query], stride);
}

#if ACERVO_X86
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
uint64_t acervo_read_all(const void *bytes, size_t count) {
  const uint64_t *words = bytes;
  uint64_t sum = 0;
  for (size_t i = 0; i < count / 8; i++) sum += words[i];
  return sum;
}
