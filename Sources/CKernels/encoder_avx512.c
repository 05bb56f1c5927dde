#if defined(__x86_64__)
#include "encoder_table.h"
#include <string.h>
#pragma clang attribute push(                                                                                          \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define ACERVO_TABLE acervo_encoder_avx512
// 14 × 32 sums fill 28 of 32 registers.
#define ACERVO_TILE_ROWS 14
#define ACERVO_TILE_PANELS 2
#include "encoder_body.h"
#pragma clang attribute pop
#endif
