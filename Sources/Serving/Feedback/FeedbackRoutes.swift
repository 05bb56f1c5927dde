internal import Corpus

/// `POST /api/v1/feedback`: what people think of the answers that they had.
struct FeedbackRoutes: Sendable {
  /// Nil where nothing is kept.
  let journal: Journal?

  var all: [Route] { [feedback] }

  private static let longestComment = 2_000
  private static let unknown = RequestFailure(
    404, "There is no such answer of this caller, or it is not kept any more.")
  private static let noJournal = RequestFailure(404, "This service keeps no feedback; configure “journal”.")

  private var feedback: Route {
    Route(
      "POST", "/api/v1/feedback", name: "feedback",
      summary: "Keeps what somebody thinks of an answer that they had; a later one takes the earlier one's place.",
      scope: .ask,
      body: .object([
        .required(
          "interaction_event_id", .string(bytes: 32...36), "Names the question and its answer, as the answer said."),
        .required("verdict", .choice(["up", "down"]), "Whether the answer helped."),
        .optional("comment", .string(bytes: 0...Self.longestComment), "What is wrong or right with it."),
      ]),
      result: ("application/json", .object([.required("kept", .boolean, "True.")])),
      failures: AnswerRoutes.failures.filter { $0.status != 404 && $0.status != 503 } + [
        (404, "There is no such answer of this caller, or nothing is kept.")
      ],
      handler: .task { [journal] request, body in
        guard let journal else { throw Self.noJournal }
        guard let id = InteractionID(body["interaction_event_id"]?.string ?? ""),
          try await journal.record(
            isUp: body["verdict"]?.string == "up", comment: body["comment"]?.string ?? "", on: id,
            of: ConversationOwner(request.caller))
        else { throw Self.unknown }
        return .json(["kept": .bool(true)])
      })
  }
}
