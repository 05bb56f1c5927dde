#if defined(__x86_64__)
#include "encoder_table.h"
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define ACERVO_TABLE acervo_encoder_avx2
// 6 × 16 sums fill twelve of sixteen registers.
#define ACERVO_TILE_ROWS 6
#define ACERVO_TILE_PANELS 1
#include "encoder_body.h"
#pragma clang attribute pop
#endif
