internal import Markup

/// What the classes, ids and roles of an element say about it.
struct ElementHints: OptionSet {
  let rawValue: UInt16

  /// Navigation, banners, related lists and the like.
  static let boilerplate = ElementHints(rawValue: 1)
  /// Shown to nobody, or to screen readers only.
  static let hidden = ElementHints(rawValue: 2)
  /// The page's content, in so many words.
  static let content = ElementHints(rawValue: 4)
  /// Line numbers beside code.
  static let gutter = ElementHints(rawValue: 8)
  /// A link of a heading to itself.
  static let permalink = ElementHints(rawValue: 16)
  /// What readers wrote below the page.
  static let comments = ElementHints(rawValue: 32)
  /// Asks for consent to cookies: beside the content however long it is.
  static let consent = ElementHints(rawValue: 128)
  /// A box of the text (note, warning), whatever else it is called.
  static let admonition = ElementHints(rawValue: 64)

  // What elements are called that may be content or not: only `BlockModel` weighs these.
  static let card = ElementHints(rawValue: 256)
  static let post = ElementHints(rawValue: 512)
  static let facet = ElementHints(rawValue: 1024)
  static let review = ElementHints(rawValue: 2048)
  static let byline = ElementHints(rawValue: 4096)
  static let foot = ElementHints(rawValue: 8192)
  static let hero = ElementHints(rawValue: 16384)
  static let product = ElementHints(rawValue: 32768)
}

/// The words by which pages name their parts.
///
/// Names are taken apart at hyphens, underscores and capitals (`site-footer`, `siteFooter`), and whole words count.
enum PageVocabulary {
  private static let boilerplateWords: Set<String> = [
    "nav", "navbar", "navigation", "navheader", "navfooter", "navlinks", "sidenav", "topnav", "subnav", "menu",
    "menubar",
    "submenu", "megamenu", "sidebar", "sidebars", "breadcrumb", "breadcrumbs", "crumbs", "footer", "masthead", "topbar",
    "cookie", "cookies", "consent", "gdpr", "onetrust", "share", "sharing", "sharer", "sharebar", "social", "socials",
    "addtoany", "addthis", "related", "recommended", "recommendations", "recommendation", "suggested", "promo",
    "promos", "promotion", "advert", "adverts", "advertisement", "ads", "adsense", "sponsor", "sponsored", "newsletter",
    "subscribe", "subscription", "signup", "popup", "lightbox", "pagination", "pager", "paginator", "prevnext", "toc",
    "tableofcontents", "skiplink", "skiplinks", "skip", "login", "signin", "searchbox", "searchform", "disqus",
    "taboola",
    "outbrain", "offcanvas", "editsection", "catlinks", "printfooter", "sphinxsidebar", "rst-versions", "feedback",
    "helpful", "backtotop", "hamburger", "userinfo", "noprint",
  ]

  private static let boilerplateNames: Set<String> = [
    "header", "site-header", "page-header-wrapper", "global-header", "main-header", "siteheader", "top-header",
    "banner",
    "colophon", "search", "see-also-links", "more-articles", "also-like", "you-may-also-like", "read-next",
    "next-article",
    "author-bio", "about-author", "author-box", "post-tags", "tag-list", "entry-meta-footer", "modal", "overlay",
    "dialog",
    "secondary", "jp-relatedposts", "table-of-contents", "on-this-page", "rst-footer-buttons", "md-sidebar",
    "bc-navigation",
    "similar-topics", "suggested-topics", "who-is-online", "jump-to", "jumpbox", "related-posts", "post-navigation",
  ]

  private static let contentNames: Set<String> = [
    "main-content", "maincontent", "article-body", "articlebody", "article-content", "post-content", "post-body",
    "entry-content", "markdown-body", "mw-parser-output", "mw-content-text", "md-content", "theme-doc-markdown",
    "rst-content",
    "bd-article", "document", "body", "article__body", "story-body", "content-body", "page-content", "docs-content",
    "doc-content", "contents",
  ]

  private static let hiddenNames: Set<String> = [
    "visually-hidden", "visuallyhidden", "sr-only", "screen-reader-text", "screenreader", "assistive-text", "hidden",
    "is-hidden", "d-none", "u-hidden", "display-none",
  ]

  private static let permalinkNames: Set<String> = [
    "headerlink", "anchor-link", "anchorlink", "header-anchor", "heading-anchor", "hash-link", "permalink",
    "anchorjs-link",
    "header-link", "headinglink", "heading-link", "toc-anchor", "anchor", "self-link", "selflink", "direct-link",
  ]

