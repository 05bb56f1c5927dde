public import Corpus

/// The blocks that most pages of a site share: notices, related links and the like that nothing in one page gives away.
///
/// They are learned from clean documents, host by host. What is learned depends on the set of documents alone, not on
/// their order.
public struct SiteTemplates: Sendable, Equatable {
  /// Changes whenever the same documents would lose other blocks.
  public static let version = 1

  /// From how many pages on a site has templates: a few pages that are alike prove nothing.
  public static let leastPages = 8

  private var shared: Set<UInt64> = []

  /// Nothing is shared.
  public init() {}

  /// Whether nothing is shared.
  public var isEmpty: Bool { shared.isEmpty }

  /// Counts on how many pages of its host each block stands; 16 bytes a different block.
  public struct Learner: Sendable {
    private var counts: [UInt64: (pages: Int32, host: Int32)] = [:]
    private var hosts: [String: Int32] = [:]
    private var pages: [Int32] = []

    /// Nothing is counted yet.
    public init() {}

    /// Counts a page's blocks, each once.
    ///
    /// - Parameters:
    ///   - document: what cleaning made of the page.
    ///   - url: the page's address; its host is the site.
    /// - Complexity: linear in the document's length.
    public mutating func add(_ document: CleanDocument, url: String) {
      let name = SiteTemplates.host(of: url)
      let host = hosts[name] ?? Int32(pages.count)
      if host == pages.count {
        hosts[name] = host
        pages.append(0)
      }
      pages[Int(host)] += 1
      for print in Set(SiteTemplates.fingerprints(of: document, host: name)) {
        counts[print, default: (0, host)].pages += 1
      }
    }

    /// What stands on more than half of the pages of a host.
    public func templates() -> SiteTemplates {
      var templates = SiteTemplates()
      for (print, count) in counts {
        let all = pages[Int(count.host)]
        if all >= SiteTemplates.leastPages, count.pages * 2 > all { templates.shared.insert(print) }
      }
      return templates
    }
  }

  /// A document without what its site repeats; nil when nothing goes.
  ///
  /// Shared blocks go where they stand before or behind the content, or fill a whole section, its heading included. In
  /// a section that has anything of its own they stay, and so does a heading over what stays. A page of nothing but
  /// shared blocks stays as it is.
  ///
  /// - Complexity: linear in the document's length.
  public func remaining(of document: CleanDocument, url: String) -> CleanDocument? {
    guard !isEmpty else { return nil }
    let isShared = Self.fingerprints(of: document, host: Self.host(of: url)).map { shared.contains($0) }
    guard isShared.contains(true) else { return nil }
    let dropped = Self.dropped(document.blocks, isShared)
    guard dropped.contains(true), dropped.contains(false) else { return nil }
    return document.without(dropped)
  }

  private static func dropped(_ blocks: [Block], _ isShared: [Bool]) -> [Bool] {
    var dropped = Array(repeating: false, count: blocks.count)
    // The first block from each on that is not shared.
    var runEnd = Array(repeating: blocks.count, count: blocks.count)
    var end = blocks.count
    for index in blocks.indices.reversed() {
      if !isShared[index] { end = index }
      runEnd[index] = end
    }
    // The first heading behind each block that is not below level n, n from 1 to 6.
    var next = Array(repeating: blocks.count, count: 7)
    for index in blocks.indices.reversed() {
      guard case .heading(let named) = blocks[index].kind else { continue }
      let level = min(max(named, 1), 6)
      let end = next[1...level].min() ?? blocks.count
      if isShared[index], runEnd[index] >= end {
        for inner in index..<end { dropped[inner] = true }
      }
      next[level] = index
    }
    for index in blocks.indices {
      if case .heading = blocks[index].kind { break }
      guard isShared[index] else { break }
      dropped[index] = true
    }
    for index in blocks.indices.reversed() where !dropped[index] {
      if case .heading = blocks[index].kind { break }
      guard isShared[index] else { break }
      dropped[index] = true
    }
    return dropped
  }

  // MARK: - Fingerprints

  /// FNV-1a over the host, the kind and the words of each block.
  private static func fingerprints(of document: CleanDocument, host: String) -> [UInt64] {
    var seed: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in host.utf8 { seed = (seed ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return document.blocks.map { block in
      var hash = (seed ^ tag(block.kind)) &* 0x0000_0100_0000_01B3
      for byte in document.text.slice(block.range)?.utf8 ?? "".utf8[...] {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
      }
      return hash
    }
  }

  private static func tag(_ kind: Block.Kind) -> UInt64 {
    switch kind {
    case .heading(let level): 16 + UInt64(truncatingIfNeeded: level)
    case .paragraph: 1
    case .listItem: 2
    case .tableRow: 3
    case .code: 4
    case .quote: 5
    case .term: 6
    case .definition: 7
    case .caption: 8
    }
  }

  /// What stands between the scheme and the path; all of what has no scheme.
  private static func host(of url: String) -> String {
    guard let scheme = url.utf8.firstIndex(of: UInt8(ascii: ":")) else { return "" }
    let rest = url.utf8[scheme...].dropFirst()
    guard rest.starts(with: "//".utf8) else { return "" }
    let host = rest.dropFirst(2).prefix { ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
    return String(decoding: host, as: UTF8.self)
  }
}

extension CleanDocument {
  /// The same without some of its blocks.
  fileprivate func without(_ dropped: [Bool]) -> CleanDocument {
    let bytes = Array(text.utf8)
    var result = self
    var kept: [UInt8] = []
    result.blocks = []
    var last: Int?
    for index in blocks.indices where !dropped[index] {
      let block = blocks[index]
      if let last {
        // Neighbours keep what stood between them; what has come together stands apart.
        let between = last + 1 == index ? bytes[blocks[last].range.end..<block.range.start] : [0x0A, 0x0A]
        kept.append(contentsOf: between)
      }
      last = index
      let shift = kept.count - block.range.start
      func moved(_ range: TextRange) -> TextRange { TextRange(start: range.start + shift, end: range.end + shift) }
      kept.append(contentsOf: bytes[block.range.start..<block.range.end])
      result.blocks.append(
        Block(
          kind: block.kind, range: moved(block.range), anchor: block.anchor,
          links: block.links.map { Link(range: moved($0.range), target: $0.target) }))
    }
    result.text = String(decoding: kept, as: UTF8.self)
    return result
  }
}
