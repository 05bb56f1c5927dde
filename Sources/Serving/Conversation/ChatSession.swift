internal import Corpus

/// A conversation by a name that the client chose.
struct ChatSession: Sendable {
  /// As the client wrote it.
  let name: String
  let id: ConversationID

  /// A new one.
  init() {
    id = ConversationID()
    name = id.text
  }

  /// Reads a name: letters, digits, `.`, `_` and `-`.
  ///
  /// Callers who are known have names of their own, whatever they are. Those who are not known all share one owner: what
  /// they name has to be too long to guess, a UUID or 32 hexadecimal digits.
  ///
  /// - Throws: `RequestFailure` for anything else.
  init(_ name: String, of caller: Caller) throws(RequestFailure) {
    self.name = name
    let digits = name.lowercased().filter { $0 != "-" }
    if let id = ConversationID(digits) {
      self.id = id
      return
    }
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    guard isPlain, (1...64).contains(name.utf8.count) else {
      throw RequestFailure(422, "“session_id” has to be 1 to 64 letters, digits, “.”, “_” or “-”.")
    }
    guard caller != .anonymous, let id = ConversationID(String(ContentHash.of("session:" + name).hex.prefix(32))) else {
      throw RequestFailure(
        422, "“session_id” has to be a UUID: others, whom the service does not know either, could guess anything else.")
    }
    self.id = id
  }
}