  private static let gutterNames: Set<String> = [
    "linenos", "lineno", "linenodiv", "line-numbers", "line-numbers-rows", "gutter", "linenumber", "linenumbers",
    "line-number", "rouge-gutter", "hljs-ln-numbers", "code-lines", "blob-num", "lnt", "ln",
  ]

  private static let admonitionWords: Set<String> = [
    "note", "warning", "tip", "caution", "important", "admonition", "callout", "hint", "danger", "infobox",
  ]

  private static let weighedWords: [String: ElementHints] = {
    let lists: [(ElementHints, String)] = [
      (.card, "card cards item items tile tiles grid teaser teasers swiper slide slider carousel collection listing"),
      (.card, "listings results result products thumbnail thumb gallery"),
      (.post, "post posts message messages content text body richtext rte prose description entry article story copy"),
      (.post, "markdown answer question"),
      (.facet, "filter filters facet facets sort sorting option options swatch swatches variant variants quantity"),
      (.review, "review reviews rating ratings testimonial testimonials comment comments reply replies stars"),
      (.byline, "author byline date meta metadata tag tags time avatar user username badge badges count label labels"),
      (.byline, "published category categories stats profile"),
      (.foot, "foot bottom copyright legal disclaimer trust contact"),
      (.hero, "hero cta banner marquee announcement header head top sticky form button buttons action actions"),
      (.product, "product price prices details specs specification specifications features feature faq accordion"),
    ]
    var words: [String: ElementHints] = [:]
    for (hint, list) in lists {
      for word in list.split(separator: " ") { words[String(word), default: []].insert(hint) }
    }
    return words
  }()

  private static let boilerplateRoles: Set<String> = [
    "navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog", "alertdialog", "toolbar", "tooltip",
    "complementary", "tablist", "doc-toc", "doc-pagelist",
  ]

  /// All of the above by whole name, and by word.
  private static let nameHints: [String: ElementHints] = {
    let lists: [(ElementHints, Set<String>)] = [
      (.boilerplate, boilerplateNames), (.content, contentNames), (.hidden, hiddenNames),
      (.permalink, permalinkNames), (.gutter, gutterNames), (.comments, ["comment-respond", "respond"]),
    ]
    return merged(lists, into: [:])
  }()

  private static let wordHints: [String: ElementHints] = {
    let lists: [(ElementHints, Set<String>)] = [
      (.boilerplate, boilerplateWords), (.admonition, admonitionWords), (.comments, ["comments", "commentlist"]),
      (.consent, ["cookie", "cookies", "consent", "gdpr", "onetrust", "cookiebot"]),
    ]
    return merged(lists, into: weighedWords)
  }()

  private static func merged(
    _ lists: [(ElementHints, Set<String>)], into known: [String: ElementHints]
  ) -> [String: ElementHints] {
    lists.reduce(into: known) { hints, list in
      for name in list.1 { hints[name, default: []].insert(list.0) }
    }
  }

  /// What one name of a `class` or `id` says.
  static func hints(name: String) -> ElementHints {
    let words = words(of: name)
    let flat = words.joined(separator: "-")
    if let first = words.first, ["has", "with", "no", "not", "without", "js", "is"].contains(first), words.count > 1,
      !hiddenNames.contains(flat)
    {
      return []
    }
    var hints = nameHints[flat] ?? []
    for word in words { if let said = wordHints[word] { hints.formUnion(said) } }
    return hints
  }

  /// What a `role` says.
  static func isBoilerplate(role: String) -> Bool { boilerplateRoles.contains(role.lowercased()) }

  /// `siteFooter_top` → site, footer, top.
  static func words(of name: String) -> [String] {
    var words: [String] = []
    var word: [UInt8] = []
    var wasLower = false
    for byte in name.utf8 {
      let isUpper = byte >= 0x41 && byte <= 0x5A
      let isLetter = isUpper || (byte >= 0x61 && byte <= 0x7A) || byte >= 0x80
      if !isLetter && !(byte >= 0x30 && byte <= 0x39) {
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        word = []
        wasLower = false
        continue
      }
      if isUpper, wasLower {
        words.append(String(decoding: word, as: UTF8.self))
        word = []
      }
      word.append(isUpper ? byte | 0x20 : byte)
      wasLower = !isUpper
    }
    if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
    return words
  }
}
