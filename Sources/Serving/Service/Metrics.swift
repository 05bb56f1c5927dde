internal import Corpus
internal import Synchronization

/// Counts what happens and writes it in Prometheus' text format (version 0.0.4).
public final class Metrics: Sendable {
  /// Upper bounds of the latency histogram, in seconds.
  static let buckets = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private struct Latency {
    var counts = [Int](repeating: 0, count: Metrics.buckets.count)
    var total = 0
    var seconds = 0.0
  }

  private struct RequestKey: Hashable, Comparable {
    var route: String
    var status: Int

    static func < (left: RequestKey, right: RequestKey) -> Bool {
      (left.route, left.status) < (right.route, right.status)
    }
  }

  private struct State {
    var inFlight = 0
    var requests: [RequestKey: Int] = [:]
    var latencies: [String: Latency] = [:]
    var swaps: [String: Int] = [:]
    var refusals: [String: Int] = [:]
  }

  private let state = Mutex(State())

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
      state.latencies[name, default: Latency()].total += 1
      state.latencies[name]?.seconds += seconds
      if let bucket = Metrics.buckets.firstIndex(where: { seconds <= $0 }) {
        state.latencies[name]?.counts[bucket] += 1
      }
    }
  }

  func swapped(_ collection: String) { state.withLock { $0.swaps[collection, default: 0] += 1 } }

  func refused(_ collection: String) { state.withLock { $0.refusals[collection, default: 0] += 1 } }

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
      histogram(state.latencies),
      Family(
        "acervo_snapshot_swaps_total", .counter, "Snapshots taken over since the start.", byCollection(state.swaps)),
      Family(
        "acervo_snapshots_refused_total", .counter, "Snapshots refused since the start.", byCollection(state.refusals)),
    ]
    families += gauges
    return families.map(\.text).joined()
  }

  private func byCollection(_ counts: [String: Int]) -> [Family.Sample] {
    counts.sorted { $0.key < $1.key }.map { ([("collection", $0.key)], Double($0.value)) }
  }

  private func histogram(_ latencies: [String: Latency]) -> Family {
    var family = Family(
      "acervo_http_request_seconds", .histogram, "From a request's head to its queued response.", [])
    for (route, latency) in latencies.sorted(by: { $0.key < $1.key }) {
      var sum = 0
      for (bound, count) in zip(Metrics.buckets, latency.counts) {
        sum += count
        family.samples.append(([("route", route), ("le", "\(bound)")], Double(sum)))
        family.suffixes.append("_bucket")
      }
      family.samples.append(([("route", route), ("le", "+Inf")], Double(latency.total)))
      family.samples.append(([("route", route)], latency.seconds))
      family.samples.append(([("route", route)], Double(latency.total)))
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
