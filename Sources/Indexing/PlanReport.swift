public import Corpus

/// What a run would do now.
public struct PlanReport: Sendable, Equatable {
  /// The collection.
  public var collection: String
  /// Pages that are new, with their addresses sorted.
  public var new: [String] = []
  /// Pages that changed, or that a changed setting asks to be worked on again.
  public var changed: [String] = []
  /// Of the changed pages those that others may read then, in the order of addresses.
  public var readers: [Readers] = []
  /// Groups whose members changed.
  public var groups = 0
  /// Pages that are as they were.
  public var unchanged = 0
  /// Pages that would leave the index.
  public var removed: [String] = []
  /// Documents that failed.
  public var failed: [String] = []
  /// Sources whose listing did not run to its end.
  public var incomplete: [RunReport.Incomplete] = []
  /// Why the run would publish nothing, if so.
  public var refusal: String?
  /// Requests that this plan made; a run makes as many.
  public var requests = 0
  /// Bytes of documents that came in.
  public var bytes = 0
  /// Chunks that would be embedded.
  public var chunks = 0
  /// Their tokens, as the embedder counts them.
  public var tokens = 0
  /// What the embedder's provider would ask for them, in US dollars; a model on this machine asks nothing.
  public var cost = 0.0

  /// A page that others may read then.
  public struct Readers: Sendable, Equatable {
    /// Its address.
    public var url: String
    /// How its readers change.
    public var change: AccessRule.Change
  }

  init(collection: String) { self.collection = collection }

  /// As `--json` prints it.
  public var json: JSONValue {
    func list(_ urls: [String]) -> JSONValue { .array(urls.map { .string($0) }) }
    return [
      "collection": .string(collection), "new": list(new), "changed": list(changed),
      "readers": .array(readers.map { ["url": .string($0.url), "change": .string($0.change.rawValue)] }),
      "groups_changed": .integer(Int64(groups)),
      "unchanged": .integer(Int64(unchanged)), "removed": list(removed), "failed": list(failed),
      "incomplete": .array(incomplete.map { ["source": .string($0.source), "reason": .string($0.reason)] }),
      "refusal": refusal.map { .string($0) } ?? .null, "requests": .integer(Int64(requests)),
      "bytes": .integer(Int64(bytes)), "chunks": .integer(Int64(chunks)), "tokens": .integer(Int64(tokens)),
      "cost_usd": .number(cost),
    ]
  }
}
