internal import Corpus

extension Journal {
  /// A question that was answered, as operators are told of it: whatever way it came, without the answer's text.
  struct Asked: Sendable, Equatable {
    var id: InteractionID
    /// Seconds since 1970.
    var time: Int64
    /// The question, personal data masked as the service is set to, at most `longestText` bytes of it.
    var question: String
    var collection: String
    var snapshot: String
    /// What the answer is called, for “acervo explain”.
    var answer = ""
    var isAnswered = true
    var provider = ""
    var isFallback = false
    /// Sentences that nothing supports.
    var unsupported = 0
    var promptTokens = 0
    var completionTokens = 0
    /// In the currency of the prices that are set; 0 where none is.
    var cost = 0.0
    /// Milliseconds of the evidence, of the answer, and of everything.
    var retrieval = 0.0
    var answering = 0.0
    var total = 0.0
    /// What the question was taken for; nil where nothing tells.
    var intent: String?

    /// The bytes of a question that are kept.
    static let longestText = 1_000
  }

  /// What a person thought of an answer.
  struct Feedback: Sendable, Equatable {
    var isUp: Bool
    /// What they wrote, personal data masked; empty where they wrote nothing.
    var comment: String
    /// Seconds since 1970.
    var time: Int64
  }
}

extension Journal.Asked {
  init?(_ id: InteractionID, _ value: JSONValue) {
    guard let time = value["time"]?.int, let question = value["question"]?.string,
      let collection = value["collection"]?.string, let snapshot = value["snapshot"]?.string
    else { return nil }
    self.init(id: id, time: Int64(time), question: question, collection: collection, snapshot: snapshot)
    answer = value["answer"]?.string ?? ""
    isAnswered = value["answered"]?.bool ?? true
    provider = value["provider"]?.string ?? ""
    isFallback = value["fallback"]?.bool ?? false
    unsupported = value["unsupported"]?.int ?? 0
    promptTokens = value["prompt"]?.int ?? 0
    completionTokens = value["completion"]?.int ?? 0
    cost = value["cost"]?.double ?? 0
    retrieval = value["retrieval"]?.double ?? 0
    answering = value["answering"]?.double ?? 0
    total = value["total"]?.double ?? 0
    intent = value["intent"]?.string
  }

  var json: JSONValue {
    [
      "time": .integer(time), "question": .string(question), "collection": .string(collection),
      "snapshot": .string(snapshot), "answer": .string(answer), "answered": .bool(isAnswered),
      "provider": .string(provider), "fallback": .bool(isFallback), "unsupported": .integer(Int64(unsupported)),
      "prompt": .integer(Int64(promptTokens)), "completion": .integer(Int64(completionTokens)), "cost": .number(cost),
      "retrieval": .number(retrieval), "answering": .number(answering), "total": .number(total),
      "intent": intent.map { .string($0) } ?? .null,
    ]
  }
}

extension Journal.Feedback {
  init?(_ value: JSONValue) {
    guard let isUp = value["up"]?.bool, let time = value["time"]?.int else { return nil }
    self.init(isUp: isUp, comment: value["comment"]?.string ?? "", time: Int64(time))
  }

  var json: JSONValue { ["up": .bool(isUp), "comment": .string(comment), "time": .integer(time)] }
}
