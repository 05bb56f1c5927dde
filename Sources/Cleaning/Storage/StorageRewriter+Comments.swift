internal import Corpus
internal import Markup

/// Comments, below the page's own body.
extension StorageRewriter {
  /// One heading for all, and before each who wrote it, when, and the words on the page that it is about.
  mutating func comments() {
    guard !context.comments.isEmpty else { return }
    let isSpanish = context.language?.hasPrefix("es") == true
    element(.h1) { $0.writer.text((isSpanish ? "Comentarios" : "Comments").utf8) }
    for comment in context.comments {
      // Many long comments are cut off where a page would be.
      guard writer.count < limits.bytes else { return }
      let lead = Self.lead(of: comment, isSpanish: isSpanish)
      element(.p) { $0.writer.text(lead.utf8) }
      element(.div) { $0.other(comment.body, space: nil) }
    }
  }

  /// What stands before a comment: `Ana García, 2026-02-03, on “button”:`.
  private static func lead(of comment: StorageEnvelope.Comment, isSpanish: Bool) -> String {
    var words = [comment.author, comment.day ?? ""].filter { !$0.isEmpty }.joined(separator: ", ")
    if comment.isAnswer {
      let answer = isSpanish ? "Respuesta" : "Answer"
      words = words.isEmpty ? answer : "\(answer), \(words)"
    } else if words.isEmpty {
      words = isSpanish ? "Comentario" : "Comment"
    }
    // Editors keep long selections whole; what a comment is about is told by its beginning.
    if let selection = comment.selection, !selection.isEmpty {
      let shown = selection.count > 200 ? selection.prefix(199) + "…" : selection[...]
      words += isSpanish ? ", sobre «\(shown)»" : ", on “\(shown)”"
    }
    return words + ":"
  }
}
