// Chooses the kernels for this processor and passes calls on.

#include <stdatomic.h>

#include "encoder_table.h"

static _Atomic(const struct acervo_encoder_table *) chosen;

static int best(int level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (level >= ACERVO_SIMD_AVX512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return ACERVO_SIMD_AVX512;
  if (level >= ACERVO_SIMD_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return ACERVO_SIMD_AVX2;
#endif
  return ACERVO_SIMD_PLAIN;
}

int acervo_encoder_select(int level) {
  level = best(level);
  const struct acervo_encoder_table *table = &acervo_encoder_plain;
#if defined(__x86_64__)
  if (level == ACERVO_SIMD_AVX2) table = &acervo_encoder_avx2;
  if (level == ACERVO_SIMD_AVX512) table = &acervo_encoder_avx512;
#endif
  atomic_store(&chosen, table);
  return level;
}

static const struct acervo_encoder_table *table(void) {
  const struct acervo_encoder_table *found = atomic_load_explicit(&chosen, memory_order_acquire);
  if (found) return found;
  acervo_encoder_select(ACERVO_SIMD_AVX512);
  return atomic_load_explicit(&chosen, memory_order_acquire);
}

int acervo_encoder_level(void) {
#if defined(__x86_64__)
  if (table() == &acervo_encoder_avx512) return ACERVO_SIMD_AVX512;
  if (table() == &acervo_encoder_avx2) return ACERVO_SIMD_AVX2;
#endif
  return ACERVO_SIMD_PLAIN;
}

size_t acervo_panel_floats(size_t columns, size_t depth) {
  return (columns + ACERVO_PANEL - 1) / ACERVO_PANEL * ACERVO_PANEL * depth;
}

size_t acervo_attention_scratch(size_t tokens, size_t width) {
  const size_t padded = (tokens + 15) / 16 * 16;
  return padded * width + (width + 15) / 16 * 16 * tokens + 56 * padded;
}

void acervo_pack_panels(
  const float *source, size_t stride, int transposed, size_t columns, size_t depth, float *panels) {
  table()->pack_panels(source, stride, transposed, columns, depth, panels);
}

void acervo_matrix_product(
  size_t rows, size_t columns, size_t depth, const float *input, size_t input_stride, const int32_t *starts,
  const float *panels, const float *bias, int activation, float *output, size_t output_stride) {
  table()->matrix_product(
    rows, columns, depth, input, input_stride, starts, panels, bias, activation, output, output_stride);
}

void acervo_layer_norm(
  float *values, const float *added, size_t rows, size_t width, size_t stride, const float *weight, const float *bias,
  float epsilon) {
  table()->layer_norm(values, added, rows, width, stride, weight, bias, epsilon);
}

void acervo_attention(
  size_t tokens, size_t width, const float *q, const float *k, const float *v, size_t stride, float scale,
  float *scratch, float *output, size_t output_stride) {
  table()->attention(tokens, width, q, k, v, stride, scale, scratch, output, output_stride);
}

void acervo_add_rows(const float *rows, size_t count, size_t width, size_t stride, float *sum) {
  table()->add_rows(rows, count, width, stride, sum);
}

void acervo_sum_rows(const float *a, const float *b, const float *c, size_t width, float *output) {
  for (size_t i = 0; i < width; i++) output[i] = (a[i] + b[i]) + c[i];
}

void acervo_scale(float *values, size_t count, float factor) { table()->scale_values(values, count, factor); }

void acervo_tanh(float *values, size_t count) { table()->tanh_values(values, count); }

void acervo_normalize(float *values, size_t count, float floor) { table()->normalize_values(values, count, floor); }

void acervo_dequantize_rows(
  const uint8_t *rows, size_t width, const int32_t *ids, size_t count, const float *scale, const float *offset,
  size_t chunks, float *output, size_t output_stride) {
  table()->dequantize_rows(rows, width, ids, count, scale, offset, chunks, output, output_stride);
}

void acervo_first_convolution(
  const float *const *records, size_t tokens, size_t first, size_t last, const acervo_window *windows, size_t count,
  size_t channels, const float *bias, float *const *hidden) {
  table()->first_convolution(records, tokens, first, last, windows, count, channels, bias, hidden);
}

void acervo_sum_features(
  const uint8_t *rows, size_t width, const int32_t *ids, size_t tokens, const float *scale, const float *offset,
  size_t chunks, const float *const *hidden, const float *const *convolved, size_t count, size_t channels,
  const float *weight, const float *bias, float epsilon, float *scratch, float *sum) {
  table()->sum_features(
    rows, width, ids, tokens, scale, offset, chunks, hidden, convolved, count, channels, weight, bias, epsilon, scratch,
    sum);
}
