// The kernels' text, compiled once for each instruction set: encoder_plain.c, encoder_avx2.c, encoder_avx512.c.
// ACERVO_NAME(x) gives x its suffix; ACERVO_TILE_ROWS and ACERVO_TILE_PANELS fit the accumulators into registers.
// Vectors have sixteen lanes everywhere, so that sums take the same order whatever the registers' width.

#include <string.h>

#include "encoder_table.h"

// Fused multiply-adds stand where they are written and nowhere else: contraction would differ between the sets.
#pragma STDC FP_CONTRACT OFF

typedef float lanes __attribute__((ext_vector_type(16)));
typedef int32_t int_lanes __attribute__((ext_vector_type(16)));

#define INLINE static inline __attribute__((always_inline))
#define FMA(a, b, c) __builtin_elementwise_fma((a), (b), (c))

INLINE void load(lanes *vector, const float *from) { memcpy(vector, from, sizeof(lanes)); }
INLINE void store(float *to, const lanes *vector) { memcpy(to, vector, sizeof(lanes)); }

INLINE void load_part(lanes *vector, const float *from, size_t count) {
  *vector = (lanes)0.0f;
  memcpy(vector, from, count * sizeof(float));
}

INLINE float total(const lanes *vector) {
  const float *v = (const float *)vector;
  float sums[8];
  for (int i = 0; i < 8; i++) sums[i] = v[i] + v[i + 8];
  for (int i = 0; i < 4; i++) sums[i] += sums[i + 4];
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

// 2^x for x in [-126, 127]; minimax polynomial on [-1/2, 1/2], relative error 2e-9 before rounding.
INLINE void power_of_two(lanes *x) {
  const lanes shift = (lanes)12582912.0f;  // 1.5 · 2^23: adding it leaves the nearest integer in the low bits
  lanes clamped = __builtin_elementwise_max(__builtin_elementwise_min(*x, (lanes)127.0f), (lanes)-126.0f);
  lanes moved = clamped + shift;
  lanes rest = clamped - (moved - shift);
  lanes p = (lanes)1.5345807e-4f;
  p = FMA(p, rest, (lanes)1.3399931e-3f);
  p = FMA(p, rest, (lanes)9.6184890e-3f);
  p = FMA(p, rest, (lanes)5.5503288e-2f);
  p = FMA(p, rest, (lanes)2.4022647e-1f);
  p = FMA(p, rest, (lanes)6.9314721e-1f);
  p = FMA(p, rest, (lanes)1.0f);
  int_lanes bits = (int_lanes)p + ((int_lanes)moved << 23);
  *x = (lanes)bits;
}

// x·Φ(x) = max(x, 0) - |x|·Φ(-|x|), and -log2 Φ(-a) is nearly a parabola: minimax polynomial on [0, 5.75], where
// what is left of |x|·Φ(-|x|) is below 3e-8. Largest absolute error, rounding included: 2.5e-7.
INLINE void gelu(lanes *x) {
  lanes magnitude = __builtin_elementwise_abs(*x);
  lanes a = __builtin_elementwise_min(magnitude, (lanes)5.75f);
  lanes p = (lanes)1.6931384e-6f;
  p = FMA(p, a, (lanes)-2.5121868e-5f);
  p = FMA(p, a, (lanes)1.1468409e-4f);
  p = FMA(p, a, (lanes)3.2267163e-4f);
  p = FMA(p, a, (lanes)-7.3322265e-3f);
  p = FMA(p, a, (lanes)5.2713050e-2f);
  p = FMA(p, a, (lanes)4.5911606e-1f);
  p = FMA(p, a, (lanes)1.1511231f);
  p = FMA(p, a, (lanes)9.9999889e-1f);
  lanes tail = -p;
  power_of_two(&tail);
  *x = FMA(-magnitude, tail, __builtin_elementwise_max(*x, (lanes)0.0f));
}

// tanh(x) = sign · (1 - e) / (1 + e) with e = exp(-2|x|).
INLINE void hyperbolic_tangent(lanes *x) {
  lanes e = __builtin_elementwise_abs(*x) * (lanes)-2.885390082f;
  power_of_two(&e);
  *x = __builtin_elementwise_copysign((1.0f - e) / (1.0f + e), *x);
}

INLINE void gelu_tanh(lanes *x) {
  lanes inner = (*x * *x) * *x;
  inner = FMA(inner, (lanes)0.044715f, *x) * (lanes)0.7978845608f;
  hyperbolic_tangent(&inner);
  *x = (*x * 0.5f) * (inner + 1.0f);
}

INLINE void activate(lanes *x, int activation) {
  switch (activation) {
  case ACERVO_RELU: *x = __builtin_elementwise_max(*x, (lanes)0.0f); break;
  case ACERVO_GELU: gelu(x); break;
  case ACERVO_GELU_TANH: gelu_tanh(x); break;
  default: break;
  }
}

// --- matrix product

// One tile: `rows` rows by `panels` panels, over `depth` of the inner dimension. `first` begins with the bias, later
// slices go on from what the output holds, so that slicing the depth changes no bit.
#define TILE_BODY(ROWS, PANELS)                                                                                        \
  {                                                                                                                    \
    lanes sum[ROWS][PANELS];                                                                                           \
    _Pragma("unroll") for (int r = 0; r < ROWS; r++) _Pragma("unroll") for (int p = 0; p < PANELS; p++) {              \
      if (first) {                                                                                                     \
        if (bias) load(&sum[r][p], bias + p * ACERVO_PANEL);                                                           \
        else sum[r][p] = (lanes)0.0f;                                                                                  \
      } else {                                                                                                         \
        load(&sum[r][p], output + r * stride + p * ACERVO_PANEL);                                                      \
      }                                                                                                                \
    }                                                                                                                  \
    for (size_t k = 0; k < depth; k++) {                                                                               \
      lanes b[PANELS];                                                                                                 \
      _Pragma("unroll") for (int p = 0; p < PANELS; p++) load(&b[p], panel + p * panel_stride + k * ACERVO_PANEL);     \
      _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                                                               \
        lanes a = (lanes)(row[r][k]);                                                                                  \
        _Pragma("unroll") for (int p = 0; p < PANELS; p++) sum[r][p] = FMA(a, b[p], sum[r][p]);                        \
      }                                                                                                                \
    }                                                                                                                  \
    _Pragma("unroll") for (int r = 0; r < ROWS; r++) _Pragma("unroll") for (int p = 0; p < PANELS; p++)                \
        store(output + r * stride + p * ACERVO_PANEL, &sum[r][p]);                                                     \
  }

