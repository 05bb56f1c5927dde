internal import Markup

/// Finds the part of a page that it exists for.
struct MainContent {
  let analysis: PageAnalysis
  private var page: MarkupDocument { analysis.page }

  init(analysis: PageAnalysis) { self.analysis = analysis }

  /// The element that holds the content; the body, or the whole page, where nothing narrower does.
  func root() -> MarkupNode {
    let body = page.elements.first { page.tag(of: $0) == .body } ?? 0
    let whole = analysis.proseBytes(of: body)
    guard whole > 0 else { return body }
    var start = body
    if let main = best(in: body, share: 0.3, of: whole, where: isMain) { start = main }
    let inside = analysis.proseBytes(of: start)
    if let article = only(in: start, share: 0.5, of: inside, where: isArticle) { return article }
    if let named = best(in: start, share: 0.5, of: inside, where: { analysis.hints[$0].contains(.content) }) {
      return named
    }
    return start
  }

  private func isMain(_ node: MarkupNode) -> Bool {
    page.tag(of: node) == .main || page.value(of: .role, in: node) == "main"
  }

  private func isArticle(_ node: MarkupNode) -> Bool {
    page.tag(of: node) == .article || page.value(of: .itemprop, in: node) == "articleBody"
  }

  /// Of the outermost elements that fit the one with the most prose, if that is a good share.
  private func best(
    in root: MarkupNode, share: Double, of whole: Int, where fits: (MarkupNode) -> Bool
  ) -> MarkupNode? {
    var found: MarkupNode?
    var most = 0
    var node = root + 1
    while node < page.end(of: root) {
      guard !page.isText(node) else {
        node += 1
        continue
      }
      guard analysis.verdicts[node] == .kept else {
        node = page.end(of: node)
        continue
      }
      if fits(node) {
        let prose = analysis.proseBytes(of: node)
        if prose > most {
          most = prose
          found = node
        }
      }
      node += 1
    }
    return Double(most) >= share * Double(whole) ? found : nil
  }

  private func only(
    in root: MarkupNode, share: Double, of whole: Int, where fits: (MarkupNode) -> Bool
  ) -> MarkupNode? {
    best(in: root, share: share, of: whole, where: fits)
  }
}
