#pragma once
#include "encoder.h"

/// The kernels of one instruction set.
struct acervo_encoder_table {
  __typeof__(acervo_pack_panels) *pack_panels;
  __typeof__(acervo_matrix_product) *matrix_product;
  __typeof__(acervo_layer_norm) *layer_norm;
  __typeof__(acervo_attention) *attention;
  __typeof__(acervo_add_rows) *add_rows;
  __typeof__(acervo_scale) *scale_values;
  __typeof__(acervo_tanh) *tanh_values;
  __typeof__(acervo_normalize) *normalize_values;
  __typeof__(acervo_dequantize_rows) *dequantize_rows;
  __typeof__(acervo_first_convolution) *first_convolution;
  __typeof__(acervo_sum_features) *sum_features;
};

extern const struct acervo_encoder_table acervo_encoder_plain;
#if defined(__x86_64__)
extern const struct acervo_encoder_table acervo_encoder_avx2;
extern const struct acervo_encoder_table acervo_encoder_avx512;
#endif
