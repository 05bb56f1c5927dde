internal import Corpus

/// What is kept out of questions and out of answers, by configuration.
public struct Moderation: Sendable, Equatable {
  /// Patterns of which no question may hold one: words, with `*` for anything between them; case does not matter.
  public var blocked: [String] = []
  /// What is masked in answers.
  public var masked: Set<PersonalData> = []

  /// Nothing.
  public init() {}

  /// Members whose texts are names of things, not words for people: masking would only break them.
  private static let names: Set = [
    "url", "sources", "id", "snapshot", "collection", "anchor", "created", "created_at", "model", "object", "provider",
    "conversation_id", "interaction_event_id",
  ]

  /// The route with questions checked before it and answers masked behind it.
  func around(_ route: Route) -> Route {
    guard route.scope == .ask, route.body != nil, self != Moderation(), case .task(let handler) = route.handler else {
      return route
    }
    var moderated = route
    let patterns = blocked.map { Self.parts($0) }
    moderated.handler = .task { request, body in
      if !patterns.isEmpty, Self.holds(body, patterns) {
        throw RequestFailure(422, "This service does not answer such questions.")
      }
      let response = try await handler(request, body)
      guard !masked.isEmpty else { return response }
      return try mask(response)
    }
    return moderated
  }

  // MARK: Questions

  private static func parts(_ pattern: String) -> [[UInt8]] {
    pattern.lowercased().split(separator: "*").map { Array($0.utf8) }
  }

  private static func holds(_ value: JSONValue, _ patterns: [[[UInt8]]]) -> Bool {
    switch value {
    case .string(let text):
      let bytes = Array(text.lowercased().utf8)
      return patterns.contains { holds(bytes, $0) }
    case .array(let elements): return elements.contains { holds($0, patterns) }
    case .object(let members): return members.contains { holds($0.value, patterns) }
    default: return false
    }
  }

  /// Whether the parts stand in the text one behind the other.
  private static func holds(_ text: [UInt8], _ parts: [[UInt8]]) -> Bool {
    var start = 0
    for part in parts {
      guard let end = end(of: part, in: text, from: start) else { return false }
      start = end
    }
    return !parts.isEmpty
  }

  private static func end(of part: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    guard !part.isEmpty, text.count - start >= part.count else { return nil }
    for place in start...(text.count - part.count) where text[place] == part[0] {
      if text[place..<place + part.count].elementsEqual(part) { return place + part.count }
    }
    return nil
  }

  // MARK: Answers

  private func mask(_ response: ServerResponse) throws(RequestFailure) -> ServerResponse {
    guard response.stream == nil else {
      throw RequestFailure(
        422, "Answers are masked here and are sent whole: leave “stream” and “Accept: text/event-stream” out.")
    }
    guard let value = try? JSONValue(parsing: response.body) else { return response }
    var masked = response
    masked.body = mask(value).bytes
    return masked
  }

  private func mask(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(PersonalData.mask(text, masked))
    case .array(let elements): .array(elements.map(mask))
    case .object(let members):
      .object(members.map { Self.names.contains($0.name) ? $0 : .init($0.name, mask($0.value)) })
    default: value
    }
  }
}
