internal import Corpus
internal import Markup

/// Macros: what each means stands in `MacroTreatment`.
extension StorageRewriter {
  mutating func macro(_ node: MarkupNode) {
    let name = page.value(named: "ac:name", in: node) ?? ""
    guard let treatment = MacroTreatment.of(name) else {
      unknown(name, node)
      return
    }
    switch treatment {
    case .verbatim: verbatim(name, node)
    case .panel(let kind):
      let chosen = name == "auimessage" || name == "alert" ? noticeKind(node) ?? kind : kind
      note(name, hasBody(node) || parameter("title", of: node) != nil ? .rendered : .dropped)
      panel(chosen, title: parameter("title", of: node)) { $0.bodies(of: node) }
    case .titled:
      note(name, .rendered)
      titled(parameter("title", of: node) ?? parameter("", of: node), node)
    case .body:
      note(name, .rendered)
      bodies(of: node)
    case .status: status(name, node)
    case .anchor:
      note(name, .rendered)
      if let place = parameter("", of: node), !place.isEmpty { element(.a, [(.id, place)]) { _ in } }
    case .include: include(name, node)
    case .file: file(name, node)
    case .address:
      let target = parameterNode("url", of: node).flatMap { url(in: $0) } ?? parameter("url", of: node)
      note(name, target == nil ? .dropped : .reduced)
      if let target { address(target) }
    case .person:
      note(name, .rendered)
      if let user = descendant("ri:user", of: node) { person(user) }
    case .issue: issue(name, node)
    case .source: source(name, node)
    case .drawing:
      let title =
        parameter("diagramDisplayName", of: node) ?? parameter("diagramName", of: node)
        ?? parameter("name", of: node)
      note(name, title == nil ? .dropped : .reduced)
      if let title { element(.p) { $0.writer.text(title.utf8) } }
    case .dynamic:
      note(name, .reduced)
      mark(name)
    case .ignored: note(name, .dropped)
    }
  }

  private mutating func note(_ name: String, _ outcome: MacroReport.Outcome) {
    macros.note(name.isEmpty ? "ac:structured-macro" : name, outcome)
  }

  // MARK: - Kinds

  /// A macro that nobody here knows: its bodies are content, its parameters are not.
  private mutating func unknown(_ name: String, _ node: MarkupNode) {
    note(name, hasBody(node) ? .rendered : .dropped)
    bodies(of: node)
    for body in page.children(of: node) where !page.isText(body) && page.name(of: body) == "ac:plain-text-body" {
      let text = page.text(of: body)
      guard text.contains(where: { !$0.isWhitespace }) else { continue }
      element(text.contains("\n") ? .pre : .span) { $0.writer.text(text.utf8) }
    }
  }

  private mutating func verbatim(_ name: String, _ node: MarkupNode) {
    note(name, hasBody(node) ? .rendered : .dropped)
    if let title = parameter("title", of: node), !title.isEmpty { element(.p) { $0.writer.text(title.utf8) } }
    let language = parameter("language", of: node) ?? parameter("", of: node)
    for body in page.children(of: node) where !page.isText(body) {
      switch page.name(of: body) {
      case "ac:plain-text-body":
        let attributes = language.map { [(MarkupAttribute.class, "language-" + $0)] } ?? []
        element(.pre) { rewriter in
          rewriter.element(.code, attributes) { $0.writer.text($0.page.text(of: body).utf8) }
        }
      case "ac:rich-text-body": element(.div) { $0.contents(of: body) }
      default: break
      }
    }
  }

  mutating func panel(
    _ kind: MacroTreatment.PanelKind?, title: String?, _ body: (inout StorageRewriter) -> Void
  ) {
    let label = kind.map { word(for: $0) }
    let lead = [label, title.flatMap { $0.isEmpty ? nil : $0 }].compactMap { $0 }.joined(separator: ": ")
    element(.div) { rewriter in
      if !lead.isEmpty {
        rewriter.element(.p) { $0.writer.text((title?.isEmpty == false ? lead : lead + ":").utf8) }
      }
      body(&rewriter)
    }
  }

  /// A panel's kind as a word in the page's language.
  private func word(for kind: MacroTreatment.PanelKind) -> String {
    let isSpanish = context.language?.hasPrefix("es") == true
    switch kind {
    case .info: return isSpanish ? "Información" : "Info"
    case .note: return isSpanish ? "Nota" : "Note"
    case .warning: return isSpanish ? "Advertencia" : "Warning"
    case .error: return isSpanish ? "Error" : "Error"
    case .success: return isSpanish ? "Correcto" : "Success"
    case .tip: return isSpanish ? "Consejo" : "Tip"
    }
  }

