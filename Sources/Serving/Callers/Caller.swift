public import Corpus

/// What a caller needs to be allowed to use a route.
public enum Scope: String, Sendable, CaseIterable, Comparable {
  /// Anybody, known or not: probes and the contract itself.
  case open
  /// Whoever may ask.
  case ask
  /// Whoever may read the numbers about the service.
  case metrics
  /// Whoever runs the service.
  case admin

  /// In the order of the cases.
  public static func < (left: Scope, right: Scope) -> Bool { left.rank < right.rank }

  private var rank: Int { Scope.allCases.firstIndex(of: self) ?? 0 }
}

/// Who asks, as far as it was proven.
public struct Caller: Sendable, Hashable {
  /// For logs and limits: a key's name, a token's subject; never a secret.
  ///
  /// At most 200 bytes, no control characters.
  public let name: String
  /// Whom the caller is: what documents name as their readers.
  ///
  /// Groups are added by the snapshot that is asked.
  public var principals: Set<Principal>
  /// What the caller may do.
  public var scopes: Set<Scope>
  /// The id of the key that was shown; nil for anybody known in another way.
  public var keyID: String?

  /// Makes a caller.
  ///
  /// - Parameters:
  ///   - name: made fit for a log: cut to 200 bytes, control characters replaced.
  ///   - principals: none by default: such a caller finds what is open to everybody.
  ///   - scopes: none by default.
  ///   - keyID: nil by default.
  public init(_ name: String, principals: Set<Principal> = [], scopes: Set<Scope> = [], keyID: String? = nil) {
    let plain = name.unicodeScalars.lazy.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }
    var text = String.UnicodeScalarView()
    var size = 0
    for scalar in plain {
      size += UTF8.width(scalar)
      if size > 200 { break }
      text.append(scalar)
    }
    self.name = String(text)
    self.principals = principals
    self.scopes = scopes
    self.keyID = keyID
  }

  /// Nobody known, who may use open routes alone.
  public static let nobody = Caller("nobody")
  /// Whoever reaches a service that asks nobody who they are: may ask and look, finds what is open to everybody.
  public static let anonymous = Caller("anonymous", scopes: [.ask, .metrics])

  /// Whether the caller may use a route.
  public func may(_ scope: Scope) -> Bool { scope == .open || scopes.contains(scope) }
}
