internal import Markup

/// How elements are laid out.
enum ElementKind {
  @inline(__always)
  static func isBlock(_ tag: MarkupTag) -> Bool {
    switch tag {
    case .address, .article, .aside, .blockquote, .body, .caption, .center, .dd, .details, .dialog, .dir, .div, .dl,
      .dt,
      .fieldset, .figcaption, .figure, .footer, .form, .h1, .h2, .h3, .h4, .h5, .h6, .header, .hgroup, .hr, .html,
      .legend,
      .li, .listing, .main, .menu, .nav, .ol, .p, .plaintext, .pre, .search, .section, .summary, .table, .tbody, .td,
      .tfoot, .th, .thead, .tr, .ul, .xmp, .noframes, .col, .colgroup:
      true
    default: false
    }
  }

  static func level(_ tag: MarkupTag) -> Int {
    switch tag {
    case .h1: 1
    case .h2: 2
    case .h3: 3
    case .h4: 4
    case .h5: 5
    default: 6
    }
  }

  /// Whether an alternative text is only the name of the image's file.
  static func isFileName(_ text: String) -> Bool {
    guard !text.contains(" ") else { return false }
    let lower = text.lowercased()
    return [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif"].contains(where: lower.hasSuffix)
  }
}

/// Finds out in which language a page says its code is.
enum CodeLanguage {
  /// The language of a `pre`: named by itself, by an element in it, or by the wrappers around it.
  static func of(_ node: MarkupNode, in page: MarkupDocument) -> String? {
    if let own = named(node, in: page, isOwn: true) { return own }
    if node + 1 < page.end(of: node) {
      for inner in (node + 1)..<min(page.end(of: node), node + 4) where page.tag(of: inner) == .code {
        if let name = named(inner, in: page, isOwn: true) { return name }
      }
    }
    var above = page.parent(of: node)
    for _ in 0..<3 {
      guard let wrapper = above else { break }
      if let name = named(wrapper, in: page, isOwn: false) { return name }
      above = page.parent(of: wrapper)
    }
    return nil
  }

  private static func named(_ node: MarkupNode, in page: MarkupDocument, isOwn: Bool) -> String? {
    guard page.hasAttributes(node) else { return nil }
    for attribute in [MarkupAttribute.dataLang, .dataLanguage] {
      if let value = page.value(of: attribute, in: node), let name = accepted(value[...]) { return name }
    }
    if isOwn, let lang = page.value(of: .lang, in: node), page.tag(of: node) == .pre, lang.count > 2,
      let name = accepted(lang[...])
    {
      return name
    }
    guard let names = page.value(of: .class, in: node) else { return nil }
    let words = names.split(whereSeparator: { $0.isWhitespace }).prefix(16)
    for word in words {
      for prefix in ["language-", "lang-", "highlight-source-", "highlight-text-", "highlight-", "brush:"] {
        guard word.hasPrefix(prefix) else { continue }
        if let name = accepted(word.dropFirst(prefix.count)) { return name }
      }
    }
    if isOwn, let index = words.firstIndex(of: "sourceCode"), index + 1 < words.count {
      return accepted(words[index + 1])
    }
    return nil
  }

  private static func accepted(_ name: Substring) -> String? {
    let name = name.lowercased()
    guard !name.isEmpty, name.count <= 32,
      !["none", "text", "plain", "plaintext", "nohighlight", "default", "notranslate", "wrapper", "container"]
        .contains(name),
      name.utf8.allSatisfy({
        $0 < 0x80 && ($0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 || "+#-._".utf8.contains($0))
      })
    else { return nil }
    return name
  }
}