typedef void tile_function(
  const float *const *row, size_t depth, const float *panel, size_t panel_stride, const float *bias, int first,
  float *output, size_t stride);

#define TILE(ROWS, PANELS)                                                                                             \
  static void tile_##ROWS##_##PANELS(                                                                                  \
    const float *const *row, size_t depth, const float *panel, size_t panel_stride, const float *bias, int first,      \
    float *output, size_t stride) TILE_BODY(ROWS, PANELS)

#define TILES(PANELS)                                                                                                  \
  TILE(1, PANELS) TILE(2, PANELS) TILE(3, PANELS) TILE(4, PANELS) TILE(5, PANELS) TILE(6, PANELS)
#define MORE_TILES(PANELS)                                                                                             \
  TILE(7, PANELS) TILE(8, PANELS) TILE(9, PANELS) TILE(10, PANELS) TILE(11, PANELS) TILE(12, PANELS)                   \
  TILE(13, PANELS) TILE(14, PANELS)
#define NAMES(PANELS)                                                                                                  \
  tile_1_##PANELS, tile_2_##PANELS, tile_3_##PANELS, tile_4_##PANELS, tile_5_##PANELS, tile_6_##PANELS
#define MORE_NAMES(PANELS)                                                                                             \
  tile_7_##PANELS, tile_8_##PANELS, tile_9_##PANELS, tile_10_##PANELS, tile_11_##PANELS, tile_12_##PANELS,             \
    tile_13_##PANELS, tile_14_##PANELS

