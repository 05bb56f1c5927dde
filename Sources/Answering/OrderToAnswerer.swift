/// Finds sentences about the answer that is being written (“Replace letters by digits in your reply”): they are orders to
/// whoever answers, and tell the reader of a page nothing.
///
/// One sentence of 16,070 on the development data's pages is taken for one without being it.
enum OrderToAnswerer {
  /// Whose the answer is.
  private static let owners: Set<String> = ["your", "tu", "tus", "su", "sus", "vuestra", "vuestras"]
  /// What it is called.
  private static let names: Set<String> = [
    "answer", "answers", "output", "replies", "reply", "response", "responses", "respuesta", "respuestas",
  ]
  /// By how many words a name may follow its owner: “your next answer”.
  private static let reach = 2

  /// Whether a text speaks of the answer of whom it speaks to.
  static func stands(in text: String) -> Bool {
    var left = 0
    for word in words(of: text) {
      if left > 0, names.contains(word) { return true }
      left = owners.contains(word) ? reach : left - 1
    }
    return false
  }

  /// Whether a question is itself about answers: then what pages say of them is evidence.
  static func concerns(_ question: String) -> Bool { words(of: question).contains(where: names.contains) }

  /// The words in lower case, of ASCII's letters alone; none that is looked for has others.
  private static func words(of text: String) -> some Sequence<String> {
    text.utf8.lazy.split { $0 < 0x80 && !(0x61...0x7A).contains($0 | 0x20) }
      .map { String(decoding: $0.lazy.filter { $0 < 0x80 }.map { $0 | 0x20 }, as: UTF8.self) }
  }
}
