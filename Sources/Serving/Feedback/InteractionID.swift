/// Names a question together with its answer: 128 random bits, written as UUIDs are.
///
/// Nobody can guess one, so that whoever shows it has had the answer.
struct InteractionID: Hashable, Sendable {
  /// 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
  let text: String

  /// A new one.
  init() { self.init(digits: ConversationID().text) }

  /// Reads one, with or without its hyphens; nil for anything else.
  init?(_ text: String) {
    guard text.utf8.count <= 36, let digits = ConversationID(String(text.filter { $0 != "-" })) else { return nil }
    self.init(digits: digits.text)
  }

  private init(digits: String) {
    let digits = Array(digits)
    var start = 0
    text = [8, 4, 4, 4, 12].map { length in
      defer { start += length }
      return String(digits[start..<start + length])
    }.joined(separator: "-")
  }
}
