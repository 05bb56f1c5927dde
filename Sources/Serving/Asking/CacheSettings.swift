/// How much the service remembers to be faster; nothing that one caller's answer was made of is shown to another.
public struct CacheSettings: Sendable, Equatable {
  /// The bytes of what searches found, by snapshot and principals; 16 MB by default, 0 remembers nothing.
  public var retrievalBytes = 16_000_000
  /// The bytes of language models' answers; 16 MB by default, 0 remembers nothing.
  public var answerBytes = 16_000_000
  /// Seconds that a language model's answer is given again; 600 by default.
  public var answerSeconds = 600

  /// Makes the default settings.
  public init() {}
}
