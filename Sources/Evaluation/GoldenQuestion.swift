public import Corpus
public import Settings

/// A question with what is known of its answer.
public struct GoldenQuestion: Sendable, Equatable {
  /// As a person would ask it.
  public var question: String
  /// The places that answer it: a page's address, or one with `#anchor` for a chunk of it.
  public var expected: [String]
  /// Texts that a right answer contains, all of them.
  public var answer: [String]
  /// The question's language; nil leaves it to detection.
  public var language: String?
  /// Who asks; empty for somebody unknown.
  public var principals: Set<Principal>
  /// Nothing in the collection answers it: the right answer is “I don't know”.
  public var isUnanswerable: Bool
  /// The 1-based line of the file on which it begins; 0 when it comes from no file.
  public var line: Int

  /// Makes a question.
  public init(
    question: String, expected: [String] = [], answer: [String] = [], language: String? = nil,
    principals: Set<Principal> = [], isUnanswerable: Bool = false, line: Int = 0
  ) {
    self.question = question
    self.expected = expected
    self.answer = answer
    self.language = language
    self.principals = principals
    self.isUnanswerable = isUnanswerable
    self.line = line
  }
}

extension GoldenQuestion {
  /// The longest question, in bytes: what the service takes.
  static let longestQuestion = 8_000
  private static let emptyFile = "write a list of { question: …, expect: [address, …] }"

  /// Reads a file of golden questions (YAML, of which JSON is a part): a list of
  /// `{ question, expect, answer?, language?, as?, none? }`.
  ///
  /// - Parameters:
  ///   - path: the file, at most 1 MiB.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the questions in the order of the file; at least one.
  /// - Throws: `SettingsErrors` with every fault, each with its line, a caret and the mend.
  public static func read(path: String, environment: [String: String] = [:]) throws(SettingsErrors) -> [GoldenQuestion]
  {
    try type.read(path: path, environment: environment, whenEmpty: emptyFile)
  }

  /// Reads the bytes of such a file.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, at most 1 MiB.
  ///   - path: where they are from, for messages.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the questions in the order of the file; at least one.
  /// - Throws: `SettingsErrors` with every fault, each with its line, a caret and the mend.
  public static func parse(
    _ bytes: [UInt8], path: String, environment: [String: String] = [:]
  ) throws(SettingsErrors) -> [GoldenQuestion] {
    try type.parse(bytes, path: path, environment: environment, whenEmpty: emptyFile)
  }

  private typealias Field = SettingsField<GoldenQuestion>

  private static var type: SettingType<[GoldenQuestion]> { .list(of: definition.type, count: 1...100_000) }

  private static let definition = SettingsObject(
    initial: GoldenQuestion(question: ""),
    fields: [
      Field(
        "question", \.question,
        .string(needs: "a question of at most \(longestQuestion) bytes") {
          $0.contains { !$0.isWhitespace } && $0.utf8.count <= longestQuestion
        }, isRequired: true, "The question, as a person would ask it."),
      Field(
        "expect", \.expected, .list(of: .string(needs: "an address"), count: 1...1000),
        "The pages that answer it: addresses, each with or without “#anchor”."),
      Field(
        "answer", \.answer, .list(of: .string(needs: "a text in quotes"), count: 1...100),
        "Texts that a right answer contains, all of them."),
      Field("language", \.language, .string(needs: "a language such as es or en"), "The question's language."),
      Field("as", \.principals, principals, "Who asks: “user:ID” and “group:ID”; somebody unknown by default."),
      Field("none", \.isUnanswerable, .boolean, "true: nothing in the collection answers it."),
    ],
    check: { question, node, reader in
      question.line = reader.line(of: node)
      if question.isUnanswerable {
        for key in ["expect", "answer"] where node[key] != nil {
          reader.report(
            atKey: key, of: node, "“\(key)” stands beside “none: true”",
            mend: "keep one of them: nothing can be expected where nothing answers")
        }
      } else if question.expected.isEmpty {
        reader.report(
          at: node, "the question does not say what answers it",
          mend: "add expect: [address, …], or none: true where nothing in the collection does")
      }
    })

  private static var principals: SettingType<Set<Principal>> {
    let names = SettingType<[String]>.list(
      of: .string(needs: "user:ID or group:ID") { Principal($0) != nil }, count: 0...1000)
    return names.mapped({ Set($0.compactMap(Principal.init)) }, back: { $0.sorted().map(\.name) })
  }
}
