internal import Answering
internal import Corpus
internal import Glibc

/// `POST /api/v1/chat`, `POST /chat` for chat front ends, and the conversations that the service keeps.
struct ChatRoutes: Sendable {
  let desk: AnswerDesk
  /// Nil where no conversations are kept.
  let journal: Journal?
  let log: ServiceLog

  var all: [Route] { [chat, sessions, list, read, remove] }

  /// Whether conversations are kept.
  var keeps: Bool { journal != nil }

  /// How long an answer waits for the turns before it; a journal that is stuck holds no answer up.
  private static let patience = Duration.seconds(1)
  /// The turns that an answer is made with.
  private static let turns = 10

  // MARK: Chat

  private var chat: Route {
    route(
      "/api/v1/chat", name: "chat", naming: "conversation_id", .string(bytes: 32...32),
      "A conversation to go on with; without one a new one begins, where conversations are kept."
    ) { body, caller in
      let (id, turns) = try await conversation(body["conversation_id"]?.string, of: ConversationOwner(caller))
      return Place(id: id, name: id?.text, turns: turns)
    }
  }

  /// The same for chat front ends, which name their sessions themselves.
  var sessions: Route {
    route(
      "/chat", name: "sessionChat", naming: "session_id", .string(bytes: 1...64),
      "Names the conversation, which begins with its first message: a UUID, or any name for callers who are known."
    ) { body, caller in
      var session: ChatSession?
      if let name = body["session_id"]?.string { session = try ChatSession(name, of: caller) }
      guard keeps else { return Place(id: nil, name: session?.name, turns: []) }
      let wanted = session ?? ChatSession()
      let turns = try await turns(of: wanted.id, ConversationOwner(caller)) ?? []
      return Place(id: wanted.id, name: wanted.name, turns: turns)
    }
  }

  /// The conversation that a message belongs to.
  private struct Place: Sendable {
    /// Nil where nothing is kept.
    var id: ConversationID?
    var name: String?
    var turns: [Journal.Turn]
  }

  private func route(
    _ path: String, name: String, naming member: String, _ schema: JSONSchema, _ note: String,
    find: @escaping @Sendable (JSONValue, Caller) async throws -> Place
  ) -> Route {
    let syntax = AnswerSyntax(desk: desk)
    let done =
      AnswerSyntax.answer + [
        .required(member, .nullable(.text), "Names the conversation; null where none is kept.")
      ]
    let events = AnswerSyntax.events.map { $0.name == "done" ? (name: $0.name, data: JSONSchema.object(done)) : $0 }
    return Route(
      "POST", path, name: name, summary: "Answers a message of a conversation.", scope: .ask,
      body: .object(
        [
          .required("message", .string(bytes: 1...desk.limits.question), "What the person says, in any language."),
          .optional(member, schema, note),
        ] + syntax.members),
      result: ("application/json", .object(done)), events: events,
      failures: AnswerRoutes.failures.filter { $0.status != 404 } + [
        (404, "There is no such collection, or no such conversation of this caller.")
      ],
      handler: .task { request, body in
        var question = try syntax.question(body["message"]?.string ?? "", body, request)
        let owner = ConversationOwner(request.caller)
        let place = try await find(body, request.caller)
        if body["history"] == nil {
          question.history = place.turns.flatMap {
            [ChatMessage(.user, $0.question), ChatMessage(.assistant, $0.answer)]
          }
        }
        let asked = question.text
        return try await syntax.respond(to: question, isStreamed: EventStream.isWanted(request, body)) { answered in
          if let id = place.id {
            journal?.record(
              Journal.Turn(
                question: asked, answer: answered.answer.text, sources: answered.answer.sources, time: Int64(time(nil))),
              in: id, of: owner)
          }
          return [.init(member, place.name.map { .string($0) } ?? .null)]
        }
      })
  }

  /// The conversation that is gone on with or begun, and its last turns.
  private func conversation(
    _ name: String?, of owner: ConversationOwner
  ) async throws -> (id: ConversationID?, turns: [Journal.Turn]) {
    guard keeps else {
      if name != nil { throw Self.noJournal }
      return (nil, [])
    }
    guard let name else { return (ConversationID(), []) }
    guard let id = ConversationID(name) else { throw Self.unknown }
    guard let turns = try await turns(of: id, owner) else { throw Self.unknown }
    return (id, turns)
  }

