internal import Markup

/// Tells what is hidden until a reader opens it (the panels of tabs and accordions, what React streams to the end of
/// the page and a script puts in its place) from what is hidden for good.
struct HiddenPanels {
  private let page: MarkupDocument
  /// The ids that a control of the page says it opens.
  private let controlled: Set<String>

  init(page: MarkupDocument) {
    self.page = page
    var controlled: Set<String> = []
    for node in 0..<page.count where page.hasAttributes(node) {
      guard let range = page.valueRange(of: .ariaControls, in: node), !range.isEmpty, range.count <= 512 else {
        continue
      }
      for id in page.bytes[range].split(whereSeparator: { $0 <= 0x20 }) {
        controlled.insert(String(decoding: id, as: UTF8.self))
      }
    }
    self.controlled = controlled
  }

  /// Whether a hidden element is such a panel and holds words of the page rather than a menu.
  func isPanel(_ node: MarkupNode, hints: ElementHints) -> Bool {
    guard hints.isDisjoint(with: [.boilerplate, .hidden, .consent]) || hints.contains(.admonition) else { return false }
    switch page.tag(of: node) {
    case .div, .section, .article, .dd, .td, .tr, .p: break
    default: return false
    }
    return isOpenable(node) && holdsProse(node)
  }

  private func isOpenable(_ node: MarkupNode) -> Bool {
    if let role = page.value(of: .role, in: node), !role.isEmpty {
      if role == "tabpanel" { return true }
      guard role == "region" || role == "group" || role == "presentation" else { return false }
    }
    if page.value(of: .ariaModal, in: node) != nil { return false }
    let id = page.value(of: .id, in: node) ?? ""
    if !id.isEmpty, controlled.contains(id) || id.hasPrefix("S:") { return true }
    guard let names = page.value(of: .class, in: node), names.utf8.count <= 1024 else { return false }
    return PageVocabulary.words(of: names).contains(where: Self.panelWords.contains)
  }

  private static let panelWords: Set<String> = [
    "accordion", "collapse", "collapsible", "collapsed", "expand", "expandable", "expander", "panel", "tabpanel", "tab",
    "tabs", "faq", "toggle", "content", "answer",
  ]

  /// A few words at least, most of them outside links and controls.
  private func holdsProse(_ node: MarkupNode) -> Bool {
    var words = 0
    var linked = 0
    var linkEnd = 0
    var inner = node + 1
    while inner < page.end(of: node) {
      if page.isText(inner) {
        var count = 0
        for index in page.textRange(of: inner) where page.bytes[index] > 0x20 { count += 1 }
        words += count
        if inner < linkEnd { linked += count }
        inner += 1
      } else {
        let tag = page.tag(of: inner)
        if tag == .a { linkEnd = max(linkEnd, page.end(of: inner)) }
        inner = PageAnalysis.isDropped(tag) ? page.end(of: inner) : inner + 1
      }
    }
    return words >= 60 && linked * 10 <= words * 3
  }
}
