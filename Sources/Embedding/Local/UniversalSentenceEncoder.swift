internal import CKernels
internal import Corpus

/// The Universal Sentence Encoder multilingual v3, CNN variant (https://arxiv.org/abs/1907.04307).
///
/// Each token's row of an 8-bit table is projected and normalised; three branches of two convolutions each look at
/// windows of 2, 3 and 5 tokens; features are normalised, summed over the text, divided by √n and sent through four
/// dense layers. All that a token adds to the first convolution depends on the token alone, so that it is computed
/// once for a token and remembered (`TokenRecords`).
struct UniversalSentenceEncoder: SentenceEncoder {
  let file: SafetensorsFile
  let tableOffset: Int
  let rows: Int
  let width: Int
  let channels: Int
  let chunks: Int
  let dimensions: Int
  let epsilon: Float
  let windows: [acervo_window]
  let reach: (left: Int, right: Int)
  let weights: Weights
  let scratches: ScratchPool<Scratch>
  /// Records that a thread keeps for calls with few tokens and with many.
  let recordLimits: (few: Int, many: Int)

  /// The matrices, in panels of sixteen columns as scripts/models lays them out.
  struct Weights: Sendable {
    let scale, offset: Floats
    let projection, projectionBias, projectionNorm, projectionNormBias: Floats
    let first, second: [Floats]
    let firstBias, secondBias: Floats
    let norm, normBias: Floats
    let output, outputBias: Floats
    let dense0, dense1, dense2, dense3: Floats
  }

  /// Width of the dense layers between the mean and the vector.
  static let dense = 320
  /// Tokens that go through the kernels together: their matrices (6 KB a token) stay near the second cache's size.
  static let batchTokens = 512
  /// Texts whose sums are kept at a time.
  static let batchTexts = 256

  /// Floats that a token adds to the first convolutions.
  var recordFloats: Int { windows.reduce(windows.count) { $0 + Int($1.length) } * channels }
  /// Floats of a token's features.
  var features: Int { width + windows.count * channels }

  /// The 8-bit table, where it is mapped.
  var table: UnsafePointer<UInt8>? {
    file.file.bytes.baseAddress.map { ($0 + tableOffset).assumingMemoryBound(to: UInt8.self) }
  }

  /// Embeds sequences; each of them has one token at least.
  func encode(_ sequences: [[Int32]]) -> [Float] {
    var vectors = [Float](repeating: 0, count: sequences.count * dimensions)
    scratches.withScratch { scratch in
      // A question needs few records.
      let tokens = sequences.reduce(0) { $0 + $1.count }
      scratch.records.limit = tokens > 2048 ? recordLimits.many : recordLimits.few
      var from = 0
      while from < sequences.count {
        let to = min(from + Self.batchTexts, sequences.count)
        let sums = scratch.sums.reserve((to - from) * features)
        sums.update(repeating: 0, count: (to - from) * features)
        sum(sequences[from..<to], into: sums, scratch)
        vectors.withUnsafeMutableBufferPointer { vectors in
          guard let base = vectors.baseAddress else { return }
          finish(sequences[from..<to], sums, base + from * dimensions, scratch)
        }
        from = to
      }
    }
    return vectors
  }

  /// A part of a text: tokens `range` of sequence `text`.
  struct Segment {
    let text: Int
    let range: Range<Int>
    /// First row of its block in the hidden matrices; the block has `reach` rows more on each side.
    var block = 0
  }

  private func sum(_ sequences: ArraySlice<[Int32]>, into sums: UnsafeMutablePointer<Float>, _ scratch: Scratch) {
    var segments: [Segment] = []
    var tokens = 0
    for (text, sequence) in zip(0..., sequences) {
      var start = 0
      while start < sequence.count {
        let end = min(start + Self.batchTokens - tokens, sequence.count)
        segments.append(Segment(text: text, range: start..<end))
        tokens += end - start
        start = end
        if tokens == Self.batchTokens {
          sum(&segments, tokens, of: sequences, into: sums, scratch)
          segments.removeAll(keepingCapacity: true)
          tokens = 0
        }
      }
    }
    if tokens > 0 { sum(&segments, tokens, of: sequences, into: sums, scratch) }
  }

