internal import Corpus

/// What is measured, by the names that files and reports use: `recall@4`, `ndcg@10`, `containment`.
public enum Measure: Hashable, Sendable, CustomStringConvertible {
  /// The share of the expected places among the first k results.
  case recall(Int)
  /// Whether any expected place is among the first k results.
  case hit(Int)
  /// One over the rank of the first expected place among the first k results.
  case mrr(Int)
  /// Normalised discounted cumulative gain of the first k results, with linear gain as trec_eval has it
  /// (Järvelin and Kekäläinen, 2002).
  case ndcg(Int)
  /// Whether the answer quotes every text that a right answer contains.
  case containment
  /// Whether a question that nothing in the collection answers was answered with “I don't know”.
  case abstention
  /// Whether a question that can be answered was answered with “I don't know”; less is better.
  case refusal

  /// The deepest rank that can be asked for.
  public static let maximumDepth = 1000

  /// What reports show, in their order.
  public static let standard: [Measure] = [
    .ndcg(10), .recall(4), .recall(10), .mrr(10), .hit(1), .hit(5), .containment, .abstention, .refusal,
  ]

  /// Reads a name; nil for one that is none.
  public init?(_ name: String) {
    let parts = name.split(separator: "@", omittingEmptySubsequences: false)
    switch (parts.first.map(String.init), parts.count) {
    case ("containment", 1): self = .containment
    case ("abstention", 1): self = .abstention
    case ("refusal", 1): self = .refusal
    case (let kind?, 2):
      // One name a measure: not “+4” nor “04”.
      guard let depth = Int(parts[1]), (1...Self.maximumDepth).contains(depth), String(depth) == parts[1] else {
        return nil
      }
      switch kind {
      case "recall": self = .recall(depth)
      case "hit": self = .hit(depth)
      case "mrr": self = .mrr(depth)
      case "ndcg": self = .ndcg(depth)
      default: return nil
      }
    default: return nil
    }
  }

  /// What names look like, for messages.
  public static let expectation =
    "recall@K, hit@K, mrr@K or ndcg@K with K from 1 to 1000, or containment, abstention or refusal"

  /// The name.
  public var description: String {
    switch self {
    case .recall(let depth): "recall@\(depth)"
    case .hit(let depth): "hit@\(depth)"
    case .mrr(let depth): "mrr@\(depth)"
    case .ndcg(let depth): "ndcg@\(depth)"
    case .containment: "containment"
    case .abstention: "abstention"
    case .refusal: "refusal"
    }
  }

  /// How many results it looks at; nil for measures of answers.
  public var depth: Int? {
    switch self {
    case .recall(let depth), .hit(let depth), .mrr(let depth), .ndcg(let depth): depth
    case .containment, .abstention, .refusal: nil
    }
  }

  /// Whether a lower value is the better one.
  public var isBetterLow: Bool { self == .refusal }
}