  private func noticeKind(_ node: MarkupNode) -> MacroTreatment.PanelKind? {
    switch parameter("type", of: node)?.lowercased() {
    case "info", "hint", "generic": .info
    case "note", "warning": .warning
    case "error": .error
    case "success", "tip": .success
    default: nil
    }
  }

  private mutating func titled(_ title: String?, _ node: MarkupNode) {
    element(.div) { rewriter in
      if let title, !title.isEmpty { rewriter.element(.p) { $0.writer.text(title.utf8) } }
      rewriter.bodies(of: node)
    }
  }

  private mutating func status(_ name: String, _ node: MarkupNode) {
    guard let title = parameter("title", of: node), !title.isEmpty else {
      note(name, .dropped)
      return
    }
    note(name, .rendered)
    writer.text("[\(title)]".utf8)
  }

  private mutating func include(_ name: String, _ node: MarkupNode) {
    guard let place = descendant("ri:page", of: node) ?? descendant("ri:blog-post", of: node),
      let target = pageName(place)
    else {
      note(name, .dropped)
      return
    }
    // A few words ask for a whole page, as often as they like: beyond the limit of a page its title stands.
    if !isIncluded, writer.count < limits.bytes, let body = context.included[target] {
      let wanted = parameter("name", of: node).flatMap { $0.isEmpty ? nil : $0 }
      var isTaken = false
      element(.div) { rewriter in
        isTaken =
          name == "include"
          ? rewriter.other(body, space: target.space)
          : rewriter.other(body, space: target.space) { Self.excerpt(named: wanted, in: $0) }
      }
      note(name, isTaken ? .rendered : .reduced)
      if isTaken { return }
    } else {
      note(name, .reduced)
    }
    element(.p) { $0.pageLink(target, anchor: nil) { $0.writer.text(target.title.utf8) } }
  }

  private mutating func file(_ name: String, _ node: MarkupNode) {
    guard let attachment = descendant("ri:attachment", of: node) else {
      note(name, .dropped)
      return
    }
    note(name, .reduced)
    element(.p) { rewriter in
      rewriter.attachmentLink(attachment) { $0.writer.text($0.fileName(attachment).utf8) }
    }
  }

  private mutating func issue(_ name: String, _ node: MarkupNode) {
    if let key = parameter("key", of: node), !key.isEmpty {
      note(name, .reduced)
      writer.text(key.utf8)
    } else {
      note(name, .reduced)
      mark(name)
    }
  }

  private mutating func source(_ name: String, _ node: MarkupNode) {
    let body =
      child("ac:plain-text-body", of: node).map { page.text(of: $0) } ?? parameter("body", of: node)
      ?? parameter("", of: node)
    guard let body, body.contains(where: { !$0.isWhitespace }) else {
      note(name, hasBody(node) ? .rendered : .dropped)
      bodies(of: node)
      return
    }
    note(name, .rendered)
    if name == "markdown" || !body.contains("\n") {
      element(.span) { $0.writer.text(body.utf8) }
    } else {
      element(.pre) { $0.writer.text(body.utf8) }
    }
  }

  /// The mark of what is made anew each time the page is shown.
  private mutating func mark(_ name: String) {
    element(.p) { $0.writer.text("[\(name)]".utf8) }
  }

  // MARK: - Parts of a macro

  private mutating func bodies(of node: MarkupNode) {
    for body in page.children(of: node) {
      if page.isText(body) {
        // Words stand here only in a page that is broken or too deep: better so than lost.
        writer.text(page.bytes[page.textRange(of: body)])
      } else if page.name(of: body) == "ac:rich-text-body" {
        element(.div) { $0.contents(of: body) }
      }
    }
  }

  private func hasBody(_ node: MarkupNode) -> Bool {
    page.children(of: node).contains {
      !page.isText($0) && (page.name(of: $0) == "ac:rich-text-body" || page.name(of: $0) == "ac:plain-text-body")
        && page.end(of: $0) > $0 + 1
    }
  }

  private func parameterNode(_ name: String, of node: MarkupNode) -> MarkupNode? {
    page.children(of: node).first {
      guard !page.isText($0) else { return false }
      if name.isEmpty, page.name(of: $0) == "ac:default-parameter" { return true }
      return page.name(of: $0) == "ac:parameter" && (page.value(named: "ac:name", in: $0) ?? "") == name
    }
  }

  /// A parameter's text; nil where the macro does not have it.
  ///
  /// The one without a name is the main one.
  private func parameter(_ name: String, of node: MarkupNode) -> String? {
    parameterNode(name, of: node).map { page.text(of: $0).split(whereSeparator: \.isWhitespace).joined(separator: " ") }
  }

  private func url(in node: MarkupNode) -> String? {
    descendant("ri:url", of: node).flatMap { page.value(named: "ri:value", in: $0) }
  }
}
