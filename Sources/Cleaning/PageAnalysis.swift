internal import Markup

/// What is known of a page before its content is read: what to leave out, and how much text stands where.
struct PageAnalysis {
  /// What becomes of a node and all below it.
  enum Verdict: UInt8 {
    case kept
    /// Not text for readers: scripts, form controls, hidden elements.
    case dropped
    /// Around the content: navigation and the like.
    case boilerplate
  }

  let page: MarkupDocument
  private(set) var verdicts: [Verdict]
  private(set) var hints: [ElementHints]
  /// Bytes of words before each node, outside what is dropped; and of those in links.
  private(set) var words: [Int32]
  private(set) var linked: [Int32]
  /// For each table what it holds itself, outside tables in it.
  private(set) var tables: [MarkupNode: TableFacts] = [:]

  struct TableFacts {
    var rows = 0
    var cells = 0
    var headerCells = 0
    var hasCaption = false
    var hasHead = false
    var hasTable = false
    /// Lists, headings, code and the like in cells.
    var structures = 0
    var isPresentation = false
  }

  init(page: MarkupDocument, mainContentOnly: Bool) {
    self.page = page
    verdicts = Array(repeating: .kept, count: page.count)
    hints = Array(repeating: [], count: page.count)
    words = Array(repeating: 0, count: page.count + 1)
    linked = Array(repeating: 0, count: page.count + 1)
    classify(Relaxation())
    let hidden = hiddenWords
    measure()
    // A page that shows itself only by script hides its words in `noscript` or in a style until then.
    let shown = Int(words[page.count])
    let relaxation = Relaxation(noscript: hidden.noscript > shown * 2, style: hidden.style > shown * 4)
    if relaxation.noscript || relaxation.style {
      verdicts = Array(repeating: .kept, count: page.count)
      tables = [:]
      classify(relaxation)
      measure()
    }
    if mainContentOnly {
      leaveOutBoilerplate()
      measure()
    }
  }

  /// What counts as shown although it is hidden at first.
  private struct Relaxation {
    var noscript = false
    var style = false
  }

  /// Words in `noscript`, and in elements that an inline style hides.
  private var hiddenWords: (noscript: Int, style: Int) {
    var result = (noscript: 0, style: 0)
    var node = 0
    while node < page.count {
      guard verdicts[node] == .dropped else {
        node += 1
        continue
      }
      let isNoscript = page.tag(of: node) == .noscript
      let isStyled = !Self.isDropped(page.tag(of: node)) && isHiddenByStyle(node)
      if isNoscript || isStyled {
        var inner = node + 1
        var count = 0
        while inner < page.end(of: node) {
          if !page.isText(inner), Self.isDropped(page.tag(of: inner)) {
            inner = page.end(of: inner)
            continue
          }
          if page.isText(inner) {
            for index in page.textRange(of: inner) where page.bytes[index] > 0x20 { count += 1 }
          }
          inner += 1
        }
        if isNoscript { result.noscript += count } else { result.style += count }
      }
      node = page.end(of: node)
    }
    return result
  }

  func wordBytes(of node: MarkupNode) -> Int { Int(words[page.end(of: node)] - words[node]) }
  func linkedBytes(of node: MarkupNode) -> Int { Int(linked[page.end(of: node)] - linked[node]) }
  func proseBytes(of node: MarkupNode) -> Int { wordBytes(of: node) - linkedBytes(of: node) }

  // MARK: - One pass each

  private mutating func classify(_ relaxation: Relaxation) {
    var known: [UInt64: ElementHints] = [:]
    let panels = HiddenPanels(page: page)
    var openTables: [(node: MarkupNode, end: MarkupNode)] = []
    var node = 0
    while node < page.count {
      while let last = openTables.last, last.end <= node { openTables.removeLast() }
      guard !page.isText(node) else {
        node += 1
        continue
      }
      let tag = page.tag(of: node)
      if Self.isDropped(tag), !(tag == .noscript && relaxation.noscript), !(tag == .head && holdsContent(node)) {
        verdicts[node] = .dropped
        node = page.end(of: node)
        continue
      }
      if page.hasAttributes(node) {
        hints[node] = hints(of: node, &known)
        if isHidden(node) || (!relaxation.style && isHiddenByStyle(node)), !panels.isPanel(node, hints: hints[node]) {
          verdicts[node] = .dropped
          node = page.end(of: node)
          continue
        }
      }
      if let table = openTables.last?.node { note(tag, node, in: table) }
      if tag == .table {
        if let outer = openTables.last?.node { tables[outer]?.hasTable = true }
        var facts = TableFacts()
        let role = page.value(of: .role, in: node)
        facts.isPresentation = role == "presentation" || role == "none"
        tables[node] = facts
        openTables.append((node, page.end(of: node)))
      }
      node += 1
    }
  }

