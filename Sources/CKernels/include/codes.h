#pragma once
#include <stddef.h>
#include <stdint.h>

#include "scan.h"

// Rows of 8-bit codes: a quarter of the bytes, from which bounds of a row's exact score follow.
//
// A row x is kept as scale · code + remainder, each code a whole number of -127...127 that stands in the file with 128
// added to it. A query q is cut likewise. The dot product of the codes is exact in 32 bits, so with u = 2^-24
//
//   |x·q - scale(x) scale(q) codes(x)·codes(q)| <= (|x| + |rem x|) |rem q| + |rem x| |q|
//   |acervo_dot(x, q) - x·q|                    <= (stride / 16 + 4) u / (1 - …) |x| |q|, and what underflows
//
// by Cauchy and Schwarz and by the usual analysis of a sum. Bounds are computed as doubles and rounded to floats, which
// keeps their order with scores that are floats. docs/decisions/0016-codes.md has the whole argument.

/// What a row's codes leave out.
typedef struct {
  float scale;
  /// At least the length of the row.
  float norm;
  /// At least the length of what the codes leave out.
  float residual;
} acervo_code_facts;

/// The bytes of a row of codes for rows of `dimensions` floats.
size_t acervo_code_stride(size_t dimensions);

/// Cuts a row of finite floats to codes; what pads them stands for zero. The same bytes on every machine.
acervo_code_facts acervo_code_row(const float *row, size_t dimensions, uint8_t *codes);

/// The numbers of a bound as floats, a little too large: they rule most rows out, many at a time.
typedef struct {
  float scale, by_norm, by_residual, always;
  int32_t bias;
} acervo_code_quick;

/// One query of a pass over codes.
typedef struct {
  /// Set by `acervo_code_query_make`: codes as long as a row's, and what bounds need of them.
  const int8_t *codes;
  double scale, bias, length, by_norm, by_residual, always;
  acervo_code_quick quick;
  /// A bit per row number, from bit 0 of the first word; NULL for all.
  const uint64_t *allowed;
  /// The best lower bounds so far, in no order: room for `acervo_code_room(k)`, as whole numbers of the same order.
  int32_t *lower;
  size_t k, used;
  /// At most the k-th best lower bound so far.
  float least;
  /// Rows whose upper bound was not below `least` when they were looked at, with that upper bound.
  acervo_hit *candidates;
  size_t candidate_count;
} acervo_code_query;

/// Cuts a query of `dimensions` floats to codes and fills in what bounds need, with nothing found yet; false where it holds a number that is not
/// finite, or is so long that no bound can be given.
///
/// - `stride`: of the rows of floats.
int acervo_code_query_make(acervo_code_query *query, const float *vector, size_t dimensions, size_t stride,
                           int8_t *codes);

/// Scans the codes of `count` rows for several queries at once, reading memory once for all of them.
///
/// `scales`, `norms` and `residuals` hold a number for each row; row i has the number `first_row + i`. Each query's
/// `candidates` has room for `count` more.
void acervo_code_scan(acervo_scan_kind kind, const uint8_t *codes, const float *scales, const float *norms,
                      const float *residuals, size_t count, size_t code_stride, uint32_t first_row,
                      acervo_code_query *const *queries, size_t query_count);

/// How many lower bounds a query for the `k` best has to have room for.
size_t acervo_code_room(size_t k);

/// The k-th best lower bound of the rows so far, or minus infinity where there are fewer: a row whose upper bound is
/// below it is none of the `k` best.
float acervo_code_least(acervo_code_query *query);

/// The dot product of a row of codes as they stand, 128 added to each, and a query's: exact, whatever the kind.
int32_t acervo_code_dot(acervo_scan_kind kind, const uint8_t *row, const int8_t *query, size_t code_stride);