#if ACERVO_TILE_PANELS == 2
TILES(1) MORE_TILES(1) TILES(2) MORE_TILES(2)
static tile_function *const tiles[2][14] = {{NAMES(1), MORE_NAMES(1)}, {NAMES(2), MORE_NAMES(2)}};
#else
TILES(1)
static tile_function *const tiles[1][6] = {{NAMES(1)}};
#endif

// Asks for floats that later tiles read or write: a product of many rows would wait for the third cache at each of its
// rows, and at each block of panels. A hint: it may lead past the end.
INLINE void ask(const float *from, size_t count) {
  for (size_t i = 0; i < count; i += 16) __builtin_prefetch(from + i, 0, 2);
}

static void matrix_product(
  size_t rows, size_t columns, size_t depth, const float *input, size_t input_stride, const int32_t *starts,
  const float *panels, const float *bias, int activation, float *output, size_t output_stride) {
  if (rows == 0 || columns == 0) return;
  // A slice of a tile's rows (14 × 384 floats, 21 KB) stays in the first cache; a block of panels (300 KB) stays in the
  // second, and the next one comes there meanwhile.
  const size_t slices = depth > 384 ? (depth + 383) / 384 : 1;
  const size_t slice = depth ? ((depth + slices - 1) / slices + 7) / 8 * 8 : 1;
  const size_t panel_count = (columns + ACERVO_PANEL - 1) / ACERVO_PANEL, panel_stride = depth * ACERVO_PANEL;
  const size_t block = 16, tiles_down = (rows + ACERVO_TILE_ROWS - 1) / ACERVO_TILE_ROWS;

  for (size_t from = 0; from < panel_count; from += block) {
    const size_t to = from + block < panel_count ? from + block : panel_count;
    for (size_t k = 0; k == 0 || k < depth; k += slice) {
      const size_t length = depth - k < slice ? depth - k : slice;
      const int last = k + slice >= depth;
      // The panels that come after these: the next slice of the same, or the first of the next block.
      const size_t next_k = last ? 0 : k + slice, next_from = last ? to : from;
      const size_t next_length = depth - next_k < slice ? depth - next_k : slice;
      const size_t share = (next_length + tiles_down - 1) / tiles_down;
      for (size_t r = 0; r < rows; r += ACERVO_TILE_ROWS) {
        const size_t height = rows - r < ACERVO_TILE_ROWS ? rows - r : ACERVO_TILE_ROWS;
        const float *row[ACERVO_TILE_ROWS];
        for (size_t i = 0; i < height; i++) {
          const size_t at = starts ? (size_t)starts[r + i] : r + i;
          row[i] = input + at * input_stride + k;
        }
        const size_t below = r + ACERVO_TILE_ROWS < rows ? r + ACERVO_TILE_ROWS : rows;
        const size_t next_height = rows - below < ACERVO_TILE_ROWS ? rows - below : ACERVO_TILE_ROWS;
        const size_t part = r / ACERVO_TILE_ROWS * share;
        const size_t asked = part < next_length ? (next_length - part < share ? next_length - part : share) : 0;
        const size_t step = (length + to - from - 1) / (to - from);
        for (size_t p = from; p < to;) {
          const size_t width = to - p < ACERVO_TILE_PANELS ? to - p : ACERVO_TILE_PANELS;
          const size_t first_column = p * ACERVO_PANEL;
          const float *panel = panels + p * panel_stride + k * ACERVO_PANEL;
          // Fewer rows stay in the second cache, and asking costs them a few percent.
          if (tiles_down >= 8) {
            for (size_t w = 0; w < width && next_from + p - from + w < panel_count; w++)
              ask(panels + (next_from + p - from + w) * panel_stride + (next_k + part) * ACERVO_PANEL,
                  asked * ACERVO_PANEL);
            for (size_t i = 0; i < next_height; i++) {
              const size_t at = starts ? (size_t)starts[below + i] : below + i;
              ask(input + at * input_stride + k + (p - from) * step, width * step);
              ask(output + (below + i) * output_stride + first_column, width * ACERVO_PANEL);
            }
          }
          if (first_column + width * ACERVO_PANEL <= columns) {
            float *target = output + r * output_stride + first_column;
            tiles[width - 1][height - 1](
              row, length, panel, panel_stride, bias ? bias + first_column : 0, k == 0, target, output_stride);
            if (last && activation != ACERVO_LINEAR) {
              for (size_t i = 0; i < height; i++) {
                for (size_t j = 0; j < width * ACERVO_PANEL; j += ACERVO_PANEL) {
                  lanes v;
                  load(&v, target + i * output_stride + j);
                  activate(&v, activation);
                  store(target + i * output_stride + j, &v);
                }
              }
            }
            p += width;
          } else if (p + 1 < panel_count) {
            // Two panels of which the second is cut: one at a time.
            float *target = output + r * output_stride + first_column;
            tiles[0][height - 1](
              row, length, panel, panel_stride, bias ? bias + first_column : 0, k == 0, target, output_stride);
            if (last && activation != ACERVO_LINEAR) {
              for (size_t i = 0; i < height; i++) {
                lanes v;
                load(&v, target + i * output_stride);
                activate(&v, activation);
                store(target + i * output_stride, &v);
              }
            }
            p += 1;
          } else {
            // The last panel has fewer columns than lanes: through a tile of its own.
            const size_t part = columns - first_column;
            float copy[ACERVO_TILE_ROWS * ACERVO_PANEL], part_bias[ACERVO_PANEL] = {0};
            float *target = output + r * output_stride + first_column;
            if (bias) memcpy(part_bias, bias + first_column, part * sizeof(float));
            if (k != 0) {
              memset(copy, 0, sizeof(copy));
              for (size_t i = 0; i < height; i++)
                memcpy(copy + i * ACERVO_PANEL, target + i * output_stride, part * sizeof(float));
            }
            tiles[0][height - 1](
              row, length, panel, panel_stride, bias ? part_bias : 0, k == 0, copy, ACERVO_PANEL);
            for (size_t i = 0; i < height; i++) {
              lanes v;
              load(&v, copy + i * ACERVO_PANEL);
              if (last) activate(&v, activation);
              memcpy(target + i * output_stride, &v, part * sizeof(float));
            }
            p += 1;
          }
        }
      }
    }
  }
}

