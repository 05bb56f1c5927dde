public import Corpus
public import Embedding

/// What a run did: the summary that a person reads and `--json` prints.
public struct RunReport: Sendable, Equatable {
  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    /// A new snapshot is current.
    case published(snapshot: String)
    /// Nothing differs from the current snapshot.
    case unchanged(snapshot: String)
    /// Too many documents failed, or a source shrank too far: nothing was published.
    case refused(reason: String)
    /// The gate refused the candidate, which stays to be looked at: nothing was published.
    case gateRefused(candidate: String)
    /// The run could not go on: nothing was published.
    case failed(reason: String)
  }

  /// How the run ended.
  public var outcome: Outcome
  /// The collection.
  public var collection: String
  /// What was counted.
  public var counts: RunCounts
  /// What the gate measured; nil where there is none, or nothing to judge.
  public var gate: GateReport?
  /// Documents and chunks of the snapshot that is current now.
  public var documents: Int
  /// Chunks of the snapshot that is current now.
  public var chunks: Int
  /// Documents that failed, with what happened; at most a hundred are kept here, all are in the state.
  public var failures: [FailureRecord]
  /// Sources whose listing did not run to its end, with the reason: nothing of them was removed.
  public var incomplete: [Incomplete]
  /// What each provider of vectors was asked and what that took.
  public var embedding: [Spending] = []
  /// What each source cost, in the order of the pipeline file; those that were not asked are left out.
  public var sources: [SourceCost]
  /// From start to end, in seconds.
  public var seconds: Double
  /// When it ended, in seconds since 1970.
  public var ended: Int64

  init(collection: String) {
    outcome = .failed(reason: "")
    self.collection = collection
    (counts, documents, chunks) = (RunCounts(), 0, 0)
    (failures, incomplete, sources, seconds, ended) = ([], [], [], 0, 0)
  }

  /// A source whose listing was cut short.
  public struct Incomplete: Sendable, Equatable {
    /// The source's id.
    public var source: String
    /// What cut it short.
    public var reason: String
  }

  /// What a provider of vectors was asked in a run.
  public struct Spending: Sendable, Equatable {
    /// Who was asked.
    public var provider: String
    /// For which model.
    public var model: String
    /// How much.
    public var counts: ProviderCounts

    var json: JSONValue {
      [
        "provider": .string(provider), "model": .string(model), "requests": .integer(Int64(counts.requests)),
        "texts": .integer(Int64(counts.texts)), "tokens": .integer(Int64(counts.tokens)),
        "tokens_estimated": .bool(counts.isEstimated), "cost_usd": counts.cost.map { .number($0) } ?? .null,
      ]
    }
  }

  /// What reading a source cost.
  public struct SourceCost: Sendable, Equatable {
    /// The source's id.
    public var source: String
    /// Requests that it made.
    public var requests: Int
    /// What they cost in points of the site's quota; nil where the source counts none.
    public var points: Int?
    /// Bytes of answers, decoded.
    public var bytes: Int
    /// What operators should know though it cut nothing short.
    public var notes: [String]

    /// As `--json` prints it.
    public var json: JSONValue {
      [
        "source": .string(source), "requests": .integer(Int64(requests)),
        "points": points.map { .integer(Int64($0)) } ?? .null, "bytes": .integer(Int64(bytes)),
        "notes": .array(notes.map { .string($0) }),
      ]
    }
  }

  /// As `--json` prints it.
  public var json: JSONValue {
    let (word, snapshot, reason): (String, String?, String?) =
      switch outcome {
      case .published(let id): ("published", id, nil)
      case .unchanged(let id): ("unchanged", id, nil)
      case .refused(let why): ("refused", nil, why)
      case .gateRefused(let id): ("gate_refused", id, "the gate refused the candidate")
      case .failed(let why): ("failed", nil, why)
      }
    return [
      "outcome": .string(word), "collection": .string(collection),
      "snapshot": snapshot.map { .string($0) } ?? .null, "reason": reason.map { .string($0) } ?? .null,
      "gate": gate?.json ?? .null,
      "documents": .integer(Int64(documents)), "chunks": .integer(Int64(chunks)), "run": counts.json,
      "embedding": .array(embedding.map(\.json)), "failures": .array(failures.map(\.json)),
      "incomplete": .array(incomplete.map { ["source": .string($0.source), "reason": .string($0.reason)] }),
      "sources": .array(sources.map(\.json)),
      "seconds": .number((seconds * 1000).rounded() / 1000), "ended": .string(Moment.text(ended)),
    ]
  }
}

/// What a run counts while it goes.
public struct RunCounts: Sendable, Equatable {
  /// Documents that sources gave.
  public var seen = 0
  /// Of these, not known before.
  public var new = 0
  /// Of these, known with other content.
  public var changed = 0
  /// Of the changed ones, those that others may read now.
  public var readersChanged = 0
  /// Groups whose members changed, known groups that nobody is known of any more included.
  public var groupsChanged = 0
  /// Of these, known with the same content.
  public var unchanged = 0
  /// Documents that left the index.
  public var removed = 0
  /// Documents that failed; their last good version stays.
  public var failed = 0
  /// Addresses left out by a rule.
  public var skipped = 0
  /// Documents cleaned; the others' results were found in the state.
  public var cleaned = 0
  /// Documents cut into chunks; the others' chunks were found in the state.
  public var chunked = 0
  /// Documents whose words were analysed; the others' were found in the state.
  public var analysed = 0
  /// Chunks embedded in this run.
  public var chunksEmbedded = 0
  /// Chunks whose vectors were found in the state.
  public var chunksReused = 0
  /// Values of declared fields that are not of their kind, such as a price of “on request”: left out.
  public var unreadableValues = 0
  /// Requests that sources made.
  public var requests = 0
  /// Bytes of documents that came in.
  public var bytes = 0
  /// Seconds of work per stage, added over workers.
  public var stageSeconds: [String: Double] = [:]

  /// All zero.
  public init() {}

  mutating func count(_ change: PageChange) {
    switch change {
    case .new: new += 1
    case .changed(let access):
      changed += 1
      if access != nil { readersChanged += 1 }
    case .same: unchanged += 1
    }
  }

  /// As `--json` prints it.
  public var json: JSONValue {
    let numbers: [(String, Int)] = [
      ("seen", seen), ("new", new), ("changed", changed), ("readers_changed", readersChanged),
      ("groups_changed", groupsChanged), ("unchanged", unchanged), ("removed", removed),
      ("failed", failed), ("skipped", skipped), ("cleaned", cleaned), ("chunked", chunked), ("analysed", analysed),
      ("chunks_embedded", chunksEmbedded), ("chunks_reused", chunksReused), ("unreadable_values", unreadableValues),
      ("requests", requests), ("bytes", bytes),
    ]
    let stages = stageSeconds.sorted { $0.key < $1.key }.map {
      JSONValue.Member($0.key, .number(($0.value * 1000).rounded() / 1000))
    }
    return .object(
      numbers.map { JSONValue.Member($0.0, .integer(Int64($0.1))) } + [.init("stage_seconds", .object(stages))])
  }
}
