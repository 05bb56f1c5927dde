/// One call of a provider's model and what it took, also where nothing came of it.
public struct ProviderCall: Sendable, Equatable {
  /// What is called.
  public enum Kind: String, Sendable, CaseIterable {
    /// A language model.
    case chat
    /// An embedding model.
    case embedding
  }

  /// What is called.
  public var kind: Kind
  /// What requests and settings call the model; the provider's name by default.
  public var name: String
  /// Why nothing came of it (`timed_out`, `rate_limited` …; `abandoned` by whoever asked); nil: it answered.
  public var failure: String?
  /// Tokens that were sent, as the provider counted them, or as they are thought to be where it counts none.
  public var promptTokens = 0
  /// Tokens that came back; 0 for vectors.
  public var completionTokens = 0
  /// What they cost, in the money of the prices that are set; 0 where none is.
  public var cost = 0.0
  /// Whether it is only a part of what a call took that is counted with somebody else.
  public var isShare = false

  /// What `failure` says of a call that whoever asked gave up.
  public static let abandoned = "abandoned"

  /// Makes a call that took nothing.
  public init(_ kind: Kind, name: String, failure: String? = nil) {
    self.kind = kind
    self.name = name
    self.failure = failure
  }
}

/// Who is told of the calls that a task makes: whoever begins the work sets it, whatever makes a call tells it.
public struct CallMeter: Sendable {
  /// That of this task; nil: nobody is told.
  @TaskLocal public static var current: CallMeter?

  private let take: @Sendable (ProviderCall) -> Void

  /// Makes a meter that gives each call to a closure.
  public init(_ take: @escaping @Sendable (ProviderCall) -> Void) { self.take = take }

  /// Takes a call.
  public func count(_ call: ProviderCall) { take(call) }

  /// A meter for work that is done for several at once: tokens and costs are shared evenly, the call itself is the
  /// first one's.
  ///
  /// - Parameter meters: theirs; nil for those that nobody counts for.
  public init?(sharing meters: [CallMeter?]) {
    let meters = meters.compactMap { $0 }
    guard let first = meters.first else { return nil }
    guard meters.count > 1 else {
      self = first
      return
    }
    self.init { call in
      for (place, meter) in meters.enumerated() {
        var share = call
        share.isShare = place > 0
        share.promptTokens = Self.share(of: call.promptTokens, place, meters.count)
        share.completionTokens = Self.share(of: call.completionTokens, place, meters.count)
        share.cost = call.cost / Double(meters.count)
        meter.count(share)
      }
    }
  }

  /// Whole tokens, all of which are somebody's.
  private static func share(of tokens: Int, _ place: Int, _ count: Int) -> Int {
    tokens / count + (place < tokens % count ? 1 : 0)
  }
}
