internal import Corpus
internal import Markup

/// What is measured of each block of a page, for `BlockModel` to tell content from what stands around it.
///
/// All measures are of structure and of kinds of characters, none of words of a language: how long a block is and how
/// much of it is linked, how its sentences end, what it stands in, what stands before and after it, and how often the
/// page repeats its kind.
struct BlockFeatures {
  /// How many measures there are of a block.
  static let count = 102

  private let page: MarkupDocument
  private let analysis: PageAnalysis
  private let origins: [MarkupNode]
  private var measures: [Measures] = []
  private var signatures: [UInt64: Tally] = [:]
  private var paths: [UInt64: Tally] = [:]
  private var sections: [Tally] = []
  private var sectionOf: [Int] = []
  private var prefix: [Tally] = [Tally()]
  private var pageFeatures: [Float] = []
  private var firstHeading = -1
  private var biggest = 0

  /// Sums over some blocks; of bytes those that are no spaces count.
  private struct Tally {
    var blocks: Float = 0
    var words: Float = 0
    var bytes: Float = 0
    var linked: Float = 0
    var ends: Float = 0
    var longest: Float = 0

    var linkShare: Float { linked / max(1, bytes) }

    mutating func add(_ measures: Measures) {
      blocks += 1
      words += measures.words
      bytes += measures.bytes
      linked += measures.linked
      ends += measures.endsSentence
      longest = max(longest, measures.bytes - measures.linked)
    }
  }

  private struct Measures {
    var kind: Float = 0
    var level: Float = 0
    var words: Float = 0
    var bytes: Float = 0
    var linked: Float = 0
    var digits: Float = 0
    var capitals: Float = 0
    var commas: Float = 0
    var endsSentence: Float = 0
    var endsColon: Float = 0
    var hasPrice: Float = 0
    var isRepeated: Float = 0
    var depth: Float = 0
    var lists: Float = 0
    var tags: UInt32 = 0
    var hints: ElementHints = []
    var signature: UInt64 = 0
    var path: UInt64 = 0
    var linkShare: Float { linked / max(1, bytes) }
  }

  init(page: MarkupDocument, analysis: PageAnalysis, content: BlockWriter) {
    self.page = page
    self.analysis = analysis
    origins = content.origins
    measures.reserveCapacity(content.blocks.count)
    var seen: Set<UInt64> = []
    for (block, origin) in zip(content.blocks, origins) {
      var measures = Measures()
      let hash = Self.read(block, content.text, &measures)
      measures.isRepeated = seen.insert(hash).inserted ? 0 : 1
      place(origin, &measures)
      self.measures.append(measures)
    }
    for (index, own) in measures.enumerated() {
      signatures[own.signature, default: Tally()].add(own)
      paths[own.path, default: Tally()].add(own)
      var sum = prefix[index]
      sum.add(own)
      prefix.append(sum)
      if own.level > 0 || sections.isEmpty { sections.append(Tally()) }
      sections[sections.count - 1].add(own)
      sectionOf.append(sections.count - 1)
      if own.level == 1, firstHeading < 0 { firstHeading = index }
      if own.bytes - own.linked > measures[biggest].bytes - measures[biggest].linked { biggest = index }
    }
    measurePage()
  }

  /// How many words the page has, and one block.
  var words: Float { prefix[prefix.count - 1].words }
  func words(of index: Int) -> Float { measures[index].words }

  // MARK: - One block

