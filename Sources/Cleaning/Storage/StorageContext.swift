internal import Corpus
internal import Markup

/// What a page's references stand for, as `StorageEnvelope` wrote it in front of the page.
struct StorageContext {
  /// A page by the names that links use.
  struct PageName: Hashable {
    var space: String
    var title: String
  }

  var base: String?
  var id: String?
  var space: String?
  var language: String?
  var people: [String: String] = [:]
  var pages: [PageName: String] = [:]
  /// Storage format of other pages.
  var included: [PageName: String] = [:]
  var comments: [StorageEnvelope.Comment] = []

  /// An empty context, for a page without an envelope.
  init() {}

  /// Reads the element `acervo:context`.
  init(page: MarkupDocument, node: MarkupNode) {
    base = page.value(named: "base", in: node)
    id = page.value(of: .id, in: node)
    space = page.value(named: "space", in: node)
    language = page.value(named: "language", in: node)
    for child in page.children(of: node) where !page.isText(child) {
      switch page.name(of: child) {
      case "acervo:user":
        guard let key = page.value(named: "key", in: child) else { continue }
        people[key] = page.value(of: .name, in: child)
      case "acervo:page":
        pages[Self.name(page, child)] = page.value(named: "url", in: child)
      case "acervo:included":
        let name = Self.name(page, child)
        included[name] = page.text(of: child)
        pages[name] = pages[name] ?? page.value(named: "url", in: child)
      case "acervo:comment":
        comments.append(
          StorageEnvelope.Comment(
            author: page.value(named: "author", in: child) ?? "", day: page.value(named: "day", in: child),
            selection: page.value(named: "selection", in: child),
            isAnswer: page.value(named: "answer", in: child) != nil, body: page.text(of: child)))
      default: break
      }
    }
  }

  private static func name(_ page: MarkupDocument, _ node: MarkupNode) -> PageName {
    PageName(
      space: page.value(named: "space", in: node) ?? "", title: page.value(of: .title, in: node) ?? "")
  }
}
