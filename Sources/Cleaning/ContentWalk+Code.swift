internal import Corpus
internal import Markup

/// Code, verbatim.
extension ContentWalk {
  mutating func code(_ node: MarkupNode, _ next: MarkupNode) -> MarkupNode {
    flush()
    noteAnchor(node)
    guard options.keepsCode else { return next }
    var words = InlineText()
    var inner = node + 1
    while inner < next {
      if page.isText(inner) {
        page.bytes.withUnsafeBufferPointer { bytes in
          words.appendVerbatim(UnsafeBufferPointer(rebasing: bytes[page.textRange(of: inner)]))
        }
        inner += 1
      } else if analysis.verdicts[inner] == .dropped || analysis.hints[inner].contains(.gutter) {
        inner = page.end(of: inner)
      } else {
        if page.tag(of: inner) == .br { words.appendVerbatimLineBreak() }
        inner += 1
      }
    }
    words.trimVerbatim()
    write(.code(language: CodeLanguage.of(node, in: page)), words, group: 0)
    return next
  }
}
