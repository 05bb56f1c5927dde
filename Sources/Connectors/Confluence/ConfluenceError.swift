internal import Corpus
internal import HTTPClient

/// Why the site did not give what it was asked for.
struct ConfluenceError: Error, Equatable, CustomStringConvertible {
  /// What callers decide by.
  enum Kind: Sendable, Equatable {
    /// 404: it does not exist, or the account may not see it.
    case notFound
    /// 400: the request is not understood; also a cursor that is worth nothing any more.
    case badRequest
    /// 401: the token is not accepted (any more).
    case unauthorized
    /// 403: the account may not do this.
    case forbidden
    /// 410 and the like: the site does not know this way of asking.
    case unsupported
    /// 413, 414, or an answer larger than is read: ask for less.
    case tooLarge
    /// Something that may be over a little later, and was not after several tries.
    case transient
    /// Not what was asked for: another page, broken JSON.
    case badAnswer
    /// The run has no time left for the waits that the site asks for.
    case outOfTime
  }

  var kind: Kind
  /// What was asked for, without secrets.
  var url: String
  /// What happened.
  var message: String
  /// How to mend it.
  var mend: String

  init(_ kind: Kind, url: String, _ message: String, mend: String) {
    self.kind = kind
    self.url = url
    self.message = message
    self.mend = mend
  }

  var description: String { "\(url): \(message); \(mend)" }

  /// Whether asking for less may help.
  var mayBeTooMuch: Bool { kind == .transient || kind == .tooLarge || kind == .badAnswer }

  /// Whether nothing more can be had in this run.
  var endsRun: Bool { kind == .outOfTime || kind == .unauthorized }

  /// Whether the site has said for good that it does not give this.
  var isRefusal: Bool {
    kind == .forbidden || kind == .notFound || kind == .unsupported || kind == .badRequest
  }
}

extension ConfluenceError {
  /// What an answer with an error status means.
  init(status: Int, url: String, body: [UInt8], hasToken: Bool) {
    let said = Self.words(of: body).map { ": “\($0)”" } ?? ""
    let what = "HTTP status \(status)\(said)"
    switch status {
    case 400:
      self.init(.badRequest, url: url, what, mend: "look whether `deployment` and `url` fit the site")
    case 401:
      self.init(
        .unauthorized, url: url, what,
        mend: hasToken
          ? "check `user` and `token`: is the token expired, of another account, or one with scopes? "
            + "Those and OAuth tokens work at https://api.atlassian.com/ex/confluence/CLOUD-ID only"
          : "give a `token`")
    case 403:
      self.init(.forbidden, url: url, what, mend: "give the account of `token` the right to see it")
    case 404:
      self.init(.notFound, url: url, what, mend: "it is not there, or the account of `token` may not see it")
    case 410:
      self.init(
        .unsupported, url: url, what, mend: "the site no longer offers this; set `deployment` to what the site is")
    case 413, 414: self.init(.tooLarge, url: url, what, mend: "less is asked for at once")
    case 300...399:
      self.init(
        .badAnswer, url: url, what + ", a redirect",
        mend: "write the site's own address as `url`; behind a log-in page only a token helps")
    case 429: self.init(.transient, url: url, what, mend: "run again later, or lower `polite.concurrency`")
    case 500...599: self.init(.transient, url: url, what, mend: "run again; look at the page when it stays")
    default: self.init(.badAnswer, url: url, what, mend: "look whether `url` is that of a Confluence site")
    }
  }

  /// An exchange that gave no answer.
  init(_ error: HTTPError, url: String) {
    let kind: Kind =
      switch error.kind {
      case .tooLarge: .tooLarge
      case _ where error.isTransient: .transient
      case .badResponse: .transient
      default: .badAnswer
      }
    self.init(
      kind, url: url, error.message, mend: error.mend.isEmpty ? "check `url` and the way to the site" : error.mend)
  }

  /// The site's own words, shortened: its errors come in several forms.
  private static func words(of body: [UInt8]) -> String? {
    guard body.count < 1 << 16, let json = try? JSONValue(parsing: body) else { return nil }
    let first = json["errors"]?.array?.first
    let words = json["message"]?.string ?? first?["title"]?.string ?? first?["detail"]?.string
    guard let words, !words.isEmpty else { return nil }
    return String(words.prefix(200))
  }
}
