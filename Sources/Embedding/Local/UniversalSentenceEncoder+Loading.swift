internal import CKernels
internal import Corpus
internal import Glibc

extension UniversalSentenceEncoder {
  /// Scratch memory of one thread.
  final class Scratch {
    let records: TokenRecords
    let sums = FloatBuffer()
    let hidden = FloatBuffer()
    let convolved = FloatBuffer()
    let row = FloatBuffer()
    let dense = FloatBuffer()
    let rows = FloatBuffer()
    let embedded = FloatBuffer()

    init(tokens: Int) { records = TokenRecords(tokens: tokens) }
  }

  /// Reads `weights.safetensors` by what `config.json` says.
  init(
    config: JSONValue, path: String, configPath: String, records: (few: Int, many: Int)
  ) throws(EmbeddingError) {
    recordLimits = records
    func number(_ name: String, _ range: ClosedRange<Int>) throws(EmbeddingError) -> Int {
      guard let value = config[name]?.int, range.contains(value) else {
        throw EmbeddingError(
          path: configPath, message: "`\(name)` is no number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    guard config["format"]?.int == 1 else {
      throw EmbeddingError(path: configPath, message: "`format` is not 1: made by another version; run scripts/models")
    }
    dimensions = try number("dimensions", 16...4096)
    channels = try number("channels", 16...4096)
    chunks = try number("embedding_chunks", 1...4096)
    guard channels % 16 == 0, dimensions % 16 == 0 else {
      throw EmbeddingError(path: configPath, message: "`channels` and `dimensions` are no multiples of 16")
    }
    guard let epsilon = config["epsilon"]?.double, epsilon > 0, epsilon < 1 else {
      throw EmbeddingError(path: configPath, message: "`epsilon` is no number between 0 and 1")
    }
    self.epsilon = Float(epsilon)
    var windows: [acervo_window] = []
    for order in config["orders"]?.array ?? [] {
      guard let length = order["length"]?.int, let left = order["left"]?.int, (1...16).contains(length),
        (0..<length).contains(left)
      else { throw EmbeddingError(path: configPath, message: "`orders` has an impossible window") }
      windows.append(acervo_window(length: Int32(length), left: Int32(left)))
    }
    guard (1...8).contains(windows.count) else {
      throw EmbeddingError(path: configPath, message: "`orders` does not have one to eight windows")
    }
    self.windows = windows
    reach = (
      windows.reduce(0) { max($0, Int($1.left)) }, windows.reduce(0) { max($0, Int($1.length - 1 - $1.left)) }
    )

    let file = try SafetensorsFile(path: path)
    guard let shape = file.entries["embedding.table"]?.shape, shape.count == 2, shape[1] > 0, shape[1] % 16 == 0,
      shape[0] > 0, shape[0] < Int(Int32.max)
    else { throw file.error("tensor embedding.table is missing or has an odd shape") }
    self.file = file
    (rows, width) = (shape[0], shape[1])
    tableOffset = try file.place(ofBytes: "embedding.table", shape)

    func panels(_ name: String, _ depth: Int, _ columns: Int) throws(EmbeddingError) -> Floats {
      try file.floats(name, [columns / 16, depth, 16])
    }
    let (dense, channels, dimensions) = (Self.dense, channels, dimensions)
    let inner = windows.count * channels
    let features = width + inner
    var first: [Floats] = []
    var second: [Floats] = []
    for window in windows {
      let length = Int(window.length)
      first.append(try panels("conv1.\(length).weight", channels, length * channels))
      second.append(try panels("conv2.\(length).weight", length * channels, channels))
    }
    weights = Weights(
      scale: try file.floats("embedding.scale", [chunks]), offset: try file.floats("embedding.offset", [chunks]),
      projection: try panels("projection.weight", width, inner),
      projectionBias: try file.floats("projection.bias", [inner]),
      projectionNorm: try file.floats("projection.norm.weight", [inner]),
      projectionNormBias: try file.floats("projection.norm.bias", [inner]), first: first, second: second,
      firstBias: try file.floats("conv1.bias", [inner]), secondBias: try file.floats("conv2.bias", [inner]),
      norm: try file.floats("features.norm.weight", [features]),
      normBias: try file.floats("features.norm.bias", [features]),
      output: try panels("output.weight", features, dimensions),
      outputBias: try file.floats("output.bias", [dimensions]),
      dense0: try panels("dense0.weight", dimensions, dense),
      dense1: try panels("dense1.weight", dimensions + dense, dense),
      dense2: try panels("dense2.weight", dense, dimensions),
      dense3: try panels("dense3.weight", dense + dimensions, dimensions))
    scratches = ScratchPool(kept: 8) { [rows] in Scratch(tokens: rows) }
  }
}