  private mutating func note(_ tag: MarkupTag, _ node: MarkupNode, in table: MarkupNode) {
    switch tag {
    case .tr: tables[table]?.rows += 1
    case .td: tables[table]?.cells += 1
    case .th:
      tables[table]?.cells += 1
      tables[table]?.headerCells += 1
    case .caption: tables[table]?.hasCaption = true
    case .thead: tables[table]?.hasHead = true
    case .h1, .h2, .h3, .h4, .h5, .h6, .pre, .article, .section, .form, .blockquote, .dl, .hr:
      tables[table]?.structures += 1
    default: break
    }
  }

  private mutating func measure() {
    var total: Int32 = 0
    var inLinks: Int32 = 0
    var linkEnd = 0
    var node = 0
    let bytes = page.bytes
    bytes.withUnsafeBufferPointer { bytes in
      while node < page.count {
        words[node] = total
        linked[node] = inLinks
        if page.isText(node) {
          let range = page.textRange(of: node)
          var count: Int32 = 0
          for index in range where bytes[index] > 0x20 { count &+= 1 }
          total &+= count
          if node < linkEnd { inLinks &+= count }
          node += 1
        } else if verdicts[node] != .kept {
          let end = page.end(of: node)
          for skipped in node..<end {
            words[skipped] = total
            linked[skipped] = inLinks
          }
          node = end
        } else {
          if page.tag(of: node) == .a { linkEnd = max(linkEnd, page.end(of: node)) }
          node += 1
        }
      }
    }
    words[page.count] = total
    linked[page.count] = inLinks
  }

  private mutating func leaveOutBoilerplate() {
    guard page.count > 0 else { return }
    let body = page.elements.first { page.tag(of: $0) == .body } ?? 0
    let whole = max(1, proseBytes(of: body))
    let allWords = max(1, wordBytes(of: body))
    let isForum = looksLikeForum
    var articleEnd = 0
    var node = body + 1
    while node < page.count {
      guard !page.isText(node), verdicts[node] == .kept else {
        node = page.isText(node) ? node + 1 : page.end(of: node)
        continue
      }
      let tag = page.tag(of: node)
      if tag == .article || tag == .main { articleEnd = max(articleEnd, page.end(of: node)) }
      let inArticle = node < articleEnd
      if isBoilerplate(tag, node, inArticle: inArticle, isForum: isForum, whole: whole),
        tag == .nav || wordBytes(of: node) * 2 < allWords || hints[node].contains(.consent)
      {
        verdicts[node] = .boilerplate
        node = page.end(of: node)
      } else {
        node += 1
      }
    }
  }

  private func isBoilerplate(
    _ tag: MarkupTag, _ node: MarkupNode, inArticle: Bool, isForum: Bool, whole: Int
  ) -> Bool {
    let prose = proseBytes(of: node)
    // Whatever it is called, what holds most of the page's words is not beside the content.
    let isMost = prose * 2 > whole
    let hints = self.hints[node]
    if hints.contains(.consent), tag != .body, tag != .html { return true }
    if isMost, tag != .nav { return false }
    switch tag {
    case .nav: return true
    case .footer: return !inArticle || !hints.contains(.content)
    case .header:
      // An article's own header holds its title; the site's stands outside.
      return !inArticle && !containsHeading(node)
    case .aside: return !hints.contains(.admonition)
    case .body, .html, .main, .article, .h1, .h2, .h3, .h4, .h5, .h6, .pre, .code, .tr, .td, .tbody: return false
    default: break
    }
    if let role = page.value(of: .role, in: node), PageVocabulary.isBoilerplate(role: role) { return true }
    if hints.contains(.admonition) { return false }
    if hints.contains(.boilerplate) {
      // In running text (a paragraph, a link) the same words are just words.
      switch tag {
      case .a: return page.value(of: .href, in: node)?.hasPrefix("#") == true
      case .p, .b, .em, .strong, .i, .time, .label: return false
      case .span: return prose < 200
      default: return !hints.contains(.content) || prose * 5 < whole
      }
    }
    if hints.contains(.comments), !isForum { return prose * 5 < whole * 2 }
    return false
  }

  private func containsHeading(_ node: MarkupNode) -> Bool {
    var inner = node + 1
    while inner < page.end(of: node) {
      if page.tag(of: inner) == .h1, wordBytes(of: inner) > 0 { return true }
      inner += 1
    }
    return false
  }

