internal import AcervoTesting
internal import Corpus
internal import SearchIndexes
internal import Terminal

/// Exact search over vectors in memory.
enum ScanStage {
  private static let rows = Option("rows", "N", in: 1...10_000_000, help: "How many vectors.", default: 500_000)
  private static let dimensions = Option("dimensions", "N", in: 1...8_192, help: "Their length.", default: 512)
  private static let threads = Option("threads", "N", in: 1...64, help: "Threads of one search.", default: 1)

  static let command = Command(
    "scan", "Searches random vectors exactly, one query after the other.",
    options: [.value(Input.seconds), .value(rows), .value(dimensions), .value(threads)])

  static func run(_ arguments: Arguments) throws -> JSONValue {
    let dimensions = arguments[dimensions] ?? 512
    let sections = MemorySections()
    var generator = SeededGenerator(seed: 7)
    func row() -> [Float] { (0..<dimensions).map { _ in Float(Int16(truncatingIfNeeded: generator.next())) / 32_768 } }
    var writer = try VectorIndexWriter(dimensions: dimensions) { sections.add($2, as: $0, $1) }
    // A thousand rows over and over: the same memory traffic, made quickly.
    let pattern = (0..<1_000).flatMap { _ in row() }
    let wanted = arguments[rows] ?? 0
    for start in stride(from: 0, to: wanted, by: 1_000) {
      try writer.append(Array(pattern.prefix(min(1_000, wanted - start) * dimensions)))
    }
    try writer.finish()
    guard let index = try VectorIndex(owner: sections, source: { sections.bytes(of: $0, $1) }) else {
      throw ValueError("there are no vectors")
    }
    let query = row()
    var best = Double.infinity
    let measured = try Measurement(seconds: Double(arguments[Input.seconds] ?? 0)) {
      let watch = Stopwatch()
      _ = try index.search(query, limit: 10, threads: arguments[threads], reading: .floats)
      best = min(best, watch.wall)
    }
    var bestOfCodes = Double.infinity
    for _ in 0..<9 {
      let watch = Stopwatch()
      _ = try index.search(query, limit: 10, threads: arguments[threads], reading: .codes)
      bestOfCodes = min(bestOfCodes, watch.wall)
    }
    var result = measured.result(of: ["searches": 1, "bytes": wanted * dimensions * 4]).members ?? []
    // Memory is shared with the neighbours: the undisturbed search is the one to set beside the undisturbed read.
    result.append(.init("best_gb_per_s", .number(Double(wanted * dimensions * 4) / best * 1e-9)))
    result.append(.init("best_codes_ms", .number(1e3 * bestOfCodes)))
    result.append(.init("best_floats_ms", .number(1e3 * best)))
    return .object(result)
  }
}
