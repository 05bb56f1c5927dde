internal import Corpus
internal import Markup

/// Links, people, images and emoji.
extension StorageRewriter {
  // MARK: - Links

  mutating func link(_ node: MarkupNode) {
    let label = child("ac:link-body", of: node) ?? child("ac:plain-text-link-body", of: node)
    let anchor = page.value(named: "ac:anchor", in: node)
    let target = page.children(of: node).first { !page.isText($0) && page.name(of: $0).hasPrefix("ri:") }
    /// The link's own words, or what the target is called.
    func words(_ fallback: String) -> (inout StorageRewriter) -> Void {
      { rewriter in
        if let label, rewriter.page.end(of: label) > label + 1 {
          rewriter.contents(of: label)
        } else {
          rewriter.writer.text(fallback.utf8)
        }
      }
    }
    guard let target else {
      if let anchor {
        element(.a, [(.href, "#" + anchor)], words(anchor))
      } else if let label {
        contents(of: label)
      }
      return
    }
    switch page.name(of: target) {
    case "ri:page", "ri:blog-post":
      guard let name = pageName(target) else { return }
      pageLink(name, anchor: anchor, words(name.title))
    case "ri:attachment": attachmentLink(target, words(fileName(target)))
    case "ri:user": person(target, label: label)
    case "ri:url":
      let url = page.value(named: "ri:value", in: target) ?? ""
      element(.a, [(.href, url)], words(url))
    case "ri:space":
      let key = page.value(named: "ri:space-key", in: target) ?? ""
      linked(context.base.map { "\($0)/spaces/\(Self.encoded(key))" }, words(key))
    case "ri:content-entity":
      let id = page.value(named: "ri:content-id", in: target) ?? ""
      let url = context.base.map { "\($0)/pages/viewpage.action?pageId=\(Self.encoded(id))" }
      if label != nil { linked(url, words("")) }
    case "ri:shortcut":
      let key = page.value(named: "ri:key", in: target) ?? ""
      words([page.value(named: "ri:parameter", in: target), key].compactMap { $0 }.joined(separator: "@"))(&self)
    default:
      if let label { contents(of: label) }
    }
  }

  mutating func pageLink(
    _ name: StorageContext.PageName, anchor: String?, _ words: (inout StorageRewriter) -> Void
  ) {
    linked(context.pages[name].map { url in anchor.map { "\(url)#\($0)" } ?? url }, words)
  }

  mutating func attachmentLink(_ node: MarkupNode, _ words: (inout StorageRewriter) -> Void) {
    // The address needs the id of the page that holds the file, which is known for this page only.
    let isOwn = descendant("ri:", of: node) == nil && !isIncluded
    let url: String? =
      if isOwn, let base = context.base, let id = context.id {
        "\(base)/download/attachments/\(id)/\(Self.encoded(fileName(node)))"
      } else {
        nil
      }
    linked(url, words)
  }

  private mutating func linked(_ url: String?, _ words: (inout StorageRewriter) -> Void) {
    if let url {
      element(.a, [(.href, url)], words)
    } else {
      words(&self)
    }
  }

  /// A link whose words are its own address is shown shorter, or by the title of the page it leads to.
  ///
  /// - Returns: whether the element was one.
  mutating func smartLink(_ node: MarkupNode) -> Bool {
    guard let href = page.value(of: .href, in: node), !href.isEmpty,
      page.text(of: node).filter({ !$0.isWhitespace }) == href
    else { return false }
    element(.a, [(.href, href)]) { $0.writer.text($0.shown(href).utf8) }
    return true
  }

  /// An address that stands by itself.
  mutating func address(_ url: String) {
    element(.p) { rewriter in
      rewriter.element(.a, [(.href, url)]) { $0.writer.text($0.shown(url).utf8) }
    }
  }

  private func shown(_ url: String) -> String {
    // Of several titles always the same one, whatever the order of the table.
    let titles = context.pages.lazy.filter { $0.value == url }.map(\.key.title)
    if let title = titles.min(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { return title }
    guard url.utf8.count > 80 else { return url }
    let bare = url.prefix { $0 != "?" && $0 != "#" }
    return bare.utf8.count <= 80 ? String(bare) : bare.prefix(79) + "…"
  }

  func pageName(_ node: MarkupNode) -> StorageContext.PageName? {
    guard let title = page.value(named: "ri:content-title", in: node), !title.isEmpty else { return nil }
    let space = page.value(named: "ri:space-key", in: node) ?? context.space ?? ""
    return StorageContext.PageName(space: space, title: title)
  }

  func fileName(_ node: MarkupNode) -> String { page.value(named: "ri:filename", in: node) ?? "" }

  /// RFC 3986's unreserved characters as they are, all else as percent-encoded UTF-8.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "-._~".utf8.contains(byte) {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  // MARK: - People

  /// A person by name; an account's id says nothing to a reader.
  mutating func person(_ node: MarkupNode, label: MarkupNode? = nil) {
    if let label, page.end(of: label) > label + 1 {
      contents(of: label)
      return
    }
    let keys = ["ri:account-id", "ri:userkey", "ri:username"].compactMap { page.value(named: $0, in: node) }
    let name = keys.compactMap { context.people[$0] }.first
    // A user name is at least something people call each other by.
    writer.text(("@" + (name ?? page.value(named: "ri:username", in: node) ?? "user")).utf8)
  }

  // MARK: - Images and emoji

  mutating func image(_ node: MarkupNode) {
    let alt = page.value(named: "ac:alt", in: node) ?? page.value(named: "ac:title", in: node)
    if let alt, !alt.isEmpty, !isFileName(alt, of: node) {
      element(.img, [(.alt, alt)]) { _ in }
    }
    if let caption = child("ac:caption", of: node) {
      element(.figcaption) { $0.contents(of: caption) }
    }
  }

  /// Whether a picture's words are the name of a file: editors put it there when nobody writes any, spaces and all.
  private func isFileName(_ alt: String, of node: MarkupNode) -> Bool {
    let file = child("ri:attachment", of: node).map(fileName)
    let lower = alt.lowercased()
    return alt == file
      || [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif", ".bmp"].contains(where: lower.hasSuffix)
  }

  mutating func emoticon(_ node: MarkupNode) {
    let fallback = page.value(named: "ac:emoji-fallback", in: node) ?? ""
    let name = page.value(named: "ac:name", in: node) ?? ""
    let short = page.value(named: "ac:emoji-shortname", in: node) ?? name
    // Cloud keeps every emoji that Server had no name for as a “blue-star”: the name tells nothing there.
    let sign = name == "blue-star" && short != name && !short.contains("blue") ? nil : Self.signs[name]
    if !fallback.isEmpty, !(fallback.hasPrefix(":") && fallback.hasSuffix(":")) {
      writer.text(fallback.utf8)
    } else if let sign {
      writer.text(sign.utf8)
    } else {
      writer.text(short.split { $0 == ":" || $0 == "_" || $0 == "-" }.joined(separator: " ").utf8)
    }
  }

  /// Confluence's own emoticons that mean something where they stand.
  private static let signs: [String: String] = [
    "tick": "✓", "cross": "✗", "warning": "⚠", "information": "ℹ", "question": "?", "plus": "+", "minus": "−",
    "thumbs-up": "👍", "thumbs-down": "👎", "light-on": "💡", "light-off": "💡", "smile": "🙂", "sad": "🙁",
    "cheeky": "😛", "laugh": "😀", "wink": "😉", "heart": "❤", "broken-heart": "💔", "yellow-star": "★",
    "red-star": "★", "green-star": "★", "blue-star": "★",
  ]
}
