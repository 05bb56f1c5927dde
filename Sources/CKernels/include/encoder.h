#pragma once
#include <stddef.h>
#include <stdint.h>

// The float kernels of the sentence encoders.
//
// Every number comes from a fixed sequence of operations on sixteen lanes: the same bits on AVX-512, AVX2 and plain
// C, wherever a row stands in its batch and however many rows are beside it. A matrix product's element is
// bias + a[0]·b[0] + a[1]·b[1] + …, one fused multiply-add after the other.

/// Columns that the matrix product takes at a time; scripts/models lays weights out in panels of as many.
#define ACERVO_PANEL 16

/// Instruction sets, as `acervo_encoder_select` takes them.
enum { ACERVO_SIMD_PLAIN = 0, ACERVO_SIMD_AVX2 = 1, ACERVO_SIMD_AVX512 = 2 };

/// What a matrix product does to each element at its end.
enum { ACERVO_LINEAR = 0, ACERVO_RELU = 1, ACERVO_GELU = 2, ACERVO_GELU_TANH = 3 };

/// The instruction set in use.
int acervo_encoder_level(void);

/// Uses an instruction set, or the best below it that the processor has (for tests); returns which.
int acervo_encoder_select(int level);

/// Floats of a matrix of `columns` × `depth` in panels: columns rounded up to the next 16.
size_t acervo_panel_floats(size_t columns, size_t depth);

/// Lays out a matrix in panels, [columns / 16][depth][16], zeros in the columns beyond the last.
/// `transposed` 0: element (k, n) at source[k * stride + n]; 1: at source[n * stride + k].
void acervo_pack_panels(
  const float *source, size_t stride, int transposed, size_t columns, size_t depth, float *panels);

/// output[rows × columns] = activation(input[rows × depth] · panels + bias).
/// Row r of the input begins at input + (starts ? starts[r] : r) * input_stride; rows may overlap.
void acervo_matrix_product(
  size_t rows, size_t columns, size_t depth, const float *input, size_t input_stride, const int32_t *starts,
  const float *panels, const float *bias, int activation, float *output, size_t output_stride);

/// Layer normalisation of each row of `values` (+ `added`, if any), in place.
void acervo_layer_norm(
  float *values, const float *added, size_t rows, size_t width, size_t stride, const float *weight, const float *bias,
  float epsilon);

/// Self-attention of one sequence and one head: output[r] = softmax(q · kᵀ · scale)[r] · v.
/// `scratch` holds acervo_attention_scratch(tokens, width) floats.
void acervo_attention(
  size_t tokens, size_t width, const float *q, const float *k, const float *v, size_t stride, float scale,
  float *scratch, float *output, size_t output_stride);
size_t acervo_attention_scratch(size_t tokens, size_t width);

/// output = (a + b) + c.
void acervo_sum_rows(const float *a, const float *b, const float *c, size_t width, float *output);

/// sum[i] += Σ rows; rows added one after the other.
void acervo_add_rows(const float *rows, size_t count, size_t width, size_t stride, float *sum);

/// Multiplies by a factor, in place.
void acervo_scale(float *values, size_t count, float factor);

/// tanh, in place.
void acervo_tanh(float *values, size_t count);

/// Divides by the square root of max(Σ v², floor), in place.
void acervo_normalize(float *values, size_t count, float floor);

/// Rows of an 8-bit table as floats: row id × scale[id mod chunks] + offset[id mod chunks].
void acervo_dequantize_rows(
  const uint8_t *table, size_t width, const int32_t *ids, size_t count, const float *scale, const float *offset,
  size_t chunks, float *output, size_t output_stride);

/// A window of neighbouring tokens: how many, and how many of them stand to the left.
typedef struct {
  int32_t length;
  int32_t left;
} acervo_window;

/// First convolution, from what each token adds to each place of each window.
///
/// A token's record is [windows × channels] projected values, then for each window [length × channels] products.
/// For token t of `first ..< last` of a sequence of `tokens` (whose records are `records[0 ..< tokens]`) and window w:
/// hidden[w][t - first] = projected + relu(bias + Σ products), added from left to right; places outside the sequence
/// add nothing.
void acervo_first_convolution(
  const float *const *records, size_t tokens, size_t first, size_t last, const acervo_window *windows, size_t count,
  size_t channels, const float *bias, float *const *hidden);

/// Features of tokens, normalised and summed: for each, layer norm of [dequantised row | hidden + convolved] is added
/// to `sum`. hidden[w] and convolved[w] are rows of `channels`, one a token.
/// `scratch` holds width + count × channels floats.
void acervo_sum_features(
  const uint8_t *table, size_t width, const int32_t *ids, size_t tokens, const float *scale, const float *offset,
  size_t chunks, const float *const *hidden, const float *const *convolved, size_t count, size_t channels,
  const float *weight, const float *bias, float epsilon, float *scratch, float *sum);
