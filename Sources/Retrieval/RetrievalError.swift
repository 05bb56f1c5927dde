internal import Corpus

/// Why a snapshot cannot be searched.
public struct RetrievalError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: Sendable, Equatable {
    /// The snapshot has vectors and no embedder was given.
    case missingEmbedder
    /// The embedder is not the one that made the vectors.
    case otherEmbedder
    /// The snapshot's indexes do not fit its chunks.
    case damaged
    /// The request cannot be answered.
    case badRequest
  }

  /// What kind of failure it is.
  public let code: Code
  /// What is wrong.
  public let reason: String
  /// What to do about it.
  public let mend: String

  init(_ code: Code, _ reason: String, mend: String) {
    self.code = code
    self.reason = reason
    self.mend = mend
  }

  /// Reason and mend in one line.
  public var description: String { "\(reason); \(mend)" }

  static func missing(_ wanted: EmbedderFingerprint, snapshot: String) -> RetrievalError {
    RetrievalError(
      .missingEmbedder, "snapshot \(snapshot) was embedded with \(named(wanted)) and no embedder is there",
      mend: "get that model and name its folder in $ACERVO_MODELS")
  }

  static func other(_ given: EmbedderFingerprint, _ wanted: EmbedderFingerprint, snapshot: String) -> RetrievalError {
    RetrievalError(
      .otherEmbedder,
      "snapshot \(snapshot) was embedded with \(named(wanted)), the embedder here is \(named(given))",
      mend: "use the model that it was embedded with, or index again with this one")
  }

  private static func named(_ fingerprint: EmbedderFingerprint) -> String {
    "“\(fingerprint.model)” (\(fingerprint.provider), fingerprint \(fingerprint.digest.hex.prefix(12)))"
  }
}
