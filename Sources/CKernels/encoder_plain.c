// For processors without AVX2 (slow without a fused multiply-add), and for ARM, whose vectors need no dispatch.
#pragma clang diagnostic ignored "-Wpsabi"
#define ACERVO_TABLE acervo_encoder_plain
#define ACERVO_TILE_ROWS 6
#define ACERVO_TILE_PANELS 1
#include "encoder_body.h"
