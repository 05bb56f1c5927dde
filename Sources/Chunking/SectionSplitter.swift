internal import Corpus
internal import TextAnalysis

/// Cuts a section that is longer than a chunk where it hurts least: of all ways to cut it, the one with the lowest sum of
/// what its cuts tear apart and how far its chunks are from the length aimed at.
struct SectionSplitter<Measure: LengthMeasure> {
  /// What a cut before an atom would tear apart, by how much it hurts.
  private enum Tear: Double {
    /// Two blocks.
    case blocks = 0
    /// Two items of a list or rows of a table.
    case items = 0.1
    /// Two sentences of a paragraph.
    case sentences = 0.25
    /// Code or a row that would fit into one chunk.
    case verbatim = 0.5
    /// A sentence.
    case words = 0.75
    /// A heading or term and what follows it.
    case heading = 1.5
  }

  /// A stretch of text that is not cut further: a sentence, a row, a line of code, or several that are very short.
  private struct Atom {
    var range: TextRange
    /// Where it begins and how long it is, in the measure's unit.
    var offset: Int
    var length: Int
    var tear: Tear
    var opensSection: Bool

    var end: Int { offset + length }
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let measure: Measure
  private let size: Int
  private let overlap: Int
  private var gaps: GapLengths<Measure>
  private var atoms: [Atom] = []

  init(
    bytes: UnsafeBufferPointer<UInt8>, measure: Measure, size: Int, overlap: Int, gaps: GapLengths<Measure>
  ) {
    self.bytes = bytes
    self.measure = measure
    self.size = size
    self.overlap = overlap
    self.gaps = gaps
  }

  /// The chunks of a section's entries.
  mutating func split(_ entries: ArraySlice<Outline.Entry>) -> [TextRange] {
    var previous: Block.Kind?
    for entry in entries {
      add(entry, after: previous)
      previous = entry.kind
    }
    let starts = atoms.indices.map { start(afterCutAt: $0) }
    var chunks: [TextRange] = []
    var earlier = -1
    for (cut, end) in cuts(starts) {
      // A chunk shorter than the overlap does not come again as a whole.
      let start = max(starts[cut], min(earlier + 1, cut))
      chunks.append(TextRange(start: atoms[start].range.start, end: atoms[end - 1].range.end))
      earlier = start
    }
    return chunks
  }

  // MARK: Atoms

  private mutating func add(_ entry: Outline.Entry, after previous: Block.Kind?) {
    let tear: Tear
    var opensSection = false
    switch (previous, entry.kind) {
    case (.heading?, _), (.term?, .definition): tear = .heading
    case (.listItem?, .listItem), (.tableRow?, .tableRow), (.caption?, _): tear = .items
    default: tear = .blocks
    }
    if case .heading = entry.kind { opensSection = true }
    let length = measure.length(entry.range.start, entry.range.end)
    let fits = length <= size
    switch entry.kind {
    case .heading, .term, .tableRow:
      add(entry.range, length, tear, within: .words, opensSection: opensSection)
    case .code:
      for (place, line) in lines(entry.range).enumerated() {
        add(line, nil, place == 0 ? tear : fits ? .verbatim : .items, within: .words, opensSection: false)
      }
    case .paragraph, .listItem, .quote, .definition, .caption:
      var end = entry.range.start
      for range in SentenceSplitter.sentences(in: bytes, from: entry.range.start, to: entry.range.end) {
        // A line break within a block is a break of the author's.
        let inner: Tear = bytes[end..<range.start].contains(0x0A) ? .items : .sentences
        let isFirst = end == entry.range.start
        add(
          range, range == entry.range ? length : nil, isFirst ? tear : inner, within: .words, opensSection: false)
        end = range.end
      }
    }
  }

  /// Adds a range as one atom, or as several where it is longer than a chunk.
  private mutating func add(_ range: TextRange, _ known: Int?, _ tear: Tear, within: Tear, opensSection: Bool) {
    let length = known ?? measure.length(range.start, range.end)
    if length <= size || !canSplit(range) {
      append(range, length, tear, opensSection: opensSection)
      return
    }
    // Halve what is too long until it fits; each level of halves is measured once.
    var waiting = [range]
    var tear = tear
    while let next = waiting.popLast() {
      let length = measure.length(next.start, next.end)
      if length <= size || !canSplit(next) {
        append(next, length, tear, opensSection: opensSection && tear != within)
        tear = within
        continue
      }
      let middle = middle(of: next)
      let left = WhiteSpace.stripped(bytes, TextRange(start: next.start, end: middle))
      let right = WhiteSpace.stripped(bytes, TextRange(start: middle, end: next.end))
      if !right.isEmpty { waiting.append(right) }
      if !left.isEmpty { waiting.append(left) }
    }
  }

