internal import Corpus
internal import Markup

/// Reads a page's content in document order and writes its blocks.
///
/// One loop over the nodes with a stack of open elements: no recursion but for the cells of a table, whose content is
/// read flat, once.
struct ContentWalk {
  let page: MarkupDocument
  let analysis: PageAnalysis
  let options: Cleaner.Options
  let base: LinkResolution?
  /// What leaves elements out: boilerplate too, or only what is never text.
  let keepsBoilerplate: Bool

  var writer: BlockWriter
  var current = InlineText()
  /// Whether block elements are mere spaces now: inside a table's cell.
  var isFlat = false
  private var kind: Block.Kind?
  private var blockAnchor: String?
  private var blockGroup = 0
  private var pendingAnchor: String?
  private var contexts: [Context] = []
  private var open: [OpenElement] = []
  /// The link element that is being read.
  private var linkNode: MarkupNode?
  private var openLink: (target: String, start: Int)?
  private var groups = 0
  private var lastGroup = 0
  private var seenAlternatives: Set<String> = []
  /// How many more bytes headers and spans of tables may repeat; it keeps the text within a small multiple of the page.
  var repetitionBudget: Int

  private struct Context {
    enum Place {
      case list(isOrdered: Bool, next: Int)
      case item(depth: Int, marker: String)
      case quote
      case term
      case definition
      case caption
      case heading(Int)
    }
    var place: Place
    var group: Int
    var isUsed = false
  }

  private struct OpenElement {
    var end: MarkupNode
    var close: Close
  }

  private enum Close {
    case block
    case context
    case link
    case text(StaticString)
    case superscript
    case abbreviation(String)
  }

  init(
    page: MarkupDocument, analysis: PageAnalysis, options: Cleaner.Options, base: LinkResolution?,
    keepsBoilerplate: Bool
  ) {
    self.page = page
    self.analysis = analysis
    self.options = options
    self.base = base
    self.keepsBoilerplate = keepsBoilerplate
    writer = BlockWriter(capacity: page.bytes.count / 2)
    repetitionBudget = page.bytes.count * 2 + 65_536
  }

  // MARK: - The loop

  mutating func run(_ root: MarkupNode) {
    guard root < page.count else { return }
    run(from: root, to: page.end(of: root))
    flush()
  }

  mutating func run(from start: MarkupNode, to end: MarkupNode) {
    let floor = open.count
    var node = start
    while node < end {
      while open.count > floor, let last = open.last, last.end <= node {
        open.removeLast()
        close(last.close)
      }
      node = page.isText(node) ? text(node) : element(node)
    }
    while open.count > floor, let last = open.popLast() { close(last.close) }
  }

  private mutating func text(_ node: MarkupNode) -> MarkupNode {
    let range = page.textRange(of: node)
    page.bytes.withUnsafeBufferPointer { bytes in
      let text = UnsafeBufferPointer(rebasing: bytes[range])
      if current.isEmpty, kind == nil, !isFlat {
        guard text.contains(where: { $0 > 0x20 }) else { return }
        begin()
      }
      current.append(text)
    }
    return node + 1
  }

  private func isLeftOut(_ node: MarkupNode) -> Bool {
    switch analysis.verdicts[node] {
    case .kept: false
    case .dropped: true
    case .boilerplate: !keepsBoilerplate
    }
  }

  private mutating func element(_ node: MarkupNode) -> MarkupNode {
    let next = page.end(of: node)
    if isLeftOut(node) {
      // A control or a hidden box parts the words around it; a script or a parenthesis for old browsers does not.
      switch page.tag(of: node) {
      case .script, .style, .template, .noscript, .svg, .rp, .link, .meta: break
      default: current.space()
      }
      return next
    }
    let tag = page.tag(of: node)
    switch tag {
    case .br:
      breakLine()
      return next
    case .wbr: return next
    case .img, .image:
      image(node)
      return next
    case .hr:
      flush()
      return next
    case .a: return anchor(node, next)
    case .math: return math(node, next)
    case .pre, .listing, .xmp, .plaintext:
      guard !isFlat else { break }
      return code(node, next)
    case .table:
      guard !isFlat else { break }
      noteAnchor(node)
      if analysis.tables[node].map(isDataTable) == true {
        flush()
        table(node)
        return next
      }
    case .rt:
      current.append("(")
      open.append(.init(end: next, close: .text(")")))
      return node + 1
    case .q:
      begin()
      current.append("“")
      open.append(.init(end: next, close: .text("”")))
      return node + 1
    case .sup:
      return superscript(node, next)
    case .abbr, .acronym:
      if let title = page.value(of: .title, in: node), !title.isEmpty, title.utf8.count < 200,
        seenAlternatives.insert("abbr:" + title).inserted, title != page.text(of: node)
      {
        open.append(.init(end: next, close: .abbreviation(title)))
      }
      return node + 1
    default: break
    }
    if isFlat {
      if ElementKind.isBlock(tag) {
        current.space()
        open.append(.init(end: next, close: .text("")))
      }
      return node + 1
    }
    return block(tag, node, next)
  }

