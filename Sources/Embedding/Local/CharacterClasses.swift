/// What BERT's normalizer and pre-tokenizer do to a code point, looked up in one step.
struct CharacterClasses: Sendable {
  enum Kind: UInt32 {
    case letter = 0
    case removed = 1
    case space = 2
    case punctuation = 3
    case ideograph = 4
  }

  /// Kind in the low three bits; above it, 0 for what stays as it is, else 1 + the place in `mappings`.
  private var low: [UInt32]
  private var high: [UInt32: UInt32] = [:]
  /// Count, then so many code points.
  private var mappings: [UInt32] = []

  init(lowercase: Bool, stripAccents: Bool) {
    low = [UInt32](repeating: 0, count: 0x10000)
    var stripped: [UInt32: [UInt32]] = [:]
    var lowered: [UInt32: [UInt32]] = [:]
    if stripAccents {
      Self.readMappings(WordPieceTables.stripped, into: &stripped)
      Self.forEach(WordPieceTables.marks) { stripped[$0] = [] }
    }
    if lowercase {
      Self.readMappings(WordPieceTables.loweredLong, into: &lowered)
      let runs = WordPieceTables.lowered
      for index in stride(from: 0, to: runs.count, by: 4) {
        for point in stride(from: runs[index], through: runs[index + 1], by: Int(runs[index + 2])) {
          lowered[point] = [point &+ runs[index + 3]]
        }
      }
    }
    // Accents are stripped first, and what is left is put into lower case.
    var points = Set(lowered.keys)
    points.formUnion(stripped.keys)
    for point in points.sorted() {
      let mapped = (stripped[point] ?? [point]).flatMap { lowered[$0] ?? [$0] }
      let place = UInt32(mappings.count) + 1
      mappings.append(UInt32(mapped.count))
      mappings += mapped
      self[point] |= place << 3
    }
    let kinds: [(Kind, [UInt32])] = [
      (.space, WordPieceTables.spaces), (.punctuation, WordPieceTables.punctuation),
      (.ideograph, WordPieceTables.ideographs),
    ]
    for (kind, ranges) in kinds {
      Self.forEach(ranges) { if $0 < 0x10000 || kind == .punctuation { self[$0] |= kind.rawValue } }
    }
    // Hangul syllables decompose by arithmetic, ideographs and private planes are ranges: no entry for each.
    Self.forEach(WordPieceTables.removed) { if $0 < 0xF0000 { self[$0] = Kind.removed.rawValue } }
  }

  private static func forEach(_ ranges: [UInt32], _ body: (UInt32) -> Void) {
    for index in stride(from: 0, to: ranges.count, by: 2) where ranges[index] < 0xF0000 {
      for point in ranges[index]...ranges[index + 1] { body(point) }
    }
  }

  private static func readMappings(_ numbers: [UInt32], into mappings: inout [UInt32: [UInt32]]) {
    var index = 0
    while index < numbers.count {
      let count = Int(numbers[index] >> 24)
      mappings[numbers[index] & 0xFF_FFFF] = Array(numbers[index + 1...index + count])
      index += 1 + count
    }
  }

  private subscript(point: UInt32) -> UInt32 {
    get { point < 0x10000 ? low[Int(point)] : high[point] ?? 0 }
    set { if point < 0x10000 { low[Int(point)] = newValue } else { high[point] = newValue } }
  }

  /// The kind of a code point and where its mapping stands; 0 for none.
  func entry(_ point: UInt32) -> (kind: Kind, mapping: Int) {
    if point < 0x10000 {
      let entry = low[Int(point)]
      return (Kind(rawValue: entry & 7) ?? .letter, Int(entry >> 3))
    }
    if point >= 0xF0000 { return (.removed, 0) }
    let entry = high[point] ?? 0
    if entry & 7 == 0, Self.isHighIdeograph(point) { return (.ideograph, Int(entry >> 3)) }
    return (Kind(rawValue: entry & 7) ?? .letter, Int(entry >> 3))
  }

  /// Hands on what a mapping stands for.
  func forEachMapped(_ mapping: Int, _ body: (UInt32) -> Void) {
    let start = mapping - 1
    for index in 0..<Int(mappings[start]) { body(mappings[start + 1 + index]) }
  }

  private static func isHighIdeograph(_ point: UInt32) -> Bool {
    let ranges = WordPieceTables.ideographs
    for index in stride(from: 0, to: ranges.count, by: 2) where point >= ranges[index] && point <= ranges[index + 1] {
      return true
    }
    return false
  }
}
