internal import Corpus
internal import FoundationEssentials
internal import HTTPClient
internal import Synchronization

/// Asks one site: sends, waits as the site wants it, tries again what may succeed, and says what went wrong.
///
/// Only reading requests are sent, so each may be sent again. The token goes to the site's own address and nowhere else:
/// redirects are not followed.
final class ConfluenceClient: Sendable {
  /// What an answer's objects cost in the points of Atlassian's quotas.
  enum Cost: Int, Sendable {
    /// A page, a space, an attachment.
    case content = 1
    /// A user, a group, a permission.
    case identity = 2
  }

  /// What was asked so far.
  struct Totals: Sendable, Equatable {
    var requests = 0
    /// One for each request and one or two for each object that came (2 March 2026's quotas).
    var points = 0
    /// Of bodies, decoded.
    var bytes = 0
  }

  /// Counts requests.
  final class Counter: Sendable {
    fileprivate let values = Mutex(Totals())

    /// Starts at nought.
    init() {}
  }

  /// How many times a request is sent that is answered by 5xx or not at all.
  static let tries = 4
  /// The largest answer that is read, in bytes.
  private static let maximumAnswer = 64 << 20
  /// What is accepted where a file is asked for.
  private static let anything = "*/*"

  /// The address below which both `/api/v2` and `/rest/api` are, without a slash at its end.
  let root: String
  let limiter: SiteLimiter
  let timing: RetryTiming
  let authorization: String?
  let http: HTTPClient
  private let deadline: ContinuousClock.Instant
  private let maximumWait: Double
  private let totals: Counter
  /// Why no further request is sent; set once.
  private let ended = Mutex<ConfluenceError?>(nil)
  private let said = Mutex<Set<String>>([])

  /// Makes a client; nothing is sent.
  ///
  /// - Parameters:
  ///   - root: the address of the API.
  ///   - authorization: the header field's value; nil asks as nobody.
  ///   - http: sends the requests.
  ///   - limiter: the site's.
  ///   - timing: the clock, the sleep and the dice.
  ///   - deadline: no request is sent after it.
  ///   - maximumWait: a site that asks to wait for more seconds is not waited for.
  ///   - totals: where requests are counted; several clients of one run count together.
  init(
    root: String, authorization: String?, http: HTTPClient, limiter: SiteLimiter, timing: RetryTiming,
    deadline: ContinuousClock.Instant, maximumWait: Double, totals: Counter = Counter()
  ) {
    self.root = root
    self.authorization = authorization
    self.http = http
    self.limiter = limiter
    self.timing = timing
    self.deadline = deadline
    self.maximumWait = maximumWait
    self.totals = totals
  }

  /// The same for another root.
  func moved(to root: String) -> ConfluenceClient {
    ConfluenceClient(
      root: root, authorization: authorization, http: http, limiter: limiter, timing: timing, deadline: deadline,
      maximumWait: maximumWait, totals: totals)
  }

  /// What was asked so far.
  var counted: Totals { totals.values.withLock { $0 } }

  /// What operators should know though nothing failed: deprecations that the site announces.
  var notes: [String] { said.withLock { $0.sorted() } }

  /// Why no further request is sent; nil while there may be more.
  var end: ConfluenceError? { ended.withLock { $0 } }

  /// The time, in seconds since 1970.
  var now: Int64 { Int64(timing.now()) }

  // MARK: JSON

  /// Gets JSON.
  ///
  /// - Parameters:
  ///   - path: below the root, beginning with `/`, percent-encoded.
  ///   - query: names and values as they are.
  ///   - cost: what the objects of the answer are.
  ///   - tries: how many times at most.
  /// - Returns: the answer's body.
  /// - Throws: `ConfluenceError`; `CancellationError`.
  func get(
    _ path: String, _ query: [(String, String)] = [], cost: Cost = .content, tries: Int = tries
  ) async throws -> JSONValue {
    let response = try await send("GET", path, query, body: [], accept: "application/json", tries: tries)
    return try count(response.json, cost)
  }