  private static func read(_ block: Block, _ text: [UInt8], _ measures: inout Measures) -> UInt64 {
    switch block.kind {
    case .paragraph: measures.kind = 0
    case .heading(let level):
      measures.kind = 1
      measures.level = Float(level)
    case .listItem: measures.kind = 2
    case .tableRow: measures.kind = 3
    case .code: measures.kind = 4
    case .quote: measures.kind = 5
    case .term: measures.kind = 6
    case .definition: measures.kind = 7
    case .caption: measures.kind = 8
    }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    text.withUnsafeBufferPointer { text in
      var wasSpace = true
      var last: UInt8 = 0
      for index in block.range.start..<block.range.end {
        let byte = text[index]
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        guard byte > 0x20 else {
          wasSpace = true
          continue
        }
        measures.bytes += 1
        if wasSpace { measures.words += 1 }
        wasSpace = false
        switch byte {
        case 0x30...0x39:
          measures.digits += 1
          // $5, £5, €5 (the last byte of the sign tells).
          if last == UInt8(ascii: "$") || last == 0xA3 || last == 0xAC { measures.hasPrice = 1 }
        case 0x41...0x5A: measures.capitals += 1
        case 0x2C, 0x2E, 0x3B: measures.commas += 1
        default: break
        }
        last = byte
      }
      var end = block.range.end
      // Closing quotation marks and brackets stand behind a sentence's end.
      while end > block.range.start, [0x22, 0x27, 0x29, 0x20, 0x0A, 0x9D, 0x99, 0x80, 0xE2].contains(text[end - 1]) {
        end -= 1
      }
      if end > block.range.start {
        let byte = text[end - 1]
        if [0x2E, 0x21, 0x3F, 0x3A, 0x3B, 0xA6].contains(byte) { measures.endsSentence = 1 }
        if byte == 0x3A { measures.endsColon = 1 }
      }
      for link in block.links {
        for index in link.range.start..<link.range.end where text[index] > 0x20 { measures.linked += 1 }
      }
    }
    measures.linked = min(measures.linked, measures.bytes)
    return hash
  }

  private static let countedTags: [MarkupTag] = [
    .p, .a, .form, .article, .main, .section, .li, .figure, .header, .footer, .aside, .table, .details, .label, .span,
  ]