// --- layer normalisation

INLINE void normalize_row(float *row, size_t width, const float *weight, const float *bias, float epsilon) {
  const size_t whole = width / 16 * 16, part = width - whole;
  lanes sums[4] = {0}, v;
  for (size_t i = 0; i < whole; i += 16) {
    load(&v, row + i);
    sums[i / 16 % 4] += v;
  }
  if (part) {
    load_part(&v, row + whole, part);
    sums[0] += v;
  }
  lanes sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  const float mean = total(&sum) / (float)width;
  for (int i = 0; i < 4; i++) sums[i] = (lanes)0.0f;
  for (size_t i = 0; i < whole; i += 16) {
    load(&v, row + i);
    v -= mean;
    sums[i / 16 % 4] = FMA(v, v, sums[i / 16 % 4]);
  }
  float rest = 0;
  for (size_t i = whole; i < width; i++) rest += (row[i] - mean) * (row[i] - mean);
  sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  const float factor = 1.0f / __builtin_sqrtf((total(&sum) + rest) / (float)width + epsilon);
  for (size_t i = 0; i < whole; i += 16) {
    lanes w, b;
    load(&v, row + i);
    load(&w, weight + i);
    load(&b, bias + i);
    v = FMA((v - mean) * factor, w, b);
    store(row + i, &v);
  }
  for (size_t i = whole; i < width; i++) row[i] = (row[i] - mean) * factor * weight[i] + bias[i];
}

static void layer_norm(
  float *values, const float *added, size_t rows, size_t width, size_t stride, const float *weight, const float *bias,
  float epsilon) {
  for (size_t r = 0; r < rows; r++) {
    float *row = values + r * stride;
    if (added) {
      for (size_t i = 0; i < width; i++) row[i] += added[r * stride + i];
    }
    normalize_row(row, width, weight, bias, epsilon);
  }
}