  private mutating func block(_ tag: MarkupTag, _ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    switch tag {
    case .h1, .h2, .h3, .h4, .h5, .h6: heading(ElementKind.level(tag), node, next)
    case .ul, .ol, .menu, .dir: list(tag, node, next)
    case .li: item(node, next)
    case .blockquote: push(.quote, node, next)
    case .dt: push(.term, node, next, group: definitionGroup)
    case .dd: push(.definition, node, next, group: definitionGroup)
    case .dl:
      flush()
      noteAnchor(node)
      groups += 1
      lastGroup = groups
      open.append(.init(end: next, close: .block))
    case .figcaption, .caption: push(.caption, node, next)
    default:
      if ElementKind.isBlock(tag) {
        flush()
        noteAnchor(node)
        if let level = roleLevel(node) {
          heading(level, node, next)
        } else {
          open.append(.init(end: next, close: .block))
        }
      } else if pendingAnchor == nil, current.isEmpty {
        noteAnchor(node)
      }
    }
    return node + 1
  }

  private var definitionGroup: Int { lastGroup }

  private func roleLevel(_ node: MarkupNode) -> Int? {
    guard page.hasAttributes(node), page.value(of: .role, in: node) == "heading" else { return nil }
    return page.value(of: .ariaLevel, in: node).flatMap { Int($0) }.map { min(max($0, 1), 6) } ?? 2
  }

  private mutating func push(_ place: Context.Place, _ node: MarkupNode, _ next: MarkupNode, group: Int = 0) {
    flush()
    noteAnchor(node)
    contexts.append(Context(place: place, group: group))
    open.append(.init(end: next, close: .context))
  }

  private mutating func heading(_ level: Int, _ node: MarkupNode, _ next: MarkupNode) {
    flush()
    noteAnchor(node)
    if let inner = headingAnchor(node) { pendingAnchor = inner }
    contexts.append(Context(place: .heading(level), group: 0))
    open.append(.init(end: next, close: .context))
  }

  /// The fragment a heading's own parts tell: its id, a permalink's target, or the name of an anchor in it.
  private func headingAnchor(_ node: MarkupNode) -> String? {
    if let id = page.value(of: .id, in: node), !id.isEmpty { return id }
    var named: String?
    for inner in (node + 1)..<max(node + 1, page.end(of: node)) where !page.isText(inner) {
      if page.tag(of: inner) == .a, analysis.hints[inner].contains(.permalink),
        let href = page.value(of: .href, in: inner), href.hasPrefix("#"), href.count > 1
      {
        return String(href.dropFirst())
      }
      named =
        named ?? page.value(of: .id, in: inner) ?? (page.tag(of: inner) == .a ? page.value(of: .name, in: inner) : nil)
    }
    return named.flatMap { $0.isEmpty ? nil : $0 }
  }

  private mutating func noteAnchor(_ node: MarkupNode) {
    guard page.hasAttributes(node), let id = page.value(of: .id, in: node), !id.isEmpty, id.utf8.count <= 512 else {
      return
    }
    pendingAnchor = id
  }

  private mutating func list(_ tag: MarkupTag, _ node: MarkupNode, _ next: MarkupNode) {
    flush()
    noteAnchor(node)
    let outer = contexts.last { if case .list = $0.place { true } else { false } }
    let group: Int
    if let outer {
      group = outer.group
    } else {
      groups += 1
      group = groups
    }
    let start = page.value(of: .start, in: node).flatMap { Int($0) } ?? 1
    let bounded = min(max(start, -1_000_000_000), 1_000_000_000)
    contexts.append(Context(place: .list(isOrdered: tag == .ol, next: bounded), group: group))
    open.append(.init(end: next, close: .context))
  }

