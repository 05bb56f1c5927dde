internal import CKernels

/// A BERT-family sentence model (https://arxiv.org/abs/1810.04805): embeddings, layers of attention and feed-forward, pooling.
///
/// All tokens of a batch stand in one matrix without padding; attention goes sequence by sequence. A text that is
/// longer than the model reads is cut into windows of nearly equal length, and its vector is the mean over the tokens
/// of all of them.
struct BERTEncoder: SentenceEncoder {
  struct Layer: Sendable {
    let attention, attentionBias, output, outputBias, norm, normBias: Floats
    let inner, innerBias, outer, outerBias, finalNorm, finalNormBias: Floats
  }

  enum Pooling: String, Sendable {
    case mean
    case first = "cls"
  }

  /// Scratch memory of one thread.
  final class Scratch {
    let state = FloatBuffer()
    let next = FloatBuffer()
    let projected = FloatBuffer()
    let context = FloatBuffer()
    let inner = FloatBuffer()
    let attention = FloatBuffer()
  }

  /// Tokens that go through the kernels together.
  static let batchTokens = 512

  let dimensions: Int
  let heads: Int
  let innerWidth: Int
  let activation: Int32
  let epsilon: Float
  let longest: Int
  let pooling: Pooling
  let vocabulary: Int
  /// How many kinds of tokens it tells apart: a model of pairs of texts knows two.
  let kinds: Int
  let words, positions, types, norm, normBias: Floats
  let layers: [Layer]
  let scratches: ScratchPool<Scratch>

  /// Tokens `range` of a text between its first and last (special) token.
  struct Window {
    let text: Int
    let range: Range<Int>
    /// How many of its tokens are of the first kind; the others are of the second.
    var firstKind = Int.max
    var count: Int { range.count + 2 }
  }

  /// Embeds sequences, each of them with a special token at both ends.
  func encode(_ sequences: [[Int32]]) -> [Float] {
    var vectors = [Float](repeating: 0, count: sequences.count * dimensions)
    vectors.withUnsafeMutableBufferPointer { vectors in
      guard let base = vectors.baseAddress else { return }
      let windows = sequences.enumerated().flatMap { self.windows($0.offset, $0.element.count - 2) }
      run(windows, sequences) { window, state in
        // Sums, not means: the vector's length goes with the normalisation, and a text's windows count by their tokens.
        let sum = base + window.text * dimensions
        switch pooling {
        case .mean: acervo_add_rows(state, window.count, dimensions, dimensions, sum)
        case .first:
          acervo_scale(state, dimensions, Float(window.count))
          acervo_add_rows(state, 1, dimensions, dimensions, sum)
        }
      }
      for text in sequences.indices { acervo_normalize(base + text * dimensions, dimensions, 1e-24) }
    }
    return vectors
  }

  private func windows(_ text: Int, _ tokens: Int) -> [Window] {
    let most = longest - 2
    let count = max(1, (tokens + most - 1) / most)
    return (0..<count).map { index in
      Window(text: text, range: 1 + tokens * index / count..<1 + tokens * (index + 1) / count)
    }
  }

  /// Computes windows, as many at a time as go through the kernels together.
  ///
  /// - Parameters:
  ///   - windows: what is computed.
  ///   - sequences: the texts that they are windows of.
  ///   - pool: takes each window with the states of its tokens, row-major; it may overwrite them.
  func run(_ windows: [Window], _ sequences: [[Int32]], pool: (Window, UnsafeMutablePointer<Float>) -> Void) {
    scratches.withScratch { scratch in
      var batch: [Window] = []
      var tokens = 0
      for window in windows {
        if tokens > 0, tokens + window.count > Self.batchTokens {
          run(batch, tokens, sequences, scratch, pool)
          batch.removeAll(keepingCapacity: true)
          tokens = 0
        }
        batch.append(window)
        tokens += window.count
      }
      if tokens > 0 { run(batch, tokens, sequences, scratch, pool) }
    }
  }

  private func run(
    _ windows: [Window], _ tokens: Int, _ sequences: [[Int32]], _ scratch: Scratch,
    _ pool: (Window, UnsafeMutablePointer<Float>) -> Void
  ) {
    let width = dimensions
    // Rows' lengths that are no multiples of 4 KB, so that a tile's rows fall into different sets of the first cache.
    let innerStride = innerWidth + 16
    let projectedStride = 3 * width + 16
    var state = scratch.state.reserve(tokens * width)
    var next = scratch.next.reserve(tokens * width)
    let projected = scratch.projected.reserve(tokens * projectedStride)
    let context = scratch.context.reserve(tokens * width)
    let inner = scratch.inner.reserve(tokens * innerStride)
    let longestWindow = windows.reduce(0) { max($0, $1.count) }
    let headWidth = width / heads
    let attention = scratch.attention.reserve(acervo_attention_scratch(longestWindow, headWidth))

    var row = 0
    for window in windows {
      let sequence = sequences[window.text]
      for position in 0..<window.count {
        let id: Int32
        if position == 0 {
          id = sequence.first ?? 0
        } else if position == window.count - 1 {
          id = sequence.last ?? 0
        } else {
          id = sequence[window.range.lowerBound + position - 1]
        }
        let type = position < window.firstKind ? types.base : types.base + width
        acervo_sum_rows(words + Int(id) * width, positions + position * width, type, width, state + row * width)
        row += 1
      }
    }
    acervo_layer_norm(state, nil, tokens, width, width, norm.base, normBias.base, epsilon)

    let linear = Int32(ACERVO_LINEAR)
    for layer in layers {
      acervo_matrix_product(
        tokens, 3 * width, width, state, width, nil, layer.attention.base, layer.attentionBias.base, linear, projected,
        projectedStride)
      row = 0
      for window in windows {
        let query = projected + row * projectedStride
        for head in 0..<heads {
          let column = head * headWidth
          acervo_attention(
            window.count, headWidth, query + column, query + width + column, query + 2 * width + column,
            projectedStride, 1 / Float(headWidth).squareRoot(), attention, context + row * width + column, width)
        }
        row += window.count
      }
      acervo_matrix_product(
        tokens, width, width, context, width, nil, layer.output.base, layer.outputBias.base, linear, next, width)
      acervo_layer_norm(next, state, tokens, width, width, layer.norm.base, layer.normBias.base, epsilon)
      swap(&state, &next)
      acervo_matrix_product(
        tokens, innerWidth, width, state, width, nil, layer.inner.base, layer.innerBias.base, activation, inner,
        innerStride)
      acervo_matrix_product(
        tokens, width, innerWidth, inner, innerStride, nil, layer.outer.base, layer.outerBias.base, linear, next, width)
      acervo_layer_norm(next, state, tokens, width, width, layer.finalNorm.base, layer.finalNormBias.base, epsilon)
      swap(&state, &next)
    }

    row = 0
    for window in windows {
      pool(window, state + row * width)
      row += window.count
    }
  }
}
