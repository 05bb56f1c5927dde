internal import Corpus
internal import Credentials
internal import Glibc

/// Tells who asks from tokens that an issuer signed with a key of its published set (RS256).
struct TokenVerifier: Sendable {
  /// Looks at the claims of a token whose signature is right: who asks, or why not.
  typealias Check = @Sendable (WebToken, Route) throws -> Caller

  let keys: KeySetCache
  let check: Check
  /// Told of every token that is not believed.
  let refuse: @Sendable (TokenFault) -> Void

  /// Who asks.
  func identify(_ text: String, for route: Route) -> Identification {
    do throws(TokenFault) {
      // Before any network: of a token that cannot be right nobody is asked.
      let token = try WebToken(text) { (header) throws(TokenFault) in
        try WebToken.checkHeader(header, algorithm: "RS256")
      }
      guard let id = token.header["kid"]?.string, (1...200).contains(id.utf8.count) else { throw .unknownKey }
      switch keys.find(id) {
      case .key(let key): return caller(of: token, signedWith: key, for: route)
      case .unknown: throw .unknownKey
      case .unavailable: return .refused(Self.unavailable)
      case .fetching(let task):
        return .pending {
          await task.value
          let outcome: Identification =
            switch keys.known(id) {
            case .key(let key): caller(of: token, signedWith: key, for: route)
            case .unknown, .fetching: refused(.unknownKey)
            case .unavailable: .refused(Self.unavailable)
            }
          switch outcome {
          case .known(let caller): return caller
          case .refused(let failure): throw failure
          case .pending: throw RequestFailure.unexpected
          }
        }
      }
    } catch {
      return refused(error)
    }
  }

  private func caller(of token: WebToken, signedWith key: RSAPublicKey, for route: Route) -> Identification {
    guard key.accepts(token.signature, of: token.signed) else { return refused(.signature) }
    do {
      return .known(try check(token, route))
    } catch let fault as TokenFault {
      return refused(fault)
    } catch let failure as RequestFailure {
      return .refused(failure)
    } catch {
      return .refused(.unexpected)
    }
  }

  private func refused(_ fault: TokenFault) -> Identification {
    refuse(fault)
    return .refused(.unknownCaller("The token was not believed."))
  }

  /// The keys cannot be had: nobody's fault who asks, and no reason to believe anybody.
  static let unavailable = RequestFailure(
    503, "The issuer's keys cannot be had at the moment.", headers: [.init("Retry-After", "5")])
}

/// The wall clock, in seconds since 1970.
@Sendable func wallSeconds() -> Int64 { Int64(time(nil)) }
