internal import Corpus
internal import Credentials
internal import Synchronization

/// Counts what happens and writes it in Prometheus' text format (version 0.0.4).
public final class Metrics: Sendable {
  /// Upper bounds of the latency histogram, in seconds.
  static let buckets = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60]

  struct Latency: Sendable {
    var counts = [Int](repeating: 0, count: Metrics.buckets.count)
    var total = 0
    var seconds = 0.0

    mutating func add(_ duration: Double) {
      total += 1
      seconds += duration
      if let bucket = Metrics.buckets.firstIndex(where: { duration <= $0 }) { counts[bucket] += 1 }
    }
  }

  struct RequestKey: Hashable, Comparable {
    var route: String
    var status: Int

    static func < (left: RequestKey, right: RequestKey) -> Bool {
      (left.route, left.status) < (right.route, right.status)
    }
  }

  struct TokenKey: Hashable, Comparable {
    var kind: String
    var reason: String

    static func < (left: TokenKey, right: TokenKey) -> Bool { (left.kind, left.reason) < (right.kind, right.reason) }
  }

  struct State {
    var inFlight = 0
    var requests: [RequestKey: Int] = [:]
    var latencies: [String: Latency] = [:]
    var steps: [String: Latency] = [:]
    var swaps: [String: Int] = [:]
    var refusals: [String: Int] = [:]
    var tokens: [TokenKey: Int] = [:]
    var tokenAge = (count: 0, seconds: 0.0)
    var repeatedTokens = 0
    var forgeEvents: [String: Int] = [:]
  }

  let state = Mutex(State())
  /// Counts what answers cost and how they end.
  public let meter = Meter()

  /// Starts at zero.
  public init() {}

  func began() { state.withLock { $0.inFlight += 1 } }

  func ended() { state.withLock { $0.inFlight -= 1 } }

  /// Counts a response; paths that are no route share one name, or a scanner would fill the memory with names.
  func answered(route: Route?, status: Int, after duration: Duration) {
    let name = route?.path ?? "other"
    let (whole, attoseconds) = duration.components
    let seconds = Double(whole) + Double(attoseconds) / 1e18
    state.withLock { state in
      state.requests[RequestKey(route: name, status: status), default: 0] += 1
      state.latencies[name, default: Latency()].add(seconds)
    }
  }

  /// Counts a step of the work on an answer.
  func took(_ step: Step, _ duration: Duration) {
    let (whole, attoseconds) = duration.components
    let seconds = Double(whole) + Double(attoseconds) / 1e18
    state.withLock { $0.steps[step.rawValue, default: Latency()].add(seconds) }
  }

  func swapped(_ collection: String) { state.withLock { $0.swaps[collection, default: 0] += 1 } }

  func refused(_ collection: String) { state.withLock { $0.refusals[collection, default: 0] += 1 } }

  /// Counts a key or a token that was not believed.
  func tokenRefused(_ kind: String, _ fault: TokenFault) {
    state.withLock { $0.tokens[TokenKey(kind: kind, reason: fault.rawValue), default: 0] += 1 }
  }

  /// Notes how old an invocation token was: as much as the clocks here and there differ, and the way takes.
  func forgeTokenAge(_ seconds: Double) {
    state.withLock { state in
      state.tokenAge.count += 1
      state.tokenAge.seconds += seconds
    }
  }

  /// Counts an invocation token that was shown before.
  func forgeTokenRepeated() { state.withLock { $0.repeatedTokens += 1 } }

  /// Counts an event of a Forge app by its kind (`avi:confluence:updated:page` is `updated`), unknown ones together.
  func forgeEvent(_ type: String?) {
    let known: Set = [
      "created", "updated", "moved", "copied", "archived", "unarchived", "trashed", "restored", "deleted",
      "permissions_updated", "tick",
    ]
    let words = type?.split(separator: ":").map(String.init) ?? []
    let kind = words.first(where: known.contains) ?? "other"
    state.withLock { $0.forgeEvents[kind, default: 0] += 1 }
  }

  /// The text, with gauges that others measure put at its end.
  func text(gauges: [Family]) -> String {
    let state = state.withLock { $0 }
    var families = [
      Family("acervo_http_requests_in_flight", .gauge, "Requests begun and not ended.", [([], Double(state.inFlight))]),
      Family(
        "acervo_http_requests_total", .counter, "Responses by route and status.",
        state.requests.sorted { $0.key < $1.key }.map {
          ([("route", $0.key.route), ("status", String($0.key.status))], Double($0.value))
        }),
      histogram(
        "acervo_http_request_seconds", "From a request's head to its queued response.", by: "route", state.latencies),
      histogram("acervo_step_seconds", "Steps of the work on an answer.", by: "step", state.steps),
      Family(
        "acervo_snapshot_swaps_total", .counter, "Snapshots taken over since the start.", byCollection(state.swaps)),
      Family(
        "acervo_snapshots_refused_total", .counter, "Snapshots refused since the start.", byCollection(state.refusals)),
    ]
    families += [
      Family(
        "acervo_credentials_refused_total", .counter, "Keys and tokens that were not believed.",
        state.tokens.sorted { $0.key < $1.key }.map {
          ([("kind", $0.key.kind), ("reason", $0.key.reason)], Double($0.value))
        }),
      Family(
        "acervo_forge_token_age_seconds_sum", .counter, "How old invocation tokens were, added up.",
        [([], state.tokenAge.seconds)]),
      Family(
        "acervo_forge_token_age_seconds_count", .counter, "Invocation tokens that were believed.",
        [([], Double(state.tokenAge.count))]),
      Family(
        "acervo_forge_tokens_repeated_total", .counter, "Invocation tokens that were shown before.",
        [([], Double(state.repeatedTokens))]),
      Family(
        "acervo_forge_events_total", .counter, "Events of a Forge app by kind.",
        state.forgeEvents.sorted { $0.key < $1.key }.map { ([("event", $0.key)], Double($0.value)) }),
    ]
    families += meter.families
    families += gauges
    return families.map(\.text).joined()
  }

  private func byCollection(_ counts: [String: Int]) -> [Family.Sample] {
    counts.sorted { $0.key < $1.key }.map { ([("collection", $0.key)], Double($0.value)) }
  }

  private func histogram(
    _ name: String, _ help: String, by label: String, _ latencies: [String: Latency]
  ) -> Family {
    var family = Family(name, .histogram, help, [])
    for (route, latency) in latencies.sorted(by: { $0.key < $1.key }) {
      var sum = 0
      for (bound, count) in zip(Metrics.buckets, latency.counts) {
        sum += count
        family.samples.append(([(label, route), ("le", "\(bound)")], Double(sum)))
        family.suffixes.append("_bucket")
      }
      family.samples.append(([(label, route), ("le", "+Inf")], Double(latency.total)))
      family.samples.append(([(label, route)], latency.seconds))
      family.samples.append(([(label, route)], Double(latency.total)))
      family.suffixes += ["_bucket", "_sum", "_count"]
    }
    return family
  }

  /// A metric with its samples.
  struct Family {
    typealias Sample = (labels: [(String, String)], value: Double)
    enum Kind: String {
      case counter, gauge, histogram
    }

    var name: String
    var kind: Kind
    var help: String
    var samples: [Sample]
    /// What a histogram's samples put after the name; one a sample, or none at all.
    var suffixes: [String] = []

    init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
      self.name = name
      self.kind = kind
      self.help = help
      self.samples = samples
    }

    var text: String {
      var text = "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
      for (index, sample) in samples.enumerated() {
        let labels = sample.labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
        let suffix = suffixes.isEmpty ? "" : suffixes[index]
        let value = Int(exactly: sample.value).map { String($0) } ?? String(sample.value)
        text += name + suffix + (labels.isEmpty ? "" : "{\(labels)}") + " \(value)\n"
      }
      return text
    }

    private func escaped(_ value: String) -> String {
      value.reduce(into: "") { text, character in
        switch character {
        case "\\": text += "\\\\"
        case "\"": text += "\\\""
        case "\n": text += "\\n"
        default: text.append(character)
        }
      }
    }
  }
}