  private func sum(
    _ segments: inout [Segment], _ tokens: Int, of sequences: ArraySlice<[Int32]>,
    into sums: UnsafeMutablePointer<Float>, _ scratch: Scratch
  ) {
    let first = sequences.startIndex
    var blockRows = 0
    for index in segments.indices {
      segments[index].block = blockRows
      blockRows += segments[index].range.count + reach.left + reach.right
    }

    // Every token that a window reaches: a segment's neighbours' neighbours too, where a text is cut.
    var needed: [Int32] = []
    for segment in segments { needed += sequences[first + segment.text][recordRange(segment, of: sequences)] }
    let records = scratch.records.records(for: needed, with: self, scratch)

    let matrix = blockRows * channels
    let hidden = scratch.hidden.reserve(matrix * windows.count)
    let hiddens: [UnsafeMutablePointer<Float>] = windows.indices.map { hidden + $0 * matrix }
    var at = 0
    records.withUnsafeBufferPointer { records in
      for segment in segments {
        let range = recordRange(segment, of: sequences)
        let sequence = sequences[first + segment.text]
        let wanted =
          max(
            0, segment.range.lowerBound - reach.left)..<min(
            sequence.count, segment.range.upperBound + reach.right)
        // Rows beside the text's ends are zeros.
        let before = wanted.lowerBound - (segment.range.lowerBound - reach.left)
        let after = segment.range.upperBound + reach.right - wanted.upperBound
        let block = segment.block * channels
        let end = block + (segment.range.count + reach.left + reach.right) * channels
        for hidden in hiddens {
          (hidden + block).update(repeating: 0, count: before * channels)
          (hidden + end - after * channels).update(repeating: 0, count: after * channels)
        }
        var targets: [UnsafeMutablePointer<Float>?] = hiddens.map { $0 + block + before * channels }
        acervo_first_convolution(
          records.baseAddress.map { $0 + at }, range.count, wanted.lowerBound - range.lowerBound,
          wanted.upperBound - range.lowerBound, windows, windows.count, channels, weights.firstBias.base, &targets)
        at += range.count
      }
    }

    let convolved = scratch.convolved.reserve(tokens * channels * windows.count)
    var starts = [Int32](repeating: 0, count: tokens)
    for (index, window) in windows.enumerated() {
      var row = 0
      for segment in segments {
        for token in 0..<segment.range.count {
          starts[row] = Int32(segment.block + reach.left + token) - window.left
          row += 1
        }
      }
      acervo_matrix_product(
        tokens, channels, Int(window.length) * channels, hiddens[index], channels, starts, weights.second[index].base,
        weights.secondBias + index * channels, Int32(ACERVO_RELU), convolved + index * tokens * channels, channels)
    }

    let row = scratch.row.reserve(features)
    at = 0
    for segment in segments {
      var inputs: [UnsafePointer<Float>?] = hiddens.map {
        UnsafePointer($0 + (segment.block + reach.left) * channels)
      }
      var outputs: [UnsafePointer<Float>?] = windows.indices.map {
        UnsafePointer(convolved + ($0 * tokens + at) * channels)
      }
      sequences[first + segment.text].withUnsafeBufferPointer { ids in
        acervo_sum_features(
          table, width, ids.baseAddress.map { $0 + segment.range.lowerBound }, segment.range.count,
          weights.scale.base, weights.offset.base, chunks, &inputs, &outputs, windows.count, channels,
          weights.norm.base, weights.normBias.base, epsilon, row, sums + segment.text * features)
      }
      at += segment.range.count
    }
  }

  private func recordRange(_ segment: Segment, of sequences: ArraySlice<[Int32]>) -> Range<Int> {
    let count = sequences[sequences.startIndex + segment.text].count
    return max(0, segment.range.lowerBound - 2 * reach.left)..<min(count, segment.range.upperBound + 2 * reach.right)
  }

  /// From sums of features to vectors: projection, two residual layers, tanh, unit length.
  private func finish(
    _ sequences: ArraySlice<[Int32]>, _ sums: UnsafeMutablePointer<Float>, _ vectors: UnsafeMutablePointer<Float>,
    _ scratch: Scratch
  ) {
    let texts = sequences.count
    let dense = Self.dense
    let side = dimensions + dense
    // [mean | y0] and [y1 | y2]: a layer that reads two reads one row.
    let left = scratch.dense.reserve(2 * texts * side)
    let right = left + texts * side
    let linear = Int32(ACERVO_LINEAR)
    let relu = Int32(ACERVO_RELU)
    acervo_matrix_product(
      texts, dimensions, features, sums, features, nil, weights.output.base, nil, linear, left, side)
    for (row, sequence) in zip(0..., sequences) {
      let mean = left + row * side
      let count = Float(sequence.count)
      for index in 0..<dimensions { mean[index] += count * weights.outputBias.base[index] }
      acervo_scale(mean, dimensions, 1 / count.squareRoot())
    }
    acervo_matrix_product(
      texts, dense, dimensions, left, side, nil, weights.dense0.base, nil, relu, left + dimensions, side)
    acervo_matrix_product(texts, dense, side, left, side, nil, weights.dense1.base, nil, relu, right, side)
    acervo_matrix_product(
      texts, dimensions, dense, right, side, nil, weights.dense2.base, nil, relu, right + dense, side)
    acervo_matrix_product(
      texts, dimensions, side, right, side, nil, weights.dense3.base, nil, linear, vectors, dimensions)
    for row in 0..<texts {
      acervo_tanh(vectors + row * dimensions, dimensions)
      acervo_normalize(vectors + row * dimensions, dimensions, epsilon)
    }
  }
}
