internal import Corpus

/// Cuts along headings, blocks and sentences.
///
/// The text is taken as sections, each a heading and what follows up to the next one. Small neighbours are joined,
/// sections that fit are chunks, and longer ones are cut where it hurts least (`SectionSplitter`).
struct StructureCutter<Measure: LengthMeasure> {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let measure: Measure
  private let outline: Outline
  private let size: Int
  private let overlap: Int
  private var gaps: GapLengths<Measure>

  /// A heading and the blocks up to the next one, or several such neighbours joined.
  private struct Section {
    /// Its entries in the outline.
    var first: Int
    var last: Int
    /// The level of its first heading; nil before any heading.
    var level: Int?
    var length: Int
    /// Whether it has nothing but headings.
    var isBare: Bool
  }

  init(bytes: UnsafeBufferPointer<UInt8>, measure: Measure, outline: Outline, size: Int, overlap: Int) {
    self.bytes = bytes
    self.measure = measure
    self.outline = outline
    self.size = size
    self.overlap = overlap
    gaps = GapLengths(bytes: bytes, measure: measure)
  }

  /// The chunks' byte ranges.
  mutating func cut() -> [TextRange] {
    var chunks: [TextRange] = []
    for section in joined(sections()) {
      let range = TextRange(
        start: outline.entries[section.first].range.start, end: outline.entries[section.last].range.end)
      if section.length <= size {
        chunks.append(range)
      } else {
        var splitter = SectionSplitter(bytes: bytes, measure: measure, size: size, overlap: overlap, gaps: gaps)
        chunks += splitter.split(outline.entries[section.first...section.last])
      }
    }
    return chunks
  }

  private mutating func sections() -> [Section] {
    var sections: [Section] = []
    for (position, entry) in outline.entries.enumerated() {
      let length = measure.length(entry.range.start, entry.range.end)
      if case .heading(let level) = entry.kind {
        // Headings without a text of their own stay with the first section below them.
        if let last = sections.last, last.isBare, let above = last.level, above < level {
          extend(&sections[sections.count - 1], by: position, length)
        } else {
          sections.append(Section(first: position, last: position, level: level, length: length, isBare: true))
        }
      } else if sections.isEmpty {
        sections.append(Section(first: position, last: position, level: nil, length: length, isBare: false))
      } else {
        extend(&sections[sections.count - 1], by: position, length)
        sections[sections.count - 1].isBare = false
      }
    }
    return sections
  }

  private mutating func extend(_ section: inout Section, by entry: Int, _ length: Int) {
    section.length += length + gap(before: entry)
    section.last = entry
  }

  private mutating func gap(before entry: Int) -> Int {
    gaps.length(outline.entries[entry - 1].range.end, outline.entries[entry].range.start)
  }

  /// Joins small sections to their neighbours.
  ///
  /// Two neighbours become one where one of them is small (shorter than a sixteenth of a chunk), both together are no
  /// longer than an eighth, and the second does not leave the part of the document that the first opened: it stands
  /// beside or below it. A small opening is also joined to a long section below it, and bare headings to whatever
  /// follows. A section that says something stays by itself: whoever asks for it wants its anchor.
  private mutating func joined(_ sections: [Section]) -> [Section] {
    let small = max(1, size / 16)
    let target = max(1, size / 8)
    var result: [Section] = []
    for section in sections {
      guard let last = result.last else {
        result.append(section)
        continue
      }
      let gap = gap(before: section.first)
      let both = last.length + gap + section.length
      let staysWithin = last.level.map { ($0 <= section.level ?? 0) } ?? true
      let isBelow = last.level.map { ($0 < section.level ?? 0) } ?? true
      let fits = both <= target && staysWithin && (last.length < small || section.length < small)
      let opens = both > size && isBelow && last.length < 2 * small
      if fits || opens || (last.isBare && staysWithin) {
        result[result.count - 1].last = section.last
        result[result.count - 1].length = both
        result[result.count - 1].isBare = last.isBare && section.isBare
      } else {
        result.append(section)
      }
    }
    return result
  }
}

/// How long the white space between two blocks or sentences is.
struct GapLengths<Measure: LengthMeasure> {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let measure: Measure
  private var known: [Int: Int] = [:]
  private var last = (key: 0, length: 0)

  init(bytes: UnsafeBufferPointer<UInt8>, measure: Measure) {
    self.bytes = bytes
    self.measure = measure
  }

  /// The length of the bytes between two offsets; nothing costs nothing.
  mutating func length(_ start: Int, _ end: Int) -> Int {
    guard start < end else { return 0 }
    // Up to four bytes of white space are their own key.
    guard end - start <= 4 else { return measure.length(start, end) }
    var key = 0
    for byte in bytes[start..<end] { key = key << 8 | Int(byte) }
    if key == last.key { return last.length }
    let length = known[key] ?? measure.length(start, end)
    known[key] = length
    last = (key, length)
    return length
  }
}