// --- attention

static void pack_panels(
  const float *source, size_t stride, int transposed, size_t columns, size_t depth, float *panels) {
  for (size_t n = 0; n < columns; n += ACERVO_PANEL) {
    const size_t width = columns - n < ACERVO_PANEL ? columns - n : ACERVO_PANEL;
    float *panel = panels + n * depth;
    if (width < ACERVO_PANEL) memset(panel, 0, depth * ACERVO_PANEL * sizeof(float));
    if (transposed) {
      for (size_t j = 0; j < width; j++)
        for (size_t k = 0; k < depth; k++) panel[k * ACERVO_PANEL + j] = source[(n + j) * stride + k];
    } else if (width == ACERVO_PANEL) {
      for (size_t k = 0; k < depth; k++)
        memcpy(panel + k * ACERVO_PANEL, source + k * stride + n, sizeof(lanes));
    } else {
      for (size_t k = 0; k < depth; k++)
        memcpy(panel + k * ACERVO_PANEL, source + k * stride + n, width * sizeof(float));
    }
  }
}

// The exponentials of one row of scores, and 1 / their sum. The row goes on to a multiple of sixteen places, whose
// numbers beyond `width` count for nothing and become zero.
INLINE float exponentials(float *row, size_t width, float scale) {
  const int_lanes place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const size_t whole = width / 16 * 16;
  const int_lanes beyond = place >= (int_lanes)(int32_t)(width - whole);
  lanes v, largest = (lanes)row[0];
  for (size_t i = 0; i < whole; i += 16) {
    load(&v, row + i);
    largest = __builtin_elementwise_max(largest, v);
  }
  if (whole < width) {
    load(&v, row + whole);
    largest = __builtin_elementwise_max(largest, beyond ? largest : v);
  }
  float top = largest[0];
  for (int i = 1; i < 16; i++) top = largest[i] > top ? largest[i] : top;
  const float factor = scale * 1.44269504f;
  lanes sum = (lanes)0.0f;
  for (size_t i = 0; i < whole; i += 16) {
    load(&v, row + i);
    v = (v - top) * factor;
    power_of_two(&v);
    sum += v;
    store(row + i, &v);
  }
  if (whole < width) {
    load(&v, row + whole);
    v = (v - top) * factor;
    power_of_two(&v);
    v = beyond ? (lanes)0.0f : v;
    sum += v;
    store(row + whole, &v);
  }
  return 1.0f / total(&sum);
}

#define ACERVO_ATTENTION_ROWS 56

static void attention(
  size_t tokens, size_t width, const float *q, const float *k, const float *v, size_t stride, float scale,
  float *scratch, float *output, size_t output_stride) {
  const size_t padded = (tokens + 15) / 16 * 16;
  float *keys = scratch;
  float *values = keys + padded * width;
  float *scores = values + (width + 15) / 16 * 16 * tokens;
  pack_panels(k, stride, 1, tokens, width, keys);
  pack_panels(v, stride, 0, width, tokens, values);
  for (size_t r = 0; r < tokens; r += ACERVO_ATTENTION_ROWS) {
    const size_t rows = tokens - r < ACERVO_ATTENTION_ROWS ? tokens - r : ACERVO_ATTENTION_ROWS;
    float inverse[ACERVO_ATTENTION_ROWS];
    matrix_product(rows, padded, width, q + r * stride, stride, 0, keys, 0, ACERVO_LINEAR, scores, padded);
    for (size_t i = 0; i < rows; i++) inverse[i] = exponentials(scores + i * padded, tokens, scale);
    float *target = output + r * output_stride;
    matrix_product(rows, width, tokens, scores, padded, 0, values, 0, ACERVO_LINEAR, target, output_stride);
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < width; j++) target[i * output_stride + j] *= inverse[i];
  }
}

// --- rows and vectors

static void add_rows(const float *rows, size_t count, size_t width, size_t stride, float *sum) {
  for (size_t r = 0; r < count; r++)
    for (size_t i = 0; i < width; i++) sum[i] += rows[r * stride + i];
}