  /// How many atoms a chunk has at most, about: shorter neighbours count as one.
  private static var finest: Int { 64 }

  private mutating func append(_ range: TextRange, _ length: Int, _ tear: Tear, opensSection: Bool) {
    var offset = 0
    if let last = atoms.last {
      offset = last.end + gaps.length(last.range.end, range.start)
      if !opensSection || tear == .heading, offset + length - last.offset <= size / Self.finest {
        atoms[atoms.count - 1].range.end = range.end
        atoms[atoms.count - 1].length = offset + length - last.offset
        return
      }
    }
    atoms.append(Atom(range: range, offset: offset, length: length, tear: tear, opensSection: opensSection))
  }

  private func canSplit(_ range: TextRange) -> Bool {
    range.count > 4 || bytes[range.start..<range.end].count(where: { $0 & 0xC0 != 0x80 }) > 1
  }

  /// Where to halve a range: at the white space nearest its middle, or else between characters there.
  private func middle(of range: TextRange) -> Int {
    let middle = range.start + range.count / 2
    var distance = 0
    while distance < range.count / 2 {
      let left = middle - distance
      if left > range.start, WhiteSpace.length(bytes, at: left, end: range.end) != nil { return left }
      let right = middle + distance
      if right < range.end, WhiteSpace.length(bytes, at: right, end: range.end) != nil { return right }
      distance += 1
    }
    var cut = middle
    while cut > range.start, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
    if cut == range.start {
      cut = middle
      while cut < range.end, bytes[cut] & 0xC0 == 0x80 { cut += 1 }
    }
    return cut
  }

  private func lines(_ range: TextRange) -> [TextRange] {
    var lines: [TextRange] = []
    var start = range.start
    while start < range.end {
      var end = start
      while end < range.end, bytes[end] != 0x0A { end += 1 }
      // The indentation belongs to the line.
      let stripped = WhiteSpace.stripped(bytes, TextRange(start: start, end: end))
      if !stripped.isEmpty { lines.append(TextRange(start: start, end: stripped.end)) }
      start = end + 1
    }
    return lines
  }

  // MARK: Cuts

  /// The share of the largest size that chunks aim at: what is left lets them end where it hurts little.
  private static var aim: Double { 0.8 }
  /// What a chunk costs that is twice as long as aimed at, or empty; a tear is measured against it.
  private static var lengthWeight: Double { 8 }

  /// The length of the atoms `start ..< end`.
  private func length(_ start: Int, _ end: Int) -> Int {
    atoms[end - 1].end - atoms[start].offset
  }

  /// Where the chunk after a cut begins: with those whole atoms before it that come nearest to the overlap, as long as
  /// they leave room for the next; never across the opening of a section.
  private func start(afterCutAt cut: Int) -> Int {
    var start = cut
    var shared = 0
    while start > 1, overlap > 0, !atoms[start].opensSection, length(start - 1, cut + 1) <= size {
      let longer = length(start - 1, cut)
      guard abs(longer - overlap) < abs(shared - overlap) else { break }
      start -= 1
      shared = longer
    }
    return start
  }

  /// The atoms `cut ..< end` that each chunk adds to those before it, by dynamic programming over the last cut.
  ///
  /// Atoms are no shorter than a share of a chunk (`append`), so every end is compared with a bounded number of cuts.
  private func cuts(_ starts: [Int]) -> [(cut: Int, end: Int)] {
    let aim = max(1, Double(size) * Self.aim)
    var costs = [Double](repeating: .infinity, count: atoms.count + 1)
    var cuts = [Int](repeating: 0, count: atoms.count + 1)
    costs[0] = 0
    for end in 1..<costs.count {
      var cut = end - 1
      repeat {
        let length = length(starts[cut], end)
        if length <= size || cut == end - 1 {
          let distance = (Double(length) - aim) / aim
          let torn = cut == 0 ? 0 : atoms[cut].tear.rawValue
          let cost = costs[cut] + torn + Self.lengthWeight * distance * distance
          if cost < costs[end] {
            costs[end] = cost
            cuts[end] = cut
          }
        }
        cut -= 1
      } while cut >= 0 && self.length(cut, end) <= size
    }
    var found: [(cut: Int, end: Int)] = []
    var end = atoms.count
    while end > 0 {
      found.append((cuts[end], end))
      end = cuts[end]
    }
    return found.reversed()
  }
}