  /// The last turns of a conversation, none where they cannot be had in time; nil when there is no such conversation.
  private func turns(of id: ConversationID, _ owner: ConversationOwner) async throws -> [Journal.Turn]? {
    guard let journal else { return [] }
    do {
      let found = try await step(.journal) {
        try await inTime(.now.advanced(by: Self.patience)) {
          try await journal.turns(of: id, owner, last: Self.turns)
        }
      }
      // Late: the answer is made without what was said before rather than not at all.
      guard let found else { return [] }
      return found
    } catch let error where !(error is CancellationError) {
      log.write(.warning, "journal_failed", ["error": .string("\(error)")])
      return []
    }
  }

  private static let unknown = RequestFailure(404, "There is no such conversation of this caller.")
  private static let noList = RequestFailure(
    403, "Callers who are not known have no list, for it would be everybody's: ask for a conversation by its id.")
  private static let noJournal = RequestFailure(
    404, "This service keeps no conversations; send “history”, or configure “journal”.")

  // MARK: Conversations

  private static let summary: [JSONSchema.Property] = [
    .required("id", .text, "Names it."), .required("title", .text, "The beginning of its first question."),
    .required("created", .text, "When its first question was asked (RFC 3339, UTC)."),
    .required("updated", .text, "When its last one was asked."),
    .required("turns", .integer(0...Journal.mostTurns), "How many questions it has."),
  ]

  private static func json(_ summary: Journal.Summary) -> [JSONValue.Member] {
    [
      .init("id", .string(summary.id.text)), .init("title", .string(summary.title)),
      .init("created", .string(Moment.text(summary.created))), .init("updated", .string(Moment.text(summary.updated))),
      .init("turns", .integer(Int64(summary.turns))),
    ]
  }

  private static let id = Route.Parameter.path("conversation_id", .string(bytes: 1...64), "Which conversation.")

  private var list: Route {
    Route(
      "GET", "/api/v1/conversations", name: "conversations",
      summary: "Lists the caller's conversations, the last one first.", scope: .ask,
      result: (
        "application/json",
        .object([
          .required(
            "conversations", .array(of: .object(Self.summary), count: 0...Journal.mostListed), "The newest hundred.")
        ])
      ),
      failures: [
        (403, "The caller is not known, or may not ask."), (404, "This service keeps no conversations."),
      ],
      handler: .task { request, _ in
        guard let journal else { throw Self.noJournal }
        // All who are not known share one owner; the ids, which nobody can guess, keep them apart.
        guard request.caller != .anonymous else { throw Self.noList }
        let found = try await journal.conversations(of: ConversationOwner(request.caller))
        return .json(["conversations": .array(found.map { .object(Self.json($0)) })])
      })
  }

  private var read: Route {
    let turn = JSONSchema.object([
      .required("question", .text, "What was asked."), .required("answer", .text, "What was answered."),
      .required("sources", .array(of: .text, count: AnswerSyntax.many), "Addresses of the evidence."),
      .required("time", .text, "When (RFC 3339, UTC)."),
    ])
    return Route(
      "GET", "/api/v1/conversations/{conversation_id}", name: "conversation", summary: "Gives a conversation whole.",
      scope: .ask, parameters: [Self.id],
      result: (
        "application/json",
        .object(
          Self.summary + [
            .required("messages", .array(of: turn, count: 0...Journal.mostTurns), "Its turns, oldest first.")
          ])
      ),
      failures: [(404, "There is no such conversation of this caller.")],
      handler: .task { request, _ in
        guard let journal else { throw Self.noJournal }
        guard let id = ConversationID(request.parameters["conversation_id"]?.string ?? ""),
          let (summary, turns) = try await journal.conversation(id, of: ConversationOwner(request.caller))
        else { throw Self.unknown }
        let messages = turns.map { turn -> JSONValue in
          [
            "question": .string(turn.question), "answer": .string(turn.answer),
            "sources": .array(turn.sources.map { .string($0) }), "time": .string(Moment.text(turn.time)),
          ]
        }
        return .json(.object(Self.json(summary) + [.init("messages", .array(messages))]))
      })
  }

  private var remove: Route {
    Route(
      "DELETE", "/api/v1/conversations/{conversation_id}", name: "removeConversation",
      summary: "Removes a conversation.", scope: .ask, parameters: [Self.id],
      result: ("application/json", .object([.required("removed", .boolean, "True.")])),
      failures: [(404, "There is no such conversation of this caller.")],
      handler: .task { request, _ in
        guard let journal else { throw Self.noJournal }
        guard let id = ConversationID(request.parameters["conversation_id"]?.string ?? ""),
          try await journal.remove(id, of: ConversationOwner(request.caller))
        else { throw Self.unknown }
        return .json(["removed": .bool(true)])
      })
  }
}