  /// Asks with a body; for the site's reading requests that need one.
  func post(_ path: String, _ body: JSONValue, cost: Cost) async throws -> JSONValue {
    let response = try await send("POST", path, [], body: body.bytes, accept: "application/json", tries: Self.tries)
    return try count(response.json, cost)
  }

  private func count(_ json: JSONValue?, _ cost: Cost) throws -> JSONValue {
    guard let json else { throw ConfluenceError(.badAnswer, url: root, "no answer", mend: "run again") }
    let objects = json["results"]?.array?.count ?? 1
    totals.values.withLock { $0.points += objects * cost.rawValue }
    return json
  }

  // MARK: Requests

  /// The first answer to a request for a file: the file, or where it is.
  func firstAnswer(_ path: String, largest: Int) async throws -> (url: WebURL, response: HTTPResponse) {
    guard let url = WebURL(root + path) else {
      throw ConfluenceError(.badRequest, url: root + path, "this is no address", mend: "mend `url`")
    }
    let answer = try await send(
      "GET", path, [], body: [], accept: Self.anything, tries: Self.tries, largest: largest)
    totals.values.withLock { $0.points += Cost.content.rawValue }
    return (url, answer.response)
  }

  /// The origin of the site's own address: where the token may go.
  var siteOrigin: String? { WebURL(root)?.origin }

  /// Counts what another host sent.
  func countBytes(_ count: Int) { totals.values.withLock { $0.bytes += count } }

  private struct Answer {
    var response: HTTPResponse
    var json: JSONValue?
  }

  private func send(
    _ method: String, _ path: String, _ query: [(String, String)], body: [UInt8], accept: String, tries: Int,
    largest: Int = maximumAnswer
  ) async throws -> Answer {
    let shown = root + path + Self.text(of: query)
    guard let url = WebURL(shown) else {
      throw ConfluenceError(.badRequest, url: shown, "this is no address", mend: "mend `url`")
    }
    var tried = 0
    var refused = 0
    while true {
      if let end { throw end }
      if ContinuousClock.now >= deadline {
        throw stop(
          .init(.outOfTime, url: shown, "the time of `limits.time` is used up", mend: "run again, or allow more time"))
      }
      if let pause = try await limiter.enter(longest: maximumWait) { throw stop(Self.tooLong(pause, shown)) }
      let result = try await once(method, url, body: body, accept: accept, largest: largest)
      let fault: ConfluenceError
      switch result {
      case .success(let answer): return answer
      case .failure(let error):
        fault = error.error
        if error.isRefusal {
          // Each refusal has halved the number of requests at a time; the pause is the limiter's.
          refused += 1
          guard refused < 3 * Self.tries else { throw fault }
          if error.pause == nil { try await wait(afterTries: refused, shown) }
          continue
        }
      }
      tried += 1
      // A token that was good a moment ago is asked once more before all is ended for it.
      let isLost = fault.kind == .unauthorized && tried >= 2
      if isLost { throw stop(fault) }
      guard tried < tries, fault.mayBeTooMuch || fault.kind == .unauthorized, fault.kind != .tooLarge else {
        throw fault
      }
      try await wait(afterTries: tried, shown)
    }
  }

  /// Atlassian's figures: from 2 s, doubling, at most 30 s, 0.7 to 1.3 of it.
  func wait(afterTries tries: Int, _ shown: String) async throws {
    var seconds = 2.0
    for _ in 1..<max(1, tries) where seconds < 30 { seconds *= 2 }
    seconds = min(seconds, 30) * (0.7 + 0.6 * timing.random())
    guard ContinuousClock.now + .seconds(seconds) < deadline else { throw stop(Self.tooLong(seconds, shown)) }
    try await timing.sleep(seconds)
  }

  private static func tooLong(_ seconds: Double, _ shown: String) -> ConfluenceError {
    ConfluenceError(
      .outOfTime, url: shown, "the site asks to wait \(Int(seconds.rounded(.up))) s, longer than `limits.wait` allows",
      mend: "run again later, or allow a longer wait")
  }

  /// Notes that nothing more is sent in this run.
  private func stop(_ error: ConfluenceError) -> ConfluenceError {
    ended.withLock { ended in
      if ended == nil { ended = error }
    }
    return error
  }