  private var looksLikeForum: Bool {
    for node in 0..<page.count where page.hasAttributes(node) {
      switch page.tag(of: node) {
      case .script where node + 1 < page.end(of: node):
        if page.value(of: .type, in: node) == "application/ld+json" {
          let data = page.textRange(of: node + 1)
          if page.holds("DiscussionForumPosting", in: data) || page.holds("QAPage", in: data) { return true }
        }
      case .body, .html:
        let words = PageVocabulary.words(
          of: (page.value(of: .class, in: node) ?? "") + " " + (page.value(of: .id, in: node) ?? ""))
        if words.contains(where: ["forum", "forums", "topic", "thread", "viewtopic", "showthread"].contains) {
          return true
        }
      case .meta where page.value(of: .name, in: node)?.lowercased() == "generator":
        if let generator = page.value(of: .content, in: node)?.lowercased(),
          ["discourse", "phpbb", "vbulletin", "xenforo", "mybb", "flarum", "vanilla", "invision", "nodebb"]
            .contains(where: generator.contains)
        {
          return true
        }
      default: break
      }
      if let range = page.valueRange(of: .itemtype, in: node), range.count < 200 {
        let type = page.string(in: range)
        if ["DiscussionForumPosting", "QAPage", "Question"].contains(where: type.hasSuffix) { return true }
      }
    }
    return false
  }

  // MARK: - Single elements

  /// Whether the parser took a page's content for part of its head: libxml2 knows HTML 4, and where `<head>` and
  /// `<body>` are left out it does not see that `main` and its like begin the body.
  private func holdsContent(_ head: MarkupNode) -> Bool {
    page.children(of: head).contains { node in
      switch page.tag(of: node) {
      case .main, .article, .section, .header, .footer, .nav, .aside, .figure, .details: true
      default: false
      }
    }
  }

  static func isDropped(_ tag: MarkupTag) -> Bool {
    switch tag {
    case .script, .style, .template, .noscript, .svg, .iframe, .object, .embed, .canvas, .audio, .video, .head, .link,
      .meta, .button, .input, .select, .textarea, .option, .optgroup, .datalist, .applet, .frame, .frameset, .noframes,
      .noembed, .map, .area, .dialog, .title, .base, .progress, .meter, .param, .source, .track, .rp, .output:
      true
    default: false
    }
  }

  private func hints(of node: MarkupNode, _ known: inout [UInt64: ElementHints]) -> ElementHints {
    var result: ElementHints = []
    for attribute in [MarkupAttribute.class, .id] {
      guard let range = page.valueRange(of: attribute, in: node), !range.isEmpty, range.count <= 1024 else { continue }
      page.bytes.withUnsafeBufferPointer { bytes in
        var names = 0
        var index = range.lowerBound
        while index < range.upperBound, names < 32 {
          while index < range.upperBound, bytes[index] <= 0x20 { index += 1 }
          let start = index
          // FNV-1a: the same few names stand on most elements of a page.
          var key: UInt64 = 0xCBF2_9CE4_8422_2325
          while index < range.upperBound, bytes[index] > 0x20 {
            key = (key ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3
            index += 1
          }
          guard start < index else { break }
          names += 1
          if let hints = known[key] {
            result.formUnion(hints)
          } else {
            let name = String(decoding: bytes[start..<min(index, start + 64)], as: UTF8.self)
            let hints = PageVocabulary.hints(name: name)
            known[key] = hints
            result.formUnion(hints)
          }
        }
      }
    }
    return result
  }

  private func isHidden(_ node: MarkupNode) -> Bool {
    if let range = page.valueRange(of: .hidden, in: node), !page.holds("until-found", in: range) { return true }
    if let range = page.valueRange(of: .ariaHidden, in: node), page.holds("true", in: range) { return true }
    return hints[node].contains(.hidden)
  }

  private func isHiddenByStyle(_ node: MarkupNode) -> Bool {
    guard let range = page.valueRange(of: .style, in: node), range.count >= 12, range.count < 4096 else { return false }
    // Without white space, lower case.
    let style = page.bytes[range].lazy.filter { $0 > 0x20 }.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    let bytes = Array(style)
    return bytes.holds("display:none", in: bytes.indices) || bytes.holds("visibility:hidden", in: bytes.indices)
  }
}

extension MarkupDocument {
  /// Whether some of the page's bytes hold a word.
  func holds(_ word: StaticString, in range: Range<Int>) -> Bool { bytes.holds(word, in: range) }
}

extension [UInt8] {
  /// Whether some of the bytes hold a word.
  func holds(_ word: StaticString, in range: Range<Int>) -> Bool {
    word.withUTF8Buffer { word in
      withUnsafeBufferPointer { bytes in
        guard let first = word.first, range.count >= word.count else { return false }
        for start in range.lowerBound...(range.upperBound - word.count) where bytes[start] == first {
          var length = 1
          while length < word.count, bytes[start + length] == word[length] { length += 1 }
          if length == word.count { return true }
        }
        return false
      }
    }
  }
}
