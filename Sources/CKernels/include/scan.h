#pragma once
#include <stddef.h>
#include <stdint.h>

// Exact search over rows of floats, and the list of the best that every search of ours keeps.

/// A row that was found.
typedef struct {
  float score;
  uint32_t row;
} acervo_hit;

/// Which instructions scan.
typedef enum { ACERVO_SCAN_SCALAR = 0, ACERVO_SCAN_AVX2 = 1, ACERVO_SCAN_AVX512 = 2 } acervo_scan_kind;

/// The best kind that this machine runs.
acervo_scan_kind acervo_scan_best(void);

/// The dot product by definition, on which every kind agrees to the last bit.
///
/// Sixteen lanes: lane l takes the elements l, l+16, l+32 … in this order, each by one fused multiply-add; then lanes
/// are added l + (l+8), l + (l+4), l + (l+2), l + (l+1). `stride` is a multiple of 16; what pads a row is zero.
float acervo_dot(acervo_scan_kind kind, const float *row, const float *query, size_t stride);

/// Scans `count` rows and keeps the `k` best of them and of those that are in `best` already.
///
/// - `allowed`: a bit per row number, from bit 0 of the first word; NULL for all. Row i of `rows` has the number
///   `first_row + i`.
/// - `best`: room for `k` hits, of which `used` are there, as left by an earlier call (a heap, not a sorted list).
/// - returns how many are there now. A score that is no number is never kept.
size_t acervo_scan(acervo_scan_kind kind, const float *rows, size_t count, size_t stride, const float *query,
                   uint32_t first_row, const uint64_t *allowed, acervo_hit *best, size_t k, size_t used);

/// Scores `count` rows with several queries at once: memory is read once for all of them.
///
/// `queries` holds pointers to `query_count` queries; the score of row i and query j goes to
/// `scores[i * query_count + j]`. Every score has the same bits as `acervo_dot`'s.
void acervo_dots(acervo_scan_kind kind, const float *rows, size_t count, size_t stride, const float *const *queries,
                 size_t query_count, float *scores);

/// Scores some rows, each of which a hit names; the rows after the next are asked for while one is scored.
///
/// - `blocks`: where the rows are, `rows_per_block` to each.
void acervo_score_rows(acervo_scan_kind kind, const float *const *blocks, size_t rows_per_block, size_t stride,
                       const float *query, acervo_hit *hits, size_t count);

/// Scores rows that bounds did not rule out, and keeps the `k` best of them and of those that are in `best` already.
///
/// - `blocks`: where the rows are, `rows_per_block` to each.
/// - `candidates`: row numbers, each with an upper bound of its score; the list is overwritten. Those whose bound is
///   below `least` are passed over.
/// - `best`: room for `used + count` hits; what is returned stands at its front, the best first.
size_t acervo_rescore(acervo_scan_kind kind, const float *const *blocks, size_t rows_per_block, size_t stride,
                      const float *query, acervo_hit *candidates, size_t count, float least, acervo_hit *best, size_t k,
                      size_t used);

/// Sorts hits, the best first; returns how many of the `k` best there are. No score may be no number.
size_t acervo_best(acervo_hit *hits, size_t count, size_t k);

/// Puts one hit among the best; a higher score is better, of equal ones the lower row.
size_t acervo_keep(acervo_hit *best, size_t k, size_t used, acervo_hit hit);

/// Puts the scores of neighbouring rows among the best: score i of `count` stands at `scores[i * step]` and belongs to
/// row `first_row + i`.
size_t acervo_keep_scores(acervo_hit *best, size_t k, size_t used, const float *scores, size_t step, size_t count,
                          uint32_t first_row);

/// Adds up bytes as fast as they can be read: the ceiling that scans are measured against.
uint64_t acervo_read_all(const void *bytes, size_t count);