  private mutating func item(_ node: MarkupNode, _ next: MarkupNode) {
    flush()
    noteAnchor(node)
    var depth = 0
    var marker = "- "
    var group = 0
    if let index = contexts.lastIndex(where: { if case .list = $0.place { true } else { false } }),
      case .list(let isOrdered, var number) = contexts[index].place
    {
      depth = contexts.count { if case .list = $0.place { true } else { false } } - 1
      group = contexts[index].group
      if isOrdered {
        if let value = page.value(of: .value, in: node).flatMap({ Int($0) }), abs(value) <= 1_000_000_000 {
          number = value
        }
        marker = "\(number). "
        contexts[index].place = .list(isOrdered: true, next: number + 1)
      }
    } else {
      groups += 1
      group = groups
    }
    contexts.append(Context(place: .item(depth: depth, marker: marker), group: group))
    open.append(.init(end: next, close: .context))
  }

  // MARK: - Inline elements

  private mutating func breakLine() {
    if isFlat {
      current.space()
    } else if case .heading = kind {
      current.space()
    } else if current.endsWithLineBreak {
      flush()
    } else {
      current.lineBreak()
    }
  }

  private mutating func image(_ node: MarkupNode) {
    if let holder = linkNode, page.end(of: holder) <= node { linkNode = nil }
    guard let alt = page.value(of: .alt, in: node) else { return }
    // Within a link that has words of its own, the image says them again.
    if let holder = linkNode, analysis.wordBytes(of: holder) > 0 { return }
    let words = InlineText.of(alt)
    guard words.bytes.count > 1, words.bytes.count <= 1000 else { return }
    let text = String(decoding: words.bytes, as: UTF8.self)
    guard !ElementKind.isFileName(text), seenAlternatives.insert(text).inserted else { return }
    if current.isEmpty, kind == nil, !isFlat, openLink == nil, contexts.isEmpty {
      contexts.append(Context(place: .caption, group: 0))
      begin()
      current.append(words)
      flush()
      contexts.removeLast()
    } else {
      begin()
      current.space()
      current.append(words)
      current.space()
    }
  }

  private mutating func anchor(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    if current.isEmpty, pendingAnchor == nil {
      if let name = page.value(of: .name, in: node), !name.isEmpty { pendingAnchor = name }
      noteAnchor(node)
    }
    if isPermalink(node) { return next }
    if linkNode.map({ page.end(of: $0) <= node }) ?? true { linkNode = node }
    guard options.keepsLinks, openLink == nil, let href = page.value(of: .href, in: node),
      let target = LinkResolution.target(href, base: base)
    else { return node + 1 }
    openLink = (target, current.nextStart)
    open.append(.init(end: next, close: .link))
    return node + 1
  }

  private func isPermalink(_ node: MarkupNode) -> Bool {
    let size = analysis.wordBytes(of: node)
    guard size <= 6, page.end(of: node) - node <= 6 else { return false }
    if analysis.hints[node].contains(.permalink) {
      return size <= 4
    }
    guard size > 0, case .heading = contexts.last?.place else { return false }
    return ["¶", "#", "§", "🔗", "∞"].contains(page.text(of: node).filter { !$0.isWhitespace })
  }

  private mutating func math(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    guard let text = page.value(of: .alttext, in: node), !text.isEmpty else { return node + 1 }
    begin()
    current.append(InlineText.of(text))
    return next
  }

  /// `10<sup>6</sup>` is not 106.
  private mutating func superscript(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    guard next == node + 2, page.isText(node + 1), let last = current.bytes.last, last > 0x20 else { return node + 1 }
    let range = page.textRange(of: node + 1)
    guard range.count <= 4,
      range.allSatisfy({ page.bytes[$0] >= 0x30 && page.bytes[$0] <= 0x39 || page.bytes[$0] == 0x2D }),
      last >= 0x30 && last <= 0x39 || last == 0x29 || last == 0x6D
    else { return node + 1 }
    current.append("^")
    return node + 1
  }

