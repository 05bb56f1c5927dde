import CBLAS
import CKernels
import Foundation
import Testing

@Suite("Encoder kernels", .serialized)
struct EncoderKernelTests {
  /// A generator with a seed: the same matrices at every run.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  static func matrix(_ count: Int, seed: UInt64) -> [Float] {
    var generator = Seeded(state: seed)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  static func product(
    _ rows: Int, _ columns: Int, _ depth: Int, activation: Int = ACERVO_LINEAR, input: [Float], weights: [Float]
  ) -> [Float] {
    var panels = [Float](repeating: 0, count: acervo_panel_floats(columns, depth))
    acervo_pack_panels(weights, columns, 0, columns, depth, &panels)
    var output = [Float](repeating: 0, count: rows * columns)
    acervo_matrix_product(
      rows, columns, depth, input, depth, nil, panels, nil, Int32(activation), &output, columns)
    return output
  }

  @Test(arguments: [(1, 16, 8), (14, 32, 384), (15, 48, 385), (37, 72, 1000), (3, 5, 7), (131, 520, 832)])
  func `matrix products equal the library's`(rows: Int, columns: Int, depth: Int) {
    let input = Self.matrix(rows * depth, seed: 1)
    let weights = Self.matrix(depth * columns, seed: 2)
    var expected = [Float](repeating: 0, count: rows * columns)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1, input, Int32(depth),
      weights, Int32(columns), 0, &expected, Int32(columns))
    let product = Self.product(rows, columns, depth, input: input, weights: weights)
    let largest = zip(product, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(largest < 1e-6 * Float(depth))
  }

  @Test func `every instruction set gives the same bits`() {
    let before = acervo_encoder_level()
    defer { _ = acervo_encoder_select(before) }
    let (rows, columns, depth) = (19, 43, 401)
    let input = Self.matrix(rows * depth, seed: 3)
    let weights = Self.matrix(depth * columns, seed: 4)
    var results: [[Float]] = []
    for level in [ACERVO_SIMD_PLAIN, ACERVO_SIMD_AVX2, ACERVO_SIMD_AVX512] {
      acervo_encoder_select(Int32(level))
      var values = Self.product(rows, columns, depth, activation: ACERVO_GELU, input: input, weights: weights)
      acervo_layer_norm(
        &values, nil, rows, columns, columns, Self.matrix(columns, seed: 5), Self.matrix(columns, seed: 6), 1e-12)
      let stride = 3 * columns
      let attended = Self.matrix(rows * stride, seed: 7)
      var scratch = [Float](repeating: 0, count: acervo_attention_scratch(rows, columns))
      var output = [Float](repeating: 0, count: rows * columns)
      attended.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        acervo_attention(
          rows, columns, base, base + columns, base + 2 * columns, stride, 0.2, &scratch, &output, columns)
      }
      acervo_tanh(&output, output.count)
      acervo_normalize(&output, output.count, 1e-12)
      results.append(values + output)
    }
    #expect(!results[0].contains { !$0.isFinite })
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test func `a row's numbers do not depend on the rows beside it`() {
    let (columns, depth) = (96, 800)
    let input = Self.matrix(61 * depth, seed: 8)
    let weights = Self.matrix(depth * columns, seed: 9)
    let together = Self.product(61, columns, depth, input: input, weights: weights)
    for row in [0, 13, 14, 27, 60] {
      let alone = Self.product(
        1, columns, depth, input: Array(input[row * depth..<(row + 1) * depth]), weights: weights)
      #expect(alone == Array(together[row * columns..<(row + 1) * columns]))
    }
  }

  @Test func `gelu and tanh are accurate to a few ten-millionths`() {
    var worst = (gelu: 0.0, tanh: 0.0)
    for step in -900...900 {
      let x = Float(step) / 100
      var panel = [Float](repeating: 0, count: 16)
      panel[0] = 1
      var y: Float = 0
      acervo_matrix_product(1, 1, 1, [x], 1, nil, panel, nil, Int32(ACERVO_GELU), &y, 1)
      worst.gelu = max(worst.gelu, abs(Double(y) - 0.5 * Double(x) * erfc(-Double(x) / 2.0.squareRoot())))
      var z = x
      acervo_tanh(&z, 1)
      worst.tanh = max(worst.tanh, abs(Double(z) - tanh(Double(x))))
    }
    #expect(worst.gelu < 4e-7)
    #expect(worst.tanh < 2e-7)
  }

  @Test func `attention is a softmax of products`() {
    let (tokens, width) = (21, 20)
    let values = Self.matrix(tokens * width * 3, seed: 10)
    var scratch = [Float](repeating: 0, count: acervo_attention_scratch(tokens, width))
    var output = [Float](repeating: 0, count: tokens * width)
    values.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      acervo_attention(
        tokens, width, base, base + width, base + 2 * width, 3 * width, 0.5, &scratch, &output, width)
    }
    for row in 0..<tokens {
      let scores = (0..<tokens).map { key -> Double in
        var product = 0.0
        for part in 0..<width { product += Double(values[row * 60 + part] * values[key * 60 + 20 + part]) }
        return exp(product * 0.5)
      }
      let sum = scores.reduce(0, +)
      for column in 0..<width {
        var expected = 0.0
        for key in 0..<tokens { expected += scores[key] * Double(values[key * 60 + 40 + column]) }
        expected /= sum
        #expect(abs(Double(output[row * width + column]) - expected) < 1e-5)
      }
    }
  }
}
