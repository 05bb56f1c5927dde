internal import Corpus
internal import Markup

/// Rewrites Confluence's storage format in HTML's terms, so that one walk reads the content of both.
///
/// Storage format is an XHTML fragment with elements of its own: `ac:` for macros and layout, `ri:` for what they
/// refer to. An element becomes the HTML that says the same to a reader of text. Parameters and ids are never text,
/// but where a macro's meaning stands in one (a status).
///
/// Recursive: the parser bounds the depth (`MarkupDocument.Limits.depth`).
struct StorageRewriter {
  /// How a page is made from its fragment and put together.
  static func rewritten(
    _ storage: [UInt8], limits: MarkupDocument.Limits
  ) throws(MarkupError) -> (page: MarkupDocument, language: String?, macros: MacroReport) {
    let source = try parsed(storage, limits)
    var rewriter = StorageRewriter(
      page: source, context: StorageContext(), writer: MarkupWriter(capacity: storage.count), limits: limits)
    rewriter.document()
    return (rewriter.writer.document(), rewriter.context.language, rewriter.macros)
  }

  private static let opening = Array(#"<root xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at" xmlns:acervo="acervo">"#.utf8)

  private static func parsed(
    _ storage: [UInt8], _ limits: MarkupDocument.Limits
  ) throws(MarkupError) -> MarkupDocument {
    // A declaration or document type may stand before the one root of XML, not in it.
    let fragment = storage.starts(with: "<?xml".utf8) ? storage[afterDeclaration(storage)...] : storage[...]
    return try MarkupDocument.xml(opening + fragment + Array("</root>".utf8), limits: limits)
  }

  private static func afterDeclaration(_ storage: [UInt8]) -> Int {
    storage.firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? 0
  }

  let page: MarkupDocument
  var context: StorageContext
  var writer: MarkupWriter
  let limits: MarkupDocument.Limits
  var macros = MacroReport()
  /// Whether another page's body is being read: what it includes itself stays a title.
  var isIncluded = false

  // MARK: - The page

  private mutating func document() {
    writer.open(.div)
    if page.count > 0 {
      for child in page.children(of: 0) {
        if !page.isText(child), page.name(of: child) == "acervo:context" {
          context = StorageContext(page: page, node: child)
        } else {
          rewrite(child)
        }
      }
    }
    comments()
    writer.close()
  }

  /// Rewrites another fragment into this page, or a part of it.
  ///
  /// - Parameters:
  ///   - storage: the fragment.
  ///   - space: the key of the space that its links mean; nil for this page's.
  ///   - part: what of it is taken; nothing where that gives nil.
  /// - Returns: whether there was something to take.
  @discardableResult
  mutating func other(
    _ storage: String, space: String?, part: (MarkupDocument) -> MarkupNode? = { _ in 0 }
  ) -> Bool {
    guard let other = try? Self.parsed(Array(storage.utf8), limits), other.count > 0, let node = part(other)
    else { return false }
    var inner = StorageRewriter(page: other, context: context, writer: MarkupWriter(), limits: limits)
    if let space { inner.context.space = space }
    inner.isIncluded = true
    swap(&inner.writer, &writer)
    inner.contents(of: node)
    swap(&inner.writer, &writer)
    macros.add(inner.macros)
    return true
  }

  /// The body of a page's excerpt; without a name that of the one that has none, or of the first.
  static func excerpt(named name: String?, in page: MarkupDocument) -> MarkupNode? {
    var first: MarkupNode?
    for node in 0..<page.count where !page.isText(node) && page.name(of: node) == "ac:structured-macro" {
      guard page.value(named: "ac:name", in: node) == "excerpt" else { continue }
      let parts = page.children(of: node).filter { !page.isText($0) }
      guard let body = parts.first(where: { page.name(of: $0) == "ac:rich-text-body" }) else { continue }
      let own = parts.first { page.name(of: $0) == "ac:parameter" && page.value(named: "ac:name", in: $0) == "name" }
        .map { page.text(of: $0).split(whereSeparator: \.isWhitespace).joined(separator: " ") }
      if own == name { return body }
      if first == nil { first = body }
    }
    return name == nil ? first : nil
  }

  mutating func contents(of node: MarkupNode) {
    for child in page.children(of: node) { rewrite(child) }
  }

  mutating func element(
    _ tag: MarkupTag, _ attributes: [(MarkupAttribute, String)] = [], _ body: (inout StorageRewriter) -> Void
  ) {
    writer.open(tag, attributes)
    body(&self)
    writer.close()
  }

  private mutating func rewrite(_ node: MarkupNode) {
    guard !page.isText(node) else {
      writer.text(page.bytes[page.textRange(of: node)])
      return
    }
    let name = page.name(of: node)
    switch name.prefix(3) {
    case "ac:": extended(name, node)
    case "ri:": break
    case "at:":
      // Templates: a variable's name, not its declaration.
      if let variable = page.value(named: "at:name", in: node), name == "at:var" { writer.text(variable.utf8) }
    default: html(node)
    }
  }

  // MARK: - HTML

  private static let copied: [MarkupAttribute] = [
    .id, .href, .src, .alt, .colspan, .rowspan, .start, .value, .lang, .scope, .cite, .reversed,
  ]

  private mutating func html(_ node: MarkupNode) {
    let tag = page.tag(of: node)
    switch tag {
    case .script, .style, .col, .colgroup: return
    case .time:
      writer.text((page.value(of: .datetime, in: node) ?? page.text(of: node)).utf8)
      return
    case .th, .td:
      // Numbers of rows are made when the page is shown.
      if page.value(of: .class, in: node)?.contains("numberingColumn") == true { return }
    case .a:
      if smartLink(node) { return }
    case .other:
      contents(of: node)
      return
    case .br, .hr, .img, .wbr:
      copy(tag, node)
      writer.close()
      // Not well-formed pages leave these open, and what follows stands in them.
      contents(of: node)
      return
    default: break
    }
    copy(tag, node)
    contents(of: node)
    writer.close()
  }

  private mutating func copy(_ tag: MarkupTag, _ node: MarkupNode) {
    var values: [(MarkupAttribute, String)] = []
    if page.hasAttributes(node) {
      for attribute in Self.copied {
        if let value = page.value(of: attribute, in: node) { values.append((attribute, value)) }
      }
    }
    writer.open(tag, values)
  }

  // MARK: - Confluence's elements

  private mutating func extended(_ name: String, _ node: MarkupNode) {
    switch name {
    case "ac:structured-macro", "ac:macro": macro(node)
    case "ac:link": link(node)
    case "ac:image": image(node)
    case "ac:emoticon": emoticon(node)
    case "ac:task-list": element(.ul) { $0.contents(of: node) }
    case "ac:task": task(node)
    case "ac:layout", "ac:layout-section", "ac:layout-cell", "ac:rich-text-body", "ac:adf-content":
      element(.div) { $0.contents(of: node) }
    case "ac:inline-comment-marker", "ac:link-body", "ac:plain-text-body", "ac:plain-text-link-body", "ac:task-body":
      contents(of: node)
    case "ac:caption": element(.p) { $0.contents(of: node) }
    case "ac:adf-extension": adfExtension(node)
    case "ac:adf-node": adfNode(node)
    case "ac:placeholder", "ac:parameter", "ac:default-parameter", "ac:task-id", "ac:task-uuid", "ac:task-status",
      "ac:adf-fallback", "ac:adf-attribute", "ac:adf-parameter", "ac:adf-mark", "ac:adf-fragment-mark",
      "ac:adf-fragment-mark-detail":
      if name == "ac:placeholder" { macros.note(name, .dropped) }
    default:
      macros.note(name, .reduced)
      contents(of: node)
    }
  }

  private mutating func task(_ node: MarkupNode) {
    let status = child("ac:task-status", of: node).map { page.text(of: $0) }
    let isDone = status?.contains("incomplete") == false && status?.contains("complete") == true
    element(.li) { rewriter in
      rewriter.writer.text((isDone ? "[x] " : "[ ] ").utf8)
      if let body = rewriter.child("ac:task-body", of: node) { rewriter.contents(of: body) }
    }
  }

  // MARK: - The new editor's elements

  private mutating func adfExtension(_ node: MarkupNode) {
    for child in page.children(of: node) where !page.isText(child) && page.name(of: child) == "ac:adf-node" {
      if hasContent(child) {
        adfNode(child)
        return
      }
    }
    // Only where the node itself says nothing: the fallback is the same text again.
    if let fallback = child("ac:adf-fallback", of: node) {
      macros.note("ac:adf-extension", .rendered)
      element(.div) { $0.contents(of: fallback) }
    } else {
      macros.note("ac:adf-extension", .dropped)
    }
  }

  private func hasContent(_ node: MarkupNode) -> Bool {
    (node..<page.end(of: node)).contains { !page.isText($0) && page.name(of: $0) == "ac:adf-content" }
  }

  private mutating func adfNode(_ node: MarkupNode) {
    let type = page.value(of: .type, in: node) ?? ""
    switch type {
    case "panel":
      let kind = adfAttribute("panel-type", of: node).flatMap { MacroTreatment.PanelKind(rawValue: $0) }
      macros.note("adf:panel", .rendered)
      panel(kind, title: nil) { $0.contents(of: node) }
    case "decision-list":
      macros.note("adf:decision-list", .rendered)
      element(.ul) { $0.contents(of: node) }
    case "decision-item": element(.li) { $0.contents(of: node) }
    case "inline-card", "block-card", "embed-card":
      let url = adfAttribute("url", of: node)
      macros.note("adf:" + type, url == nil ? .dropped : .reduced)
      if let url { address(url) }
    default:
      macros.note("adf:" + type, hasContent(node) ? .rendered : .dropped)
      element(.div) { $0.contents(of: node) }
    }
  }

  private func adfAttribute(_ key: String, of node: MarkupNode) -> String? {
    for child in page.children(of: node)
    where !page.isText(child) && page.name(of: child) == "ac:adf-attribute"
      && page.value(named: "key", in: child) == key
    {
      return page.text(of: child)
    }
    return nil
  }

  // MARK: - Looking around

  /// The first element of a name directly below a node.
  func child(_ name: String, of node: MarkupNode) -> MarkupNode? {
    page.children(of: node).first { !page.isText($0) && page.name(of: $0) == name }
  }

  /// The first element below a node, however deep, whose name begins so.
  func descendant(_ prefix: String, of node: MarkupNode) -> MarkupNode? {
    (node + 1..<max(node + 1, page.end(of: node))).first { !page.isText($0) && page.name(of: $0).hasPrefix(prefix) }
  }
}