  private func place(_ origin: MarkupNode, _ measures: inout Measures) {
    var node: MarkupNode? = page.isText(origin) ? page.parent(of: origin) : origin
    var signature: UInt64 = 0xCBF2_9CE4_8422_2325
    var path = signature
    var steps = 0
    while let element = node {
      let tag = page.tag(of: element)
      measures.depth += 1
      if let bit = Self.countedTags.firstIndex(of: tag) { measures.tags |= 1 << UInt32(bit) }
      if tag == .ul || tag == .ol { measures.lists += 1 }
      if tag != .body, tag != .html { measures.hints.formUnion(analysis.hints[element]) }
      if steps < 5 {
        let code = UInt64(bitPattern: Int64(tag.hashCode))
        path = (path ^ code) &* 0x0000_0100_0000_01B3
        if steps < 4 {
          signature = (signature ^ code) &* 0x0000_0100_0000_01B3
          if let names = page.valueRange(of: .class, in: element) {
            page.bytes.withUnsafeBufferPointer { bytes in
              for index in names.prefix(40) { signature = (signature ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3 }
            }
          }
        }
      }
      steps += 1
      node = page.parent(of: element)
    }
    measures.signature = signature
    measures.path = path
  }

  // MARK: - The page

  private mutating func measurePage() {
    let all = prefix[prefix.count - 1]
    let blocks = max(1, all.blocks)
    var long: Float = 0
    var inLong: Float = 0
    var prices: Float = 0
    var code: Float = 0
    var items: Float = 0
    var paragraphs: Float = 0
    for own in measures {
      if own.bytes - own.linked > 100 {
        long += 1
        inLong += own.bytes
      }
      prices += own.hasPrice
      if own.kind == 4 { code += 1 }
      if own.kind == 2 { items += 1 }
      if own.tags & 1 != 0 { paragraphs += 1 }
    }
    var forms: Float = 0
    var articles: Float = 0
    for node in 0..<page.count {
      switch page.tag(of: node) {
      case .form: forms += 1
      case .article: articles += 1
      default: break
      }
    }
    pageFeatures = [
      all.words, all.blocks, all.linkShare, long / blocks, inLong / max(1, all.bytes), inLong, prices / blocks,
      code / blocks, items / blocks, paragraphs / blocks, min(forms, 8), min(articles, 40),
    ]
  }

  // MARK: - A row

  /// Appends the measures of one block.
  func append(_ index: Int, to row: inout [Float]) {
    let own = measures[index]
    let all = prefix[prefix.count - 1]
    let before = prefix[index]
    let bytes = max(1, own.bytes)
    row += [
      own.kind, own.level, own.words, own.bytes, own.linkShare, own.digits / bytes, own.capitals / bytes,
      own.commas / max(1, own.words), own.endsSentence, own.endsColon, own.hasPrice, own.isRepeated, own.depth,
      own.lists, bytes / max(1, own.words),
    ]
    for bit in Self.countedTags.indices { row.append(own.tags & (1 << UInt32(bit)) == 0 ? 0 : 1) }
    for bit in [0, 2, 5] + Array(8..<16) { row.append(own.hints.rawValue & (1 << UInt16(bit)) == 0 ? 0 : 1) }
    appendContainers(origins[index], to: &row)
    let firstDistance = firstHeading < 0 ? -999 : index - firstHeading
    row += [
      before.words / max(1, all.words), before.words, all.words - before.words, Float(firstDistance),
      Float(index - biggest),
    ]
    for tally in [signatures[own.signature] ?? Tally(), paths[own.path] ?? Tally()] {
      row += [tally.blocks, tally.words / max(1, tally.blocks), tally.linkShare, tally.bytes / max(1, all.bytes)]
    }
    let section = sections[sectionOf[index]]
    row += [
      section.words, section.linkShare, section.longest, section.blocks, section.bytes / max(1, section.blocks),
      section.ends / max(1, section.blocks),
    ]
    for width in [4, 12] {
      let lower = prefix[max(0, index - width)]
      let upper = prefix[min(measures.count, index + width + 1)]
      let blocks = max(1, upper.blocks - lower.blocks)
      row += [
        (upper.bytes - upper.linked - lower.bytes + lower.linked) / blocks,
        (upper.linked - lower.linked) / max(1, upper.bytes - lower.bytes), (upper.ends - lower.ends) / blocks,
      ]
    }
    for offset in [-2, -1, 1, 2] {
      guard measures.indices.contains(index + offset) else {
        row += [-1, -1, -1]
        continue
      }
      let other = measures[index + offset]
      row += [other.kind, other.bytes - other.linked, other.signature == own.signature ? 1 : 0]
    }
    row += pageFeatures
  }

  /// How many words, and how many of them linked, the elements hold in which a block stands.
  private func appendContainers(_ origin: MarkupNode, to row: inout [Float]) {
    let all = Float(max(1, analysis.wordBytes(of: 0)))
    var near: [Float] = []
    var sized: [Float] = []
    var levels = 0
    let sizes = [250, 1000, 3000]
    var node: MarkupNode? = page.isText(origin) ? page.parent(of: origin) : origin
    while let element = node, near.count < 6 || sized.count < 6 {
      let words = analysis.wordBytes(of: element)
      let linked = Float(analysis.linkedBytes(of: element)) / Float(max(1, words))
      if near.count < 6, ElementKind.isBlock(page.tag(of: element)) {
        if levels > 0 { near += [Float(words), linked] }
        levels += 1
      }
      while sized.count < 6, words >= sizes[sized.count / 2] { sized += [linked, Float(words) / all] }
      node = page.parent(of: element)
    }
    while near.count < 6 { near.append(-1) }
    while sized.count < 6 { sized.append(-1) }
    row += near
    row += sized
  }
}

extension MarkupTag {
  /// A number that stands for the tag within one page.
  fileprivate var hashCode: Int {
    var code = 0
    for byte in rawValue.utf8 { code = code &* 31 &+ Int(byte) }
    return code
  }
}
