internal import Corpus
internal import TextAnalysis

/// Cuts a section that is longer than a chunk where it hurts least.
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

  /// A stretch of text that is not cut further: a sentence, a row, a line of code.
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
    var chunks: [TextRange] = []
    var cut = 0
    var start = 0
    while cut < atoms.count {
      let end = chooseCut(from: start, after: cut)
      chunks.append(TextRange(start: atoms[start].range.start, end: atoms[end - 1].range.end))
      start = overlapStart(before: end, after: start)
      cut = end
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

  private mutating func append(_ range: TextRange, _ length: Int, _ tear: Tear, opensSection: Bool) {
    var offset = 0
    if let last = atoms.last { offset = last.end + gaps.length(last.range.end, range.start) }
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

  /// The length of the atoms `start ..< end`.
  private func length(_ start: Int, _ end: Int) -> Int {
    atoms[end - 1].end - atoms[start].offset
  }

  /// Where the chunk that begins at an atom ends: beyond `cut`, within the size, where the tear and the distance from
  /// an even share of what is left hurt least.
  private func chooseCut(from start: Int, after cut: Int) -> Int {
    let last = atoms.count
    if length(start, last) <= size { return last }
    let shared = atoms[cut].offset - atoms[start].offset
    let left = atoms[last - 1].end - atoms[cut].offset
    let room = max(1, size - max(shared, min(overlap, size / 2)))
    let share = Double(left) / Double(max(1, (left + room - 1) / room)) + Double(shared)
    var best = cut + 1
    var bestCost = Double.infinity
    var end = cut + 1
    while end < last, length(start, end) <= size {
      let distance = abs(Double(length(start, end)) - share) / Double(size)
      let cost = atoms[end].tear.rawValue + distance * distance
      if cost <= bestCost {
        best = end
        bestCost = cost
      }
      end += 1
    }
    return best
  }

  /// Where the chunk after a cut begins: with the last whole atoms that fit the overlap and leave room for the next.
  private func overlapStart(before cut: Int, after earlier: Int) -> Int {
    guard cut < atoms.count, overlap > 0, !atoms[cut].opensSection else { return cut }
    var start = cut
    while start - 1 > earlier, length(start - 1, cut) <= overlap, length(start - 1, cut + 1) <= size {
      start -= 1
      if atoms[start].opensSection { break }
    }
    return start
  }
}
