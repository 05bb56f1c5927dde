internal import Answering
internal import Corpus

/// How an answer tells what was understood of a question about a catalogue.
enum CatalogueSyntax {
  /// The member of every answer: null where the question went the ordinary way.
  static let member: JSONSchema.Property = .required(
    "catalogue",
    .nullable(
      .object([
        .required("intent", .text, "The intent that was told."),
        .required("action", .choice(CatalogueAction.allCases.map(\.rawValue)), "What was done."),
        .required(
          "conditions", .array(of: .map(of: .any, maximum: 10), count: AnswerSyntax.many),
          "The conditions as they were understood: `field` with `any`, or `from` and `to`; `exclusive` where the end itself "
            + "is left out, `not` where items that meet it are."),
        .required(
          "alternatives",
          .array(of: .array(of: .map(of: .any, maximum: 10), count: AnswerSyntax.many), count: AnswerSyntax.many),
          "Groups of conditions of which one holds beside these; none where nothing is left to choose."),
        .required("total", .integer(0...1_000_000_000), "How many rows meet them."),
        .required(
          "items",
          .array(
            of: .object([
              .required("url", .text, "The row's address."), .required("title", .text, "Its title."),
              .required("fields", .map(of: .any, maximum: 1_000), "Its typed fields."),
            ]), count: AnswerSyntax.many), "The rows that the answer shows, in their order."),
      ])), "What a catalogue's rows answered; null where the question went the ordinary way.")

  static func json(_ answer: CatalogueAnswer?) -> JSONValue {
    guard let answer else { return .null }
    return [
      "intent": .string(answer.query.intent), "action": .string(answer.query.action.rawValue),
      "conditions": .array(answer.query.conditions.map(\.json)),
      "alternatives": .array(answer.query.alternatives.map { .array($0.map(\.json)) }),
      "total": .integer(Int64(answer.total)),
      "items": .array(answer.items.map(\.json)),
    ]
  }
}
