internal import Corpus
internal import Markup

/// Decides which of the blocks that the rules keep are content after all, by a few small decision trees over what
/// `BlockFeatures` measures.
///
/// It only ever leaves out; and it leaves whole what must not be torn: code, tables, definition lists, the
/// heading over what stays, short pages, and pages of which it would leave too little. The trees are trained by `Tests/oracles/block_model.py`
/// (gradient boosting, Friedman 2001) and evaluated in integers, so that the same page gives the same text on every
/// machine.
enum BlockModel {
  /// Pages with fewer words are kept whole.
  static let shortPage: Float = 100
  /// The share of the words that must stay, else all stay.
  static let leastShare: Float = 0.05
  /// ln(0.4 / 0.6) × 10,000: what a block's leaves must add up to (a probability of 0.4 of being content).
  static let least: Int32 = -4055

  /// Which blocks stay; nil when all do.
  static func kept(_ features: BlockFeatures, _ blocks: [Block]) -> [Bool]? {
    guard !blocks.isEmpty, features.words >= shortPage else { return nil }
    var row: [Float] = []
    row.reserveCapacity(BlockFeatures.count)
    var scores: [Int32] = []
    scores.reserveCapacity(blocks.count)
    for index in blocks.indices {
      row.removeAll(keepingCapacity: true)
      features.append(index, to: &row)
      scores.append(score(row))
    }
    var kept = scores.map { $0 > least }
    keepTablesWhole(blocks, scores, features, &kept)
    for index in blocks.indices {
      switch blocks[index].kind {
      case .code, .term, .definition: kept[index] = true
      default: break
      }
    }
    keepHeadings(blocks, &kept)
    let words = blocks.indices.reduce(Float(0)) { kept[$1] ? $0 + features.words(of: $1) : $0 }
    guard words >= features.words * leastShare else { return nil }
    return kept.allSatisfy { $0 } ? nil : kept
  }

  private static func score(_ row: [Float]) -> Int32 {
    var sum: Int32 = 0
    for root in BlockModelTable.roots {
      var node = Int(root)
      while node >= 0 {
        let isLow = row[Int(BlockModelTable.features[node])] <= BlockModelTable.thresholds[node]
        node = Int(isLow ? BlockModelTable.left[node] : BlockModelTable.right[node])
      }
      sum += BlockModelTable.leaves[~node]
    }
    return sum
  }

  /// The rows of a table stay or go together, by the mean over their words.
  private static func keepTablesWhole(
    _ blocks: [Block], _ scores: [Int32], _ features: BlockFeatures, _ kept: inout [Bool]
  ) {
    var index = 0
    while index < blocks.count {
      guard blocks[index].kind == .tableRow else {
        index += 1
        continue
      }
      let start = index
      var sum: Float = 0
      var words: Float = 0
      while index < blocks.count, blocks[index].kind == .tableRow {
        sum += Float(scores[index]) * (features.words(of: index) + 1)
        words += features.words(of: index) + 1
        index += 1
      }
      for row in start..<index { kept[row] = sum > Float(least) * words }
    }
  }

  /// A heading stays over what it heads.
  private static func keepHeadings(_ blocks: [Block], _ kept: inout [Bool]) {
    guard blocks.count > 1 else { return }
    for index in (0..<(blocks.count - 1)).reversed() where !kept[index] && kept[index + 1] {
      guard case .heading(let level) = blocks[index].kind else { continue }
      if case .heading(let next) = blocks[index + 1].kind, next <= level { continue }
      kept[index] = true
    }
  }
}