  private mutating func close(_ close: Close) {
    switch close {
    case .block: flush()
    case .context:
      flush()
      contexts.removeLast()
    case .link: closeLink(reopen: false)
    case .text(let text):
      if text.utf8CodeUnitCount == 0 { current.space() } else { current.append(text) }
    case .superscript: break
    case .abbreviation(let title):
      current.append(" (")
      current.append(InlineText.of(title))
      current.append(")")
    }
  }

  private mutating func closeLink(reopen: Bool) {
    guard let link = openLink else { return }
    if current.bytes.count > link.start {
      current.links.append(.init(start: link.start, end: current.bytes.count, target: link.target))
    }
    openLink = reopen ? (link.target, 0) : nil
  }

  // MARK: - Blocks

  /// Opens a block for words to come, unless one is open.
  mutating func begin() {
    guard !isFlat, kind == nil else { return }
    var chosen = Block.Kind.paragraph
    blockGroup = 0
    if let index = contexts.indices.last {
      blockGroup = contexts[index].group
      switch contexts[index].place {
      case .list: break
      case .item(let depth, let marker):
        if !contexts[index].isUsed {
          contexts[index].isUsed = true
          chosen = .listItem(depth: depth)
          current.appendMarker(marker)
          if let link = openLink { openLink = (link.target, current.bytes.count) }
        }
      case .quote: chosen = .quote
      case .term: chosen = .term
      case .definition:
        if !contexts[index].isUsed {
          contexts[index].isUsed = true
          chosen = .definition
        } else {
          blockGroup = 0
        }
      case .caption: chosen = .caption
      case .heading(let level): chosen = .heading(level: level)
      }
      if chosen == .paragraph, contexts.contains(where: { if case .quote = $0.place { true } else { false } }) {
        chosen = .quote
      }
    }
    kind = chosen
    blockAnchor = pendingAnchor
    pendingAnchor = nil
  }

  mutating func flush() {
    guard !isFlat, let kind else { return }
    closeLink(reopen: openLink != nil)
    var done = current
    current = InlineText()
    self.kind = nil
    done.finish()
    let isBareMarker: Bool
    if case .listItem = kind {
      isBareMarker = !done.bytes.contains(0x20) && done.bytes.count <= 12 && !done.bytes.contains { $0 > 0x39 }
    } else {
      isBareMarker = false
    }
    guard !isBareMarker else { return }
    writer.append(kind, done, group: blockGroup, anchor: blockAnchor)
    blockAnchor = nil
  }

  /// Writes a block whose words are ready.
  mutating func write(_ kind: Block.Kind, _ inline: InlineText, group: Int) {
    var inline = inline
    inline.finish()
    writer.append(kind, inline, group: group, anchor: pendingAnchor)
    pendingAnchor = nil
  }

  mutating func newGroup() -> Int {
    groups += 1
    return groups
  }

  /// Reads some nodes as the words of one cell.
  mutating func flat(from start: MarkupNode, to end: MarkupNode) -> InlineText {
    let wasFlat = isFlat
    let saved = current
    isFlat = true
    current = InlineText()
    run(from: start, to: end)
    var words = current
    words.finish()
    current = saved
    isFlat = wasFlat
    return words
  }

  // MARK: - Code

  private mutating func code(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    flush()
    noteAnchor(node)
    guard options.keepsCode else { return next }
    var words = InlineText()
    var inner = node + 1
    while inner < next {
      if page.isText(inner) {
        page.bytes.withUnsafeBufferPointer { bytes in
          words.appendVerbatim(UnsafeBufferPointer(rebasing: bytes[page.textRange(of: inner)]))
        }
        inner += 1
      } else if analysis.verdicts[inner] == .dropped || analysis.hints[inner].contains(.gutter) {
        inner = page.end(of: inner)
      } else {
        if page.tag(of: inner) == .br { words.appendVerbatimLineBreak() }
        inner += 1
      }
    }
    words.trimVerbatim()
    write(.code(language: CodeLanguage.of(node, in: page)), words, group: 0)
    return next
  }
}

extension InlineText {
  /// Words of an attribute.
  static func of(_ text: String) -> InlineText {
    var result = InlineText()
    var text = text
    text.withUTF8 { result.append($0) }
    result.finish()
    return result
  }
}