static void scale_values(float *values, size_t count, float factor) {
  for (size_t i = 0; i < count; i++) values[i] *= factor;
}

static void tanh_values(float *values, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    const size_t part = count - i < 16 ? count - i : 16;
    lanes v;
    load_part(&v, values + i, part);
    hyperbolic_tangent(&v);
    memcpy(values + i, &v, part * sizeof(float));
  }
}

static void normalize_values(float *values, size_t count, float floor) {
  lanes sum = (lanes)0.0f;
  for (size_t i = 0; i < count; i += 16) {
    lanes v;
    load_part(&v, values + i, count - i < 16 ? count - i : 16);
    sum = FMA(v, v, sum);
  }
  const float squares = total(&sum);
  const float factor = 1.0f / __builtin_sqrtf(squares > floor ? squares : floor);
  for (size_t i = 0; i < count; i++) values[i] *= factor;
}

// --- Universal Sentence Encoder

INLINE void dequantize_row(
  const uint8_t *table, size_t width, int32_t id, const float *scale, const float *offset, size_t chunks,
  float *output) {
  const uint8_t *row = table + (size_t)id * width;
  const float factor = scale[(size_t)id % chunks], low = offset[(size_t)id % chunks];
  for (size_t i = 0; i < width; i++) output[i] = (float)row[i] * factor + low;
}

static void dequantize_rows(
  const uint8_t *table, size_t width, const int32_t *ids, size_t count, const float *scale, const float *offset,
  size_t chunks, float *output, size_t output_stride) {
  for (size_t r = 0; r < count; r++)
    dequantize_row(table, width, ids[r], scale, offset, chunks, output + r * output_stride);
}

static void first_convolution(
  const float *const *records, size_t tokens, size_t first, size_t last, const acervo_window *windows, size_t count,
  size_t channels, const float *bias, float *const *hidden) {
  for (size_t t = first; t < last; t++) {
    size_t product = count * channels;
    for (size_t w = 0; w < count; w++) {
      const float *places[16];
      size_t used = 0;
      for (int32_t j = 0; j < windows[w].length; j++) {
        const int64_t at = (int64_t)t + j - windows[w].left;
        if (at >= 0 && at < (int64_t)tokens) places[used++] = records[at] + product + (size_t)j * channels;
      }
      const float *projected = records[t] + w * channels, *start = bias + w * channels;
      float *target = hidden[w] + (t - first) * channels;
      for (size_t i = 0; i < channels; i += 16) {
        lanes v, x;
        load(&v, start + i);
        for (size_t j = 0; j < used; j++) {
          load(&x, places[j] + i);
          v += x;
        }
        load(&x, projected + i);
        v = __builtin_elementwise_max(v, (lanes)0.0f) + x;
        store(target + i, &v);
      }
      product += (size_t)windows[w].length * channels;
    }
  }
}

static void sum_features(
  const uint8_t *table, size_t width, const int32_t *ids, size_t tokens, const float *scale, const float *offset,
  size_t chunks, const float *const *hidden, const float *const *convolved, size_t count, size_t channels,
  const float *weight, const float *bias, float epsilon, float *scratch, float *sum) {
  const size_t all = width + count * channels;
  for (size_t t = 0; t < tokens; t++) {
    dequantize_row(table, width, ids[t], scale, offset, chunks, scratch);
    for (size_t w = 0; w < count; w++) {
      const float *h = hidden[w] + t * channels, *c = convolved[w] + t * channels;
      float *target = scratch + width + w * channels;
      for (size_t i = 0; i < channels; i++) target[i] = h[i] + c[i];
    }
    normalize_row(scratch, all, weight, bias, epsilon);
    for (size_t i = 0; i < all; i++) sum[i] += scratch[i];
  }
}

const struct acervo_encoder_table ACERVO_TABLE = {
  pack_panels, matrix_product,   layer_norm,      attention,         add_rows,     scale_values,
  tanh_values, normalize_values, dequantize_rows, first_convolution, sum_features,
};
