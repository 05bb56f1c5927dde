/// Why a provider gave no answer.
///
/// Neither a key nor what was asked is ever part of it.
public struct ProviderError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it was: by it callers decide whether to try again or to ask another.
  public enum Kind: String, Sendable, Equatable, CaseIterable {
    /// Nothing answers at its address.
    case unreachable
    /// It took too long.
    case timedOut = "timed_out"
    /// It does not accept the key, or there is none.
    case refusedKey = "refused_key"
    /// It answers no more for now: too many requests, or the quota is used up.
    case rateLimited = "rate_limited"
    /// It is overloaded or broken.
    case unavailable
    /// It does not have the model.
    case noModel = "no_model"
    /// It does not accept the request.
    case refusedRequest = "refused_request"
    /// What came is not what its interface promises.
    case badResponse = "bad_response"
    /// What came ended too early.
    case cut
    /// It will not answer this: its own rules forbid it.
    case blocked
    /// Nothing of what it said stands in the sources.
    case unsupported
    /// It failed so often lately that it is left alone for a while.
    case resting
  }

  /// What kind of failure it was.
  public var kind: Kind
  /// Who failed.
  public var provider: String
  /// The model that was asked for.
  public var model: String
  /// What happened, in the provider's words where it has any: at most 300 characters.
  public var message: String
  /// The seconds that it asks to wait; nil where it asks for nothing.
  public var retryAfter: Double?

  /// Makes an error.
  public init(_ kind: Kind, provider: String, model: String, message: String, retryAfter: Double? = nil) {
    self.kind = kind
    self.provider = provider
    self.model = model
    self.message = String(message.prefix(300))
    self.retryAfter = retryAfter
  }

  /// Whether the same request may well succeed a little later.
  public var isTransient: Bool {
    switch kind {
    case .unreachable, .timedOut, .rateLimited, .unavailable, .cut, .badResponse: true
    case .refusedKey, .noModel, .refusedRequest, .blocked, .unsupported, .resting: false
    }
  }

  /// Whether it says something of the provider's health, rather than of the request.
  public var countsAgainstProvider: Bool {
    switch kind {
    case .refusedRequest, .blocked, .unsupported, .resting: false
    default: true
    }
  }

  /// Who failed, how, and how to mend it.
  public var description: String {
    "\(provider) (\(model)): \(message)" + (mend.isEmpty ? "" : "; \(mend)")
  }

  /// How to mend it; empty where nothing general can be said.
  public var mend: String {
    switch kind {
    case .unreachable: "check its address, and that it runs"
    case .timedOut: "allow more time, or take a faster model"
    case .refusedKey: "give the right key in its environment variable or file"
    case .rateLimited: "ask less often, or raise the quota"
    case .unavailable: "try again later"
    case .noModel: "check the model's name"
    case .refusedRequest, .badResponse: "check that its address is the one of this provider's interface"
    case .cut, .blocked, .unsupported, .resting: ""
    }
  }
}
