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
  var kind: Block.Kind?
  var blockAnchor: String?
  var blockGroup = 0
  /// The node that is being read, and the one at which the open block began.
  var position: MarkupNode = 0
  var blockOrigin: MarkupNode = 0
  var pendingAnchor: String?
  var contexts: [Context] = []
  var open: [OpenElement] = []
  /// The link element that is being read.
  var linkNode: MarkupNode?
  var openLink: (target: String, start: Int)?
  var groups = 0
  var lastGroup = 0
  var seenAlternatives: Set<String> = []
  /// How many more bytes headers and spans of tables may repeat; it keeps the text within a small multiple of the page.
  var repetitionBudget: Int

  struct Context {
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

  struct OpenElement {
    var end: MarkupNode
    var close: Close
  }

  enum Close {
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
      if !isFlat { position = node }
      node = page.isText(node) ? text(node) : element(node)
    }
    while open.count > floor, let last = open.popLast() { close(last.close) }
  }

  mutating func text(_ node: MarkupNode) -> MarkupNode {
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

  func isLeftOut(_ node: MarkupNode) -> Bool {
    switch analysis.verdicts[node] {
    case .kept: false
    case .dropped: true
    case .boilerplate: !keepsBoilerplate
    }
  }

  mutating func element(_ node: MarkupNode) -> MarkupNode {
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

  mutating func block(_ tag: MarkupTag, _ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
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

  var definitionGroup: Int { lastGroup }

  func roleLevel(_ node: MarkupNode) -> Int? {
    guard page.hasAttributes(node), page.value(of: .role, in: node) == "heading" else { return nil }
    return page.value(of: .ariaLevel, in: node).flatMap { Int($0) }.map { min(max($0, 1), 6) } ?? 2
  }

  mutating func push(_ place: Context.Place, _ node: MarkupNode, _ next: MarkupNode, group: Int = 0) {
    flush()
    noteAnchor(node)
    contexts.append(Context(place: place, group: group))
    open.append(.init(end: next, close: .context))
  }

  mutating func heading(_ level: Int, _ node: MarkupNode, _ next: MarkupNode) {
    flush()
    noteAnchor(node)
    if let inner = headingAnchor(node) { pendingAnchor = inner }
    contexts.append(Context(place: .heading(level), group: 0))
    open.append(.init(end: next, close: .context))
  }

  /// The fragment a heading's own parts tell: its id, a permalink's target, or the name of an anchor in it.
  func headingAnchor(_ node: MarkupNode) -> String? {
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

  mutating func noteAnchor(_ node: MarkupNode) {
    guard page.hasAttributes(node), let id = page.value(of: .id, in: node), !id.isEmpty, id.utf8.count <= 512 else {
      return
    }
    pendingAnchor = id
  }

  mutating func list(_ tag: MarkupTag, _ node: MarkupNode, _ next: MarkupNode) {
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

  mutating func item(_ node: MarkupNode, _ next: MarkupNode) {
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
    blockOrigin = position
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
    writer.append(kind, done, group: blockGroup, anchor: blockAnchor, origin: blockOrigin)
    blockAnchor = nil
  }

  /// Writes a block whose words are ready.
  mutating func write(_ kind: Block.Kind, _ inline: InlineText, group: Int) {
    var inline = inline
    inline.finish()
    writer.append(kind, inline, group: group, anchor: pendingAnchor, origin: position)
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
}
