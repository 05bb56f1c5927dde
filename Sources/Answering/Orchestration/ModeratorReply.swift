internal import Corpus

/// What a moderator wrote, read strictly.
struct ModeratorReply: Equatable {
  var synthesis: String
  /// The lists by their names; those that were missing or wrong are not there.
  var lists: [String: [String]]
  /// Whether it kept to the form that was asked for.
  var isWellFormed: Bool

  /// The lists that are asked for, in their order.
  static let names = [
    "key_themes", "contradictions", "consensus_areas", "recommendations", "suggested_questions", "research_areas",
  ]
  /// More entries, and longer ones, are cut: they are for people.
  private static let mostEntries = 10
  private static let longestEntry = 400
  /// Plain text that is shorter is no synthesis.
  private static let shortestText = 40

  init(synthesis: String, lists: [String: [String]], isWellFormed: Bool) {
    self.synthesis = synthesis
    self.lists = lists
    self.isWellFormed = isWellFormed
  }

  /// Reads what a moderator wrote: an object, alone or in a fence of code, or at worst plain text.
  ///
  /// - Parameter text: all of it; without a synthesis in it, this is nil.
  init?(_ text: String) {
    let object = Self.object(in: text)
    guard let object else {
      // Broken JSON is nothing for people to read.
      let plain = text.split(whereSeparator: \.isNewline).joined(separator: "\n")
      guard plain.utf8.count >= Self.shortestText, !plain.contains("{"), !plain.contains("\"synthesis_text\"") else {
        return nil
      }
      self.init(synthesis: plain, lists: [:], isWellFormed: false)
      return
    }
    guard let synthesis = object["synthesis_text"]?.string, synthesis.contains(where: { $0.isLetter }) else {
      return nil
    }
    var lists: [String: [String]] = [:]
    for name in Self.names {
      guard let entries = object[name]?.array else { continue }
      let texts = entries.compactMap(\.string)
      guard texts.count == entries.count else { continue }
      lists[name] = texts.filter { $0.contains { $0.isLetter } }.prefix(Self.mostEntries)
        .map { String(PromptText.line($0).prefix(Self.longestEntry)) }
    }
    self.init(synthesis: synthesis, lists: lists, isWellFormed: true)
  }

  private static func object(in text: String) -> JSONValue? {
    guard let start = text.firstIndex(of: "{"), let end = text.lastIndex(of: "}"), start < end else { return nil }
    let value = try? JSONValue(parsing: String(text[start...end]), maximumDepth: 8)
    return value?.members == nil ? nil : value
  }

  /// How far it can be used.
  ///
  /// - Parameter supported: the share of the synthesis' claims that the sources support; nil where there are none to
  ///   support it.
  /// - Returns: its quality; never `failed`.
  func quality(supported: Double?) -> OrchestratedAnswer.Quality {
    guard isWellFormed else { return .low }
    if lists.count == Self.names.count, supported ?? 1 >= 0.8 { return .high }
    return lists.count * 2 >= Self.names.count ? .medium : .low
  }
}
