internal import Corpus
internal import Markup

/// Links, images, mathematics and what else stands within a line.
extension ContentWalk {
  mutating func breakLine() {
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

  mutating func image(_ node: MarkupNode) {
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

  mutating func anchor(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
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

  func isPermalink(_ node: MarkupNode) -> Bool {
    let size = analysis.wordBytes(of: node)
    guard size <= 6, page.end(of: node) - node <= 6 else { return false }
    if analysis.hints[node].contains(.permalink) {
      return size <= 4
    }
    guard size > 0, case .heading = contexts.last?.place else { return false }
    return ["¶", "#", "§", "🔗", "∞"].contains(page.text(of: node).filter { !$0.isWhitespace })
  }

  mutating func math(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    guard let text = page.value(of: .alttext, in: node), !text.isEmpty else { return node + 1 }
    begin()
    current.append(InlineText.of(text))
    return next
  }

  /// `10<sup>6</sup>` is not 106.
  mutating func superscript(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    guard next == node + 2, page.isText(node + 1), let last = current.bytes.last, last > 0x20 else { return node + 1 }
    let range = page.textRange(of: node + 1)
    guard range.count <= 4,
      range.allSatisfy({ page.bytes[$0] >= 0x30 && page.bytes[$0] <= 0x39 || page.bytes[$0] == 0x2D }),
      last >= 0x30 && last <= 0x39 || last == 0x29 || last == 0x6D
    else { return node + 1 }
    current.append("^")
    return node + 1
  }

  mutating func close(_ close: Close) {
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

  mutating func closeLink(reopen: Bool) {
    guard let link = openLink else { return }
    if current.bytes.count > link.start {
      current.links.append(.init(start: link.start, end: current.bytes.count, target: link.target))
    }
    openLink = reopen ? (link.target, 0) : nil
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