  private struct Failure: Error {
    var error: ConfluenceError
    var isRefusal = false
    var pause: Double?
  }

  /// One try: what it gave, and what the site said about its patience.
  private func once(
    _ method: String, _ url: WebURL, body: [UInt8], accept: String, largest: Int
  ) async throws -> Result<Answer, Failure> {
    var request = HTTPRequest(method: method, url: url, body: body, timeout: 120, maximumBodySize: largest)
    request.headers = [("Accept", accept), ("X-Atlassian-Token", "no-check")]
    if method == "POST" { request.headers.append(("Content-Type", "application/json")) }
    if let authorization { request.headers.append(("Authorization", authorization)) }
    let left = (deadline - ContinuousClock.now).components.seconds
    request.timeout = min(request.timeout, Double(max(1, left)))
    let before = totals.values.withLock { totals in
      totals.requests += 1
      totals.points += 1
      return totals
    }
    let response: HTTPResponse
    do {
      response = try await http.send(request)
    } catch let error as HTTPError {
      await limiter.leave(.init())
      return .failure(Failure(error: ConfluenceError(error, url: url.description)))
    } catch {
      await limiter.leave(.init())
      throw error
    }
    totals.values.withLock { $0.bytes += response.body.count }
    let cost = Double(before.points) / Double(max(1, before.requests))
    let pressure = SiteLimiter.Pressure(response, cost: cost, now: timing.now())
    await limiter.leave(pressure)
    note(response, url)
    if accept == Self.anything, response.status == 200 || (300...399).contains(response.status) {
      return .success(Answer(response: response, json: nil))
    }
    guard response.status == 200 else {
      let error = ConfluenceError(
        status: response.status, url: url.description, body: response.body, hasToken: authorization != nil)
      return .failure(Failure(error: error, isRefusal: pressure.isRefusal, pause: pressure.pause))
    }
    return Self.read(response, url).mapError { Failure(error: $0) }
  }

  /// A body that is JSON; a log-in page in its place is none.
  private static func read(_ response: HTTPResponse, _ url: WebURL) -> Result<Answer, ConfluenceError> {
    let first = response.body.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    let isHTML = response.header("content-type")?.lowercased().hasPrefix("text/html") == true
    guard first != UInt8(ascii: "<"), !isHTML else {
      return .failure(
        ConfluenceError(
          .badAnswer, url: url.description, "HTML came in place of JSON: a log-in page?",
          mend: "log-in pages (SSO) need a `token` that the site accepts; check `url` and its path too"))
    }
    do {
      return .success(Answer(response: response, json: try JSONValue(parsing: response.body)))
    } catch {
      return .failure(
        ConfluenceError(
          .badAnswer, url: url.description, "the answer is no JSON: \(error)",
          mend: "run again; look for a proxy that cuts or changes answers"))
    }
  }

  private func note(_ response: HTTPResponse, _ url: WebURL) {
    guard let warning = response.header("warning") ?? response.header("deprecation") else { return }
    let path = url.path.split(separator: "/").map { $0.allSatisfy(\.isNumber) ? "…" : String($0) }
    said.withLock { said in
      if said.count < 20 { said.insert("the site deprecates /\(path.joined(separator: "/")): \(warning.prefix(200))") }
    }
  }

  // MARK: Addresses

  /// `?a=b&c=d`, percent-encoded.
  private static func text(of query: [(String, String)]) -> String {
    guard !query.isEmpty else { return "" }
    return "?" + query.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
  }

  /// RFC 3986's unreserved characters and commas as they are, all else as percent-encoded UTF-8.
  static func encoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || "-._~,".utf8.contains(byte) {
        bytes.append(byte)
      } else {
        PercentEncoding.appendEscape(byte, to: &bytes)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The header field that shows who asks: a bearer's token, or a user's by name.
  static func authorization(user: String?, token: String?) -> String? {
    guard let token else { return nil }
    guard let user else { return "Bearer \(token)" }
    return "Basic " + Data("\(user):\(token)".utf8).base64EncodedString()
  }
}
