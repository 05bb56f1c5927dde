internal import Corpus
internal import Synchronization

extension Metrics {
  /// How long a step took, as far as the histogram tells, in milliseconds.
  struct StepTime: Sendable, Equatable {
    var name: String
    var count: Int
    /// Half took at most so long.
    var half: Double
    /// 19 of 20 took at most so long.
    var most: Double

    init(name: String, count: Int, half: Double, most: Double) {
      (self.name, self.count, self.half, self.most) = (name, count, half, most)
    }

    /// Of times that are known one by one, in milliseconds.
    init(_ name: String, of times: [Double]) {
      let sorted = times.sorted()
      func quantile(_ share: Double) -> Double {
        sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
      }
      self.init(name: name, count: sorted.count, half: quantile(0.5), most: quantile(0.95))
    }
  }

  /// Responses since the start by what became of them.
  var outcomes: JSONValue {
    var counts: [String: Int64] = [:]
    // Who asks whether the service is ready is told no until it is: nobody was refused anything.
    for (key, count) in state.withLock(\.requests) where key.route != "/ready" {
      let outcome =
        switch key.status {
        case ..<400: "answered"
        case 429, 503: "limited"
        case 500...: "failed"
        default: "refused"
        }
      counts[outcome, default: 0] += Int64(count)
    }
    return .object(["answered", "refused", "limited", "failed"].map { .init($0, .integer(counts[$0] ?? 0)) })
  }

  /// The steps of the work on answers since the start, in the order in which they are done.
  var stepTimes: [StepTime] {
    let steps = state.withLock(\.steps)
    return Step.allCases.compactMap { step in
      guard let latency = steps[step.rawValue], latency.total > 0 else { return nil }
      return StepTime(
        name: step.rawValue, count: latency.total, half: latency.quantile(0.5) * 1_000,
        most: latency.quantile(0.95) * 1_000)
    }
  }
}

extension Metrics.Latency {
  /// The time that a share of all stayed below, in seconds: within a bucket as if all were spread evenly in it.
  func quantile(_ share: Double) -> Double {
    let wanted = share * Double(total)
    var below = 0.0
    var lower = 0.0
    for (bound, count) in zip(Metrics.buckets, counts) {
      if count > 0, below + Double(count) >= wanted {
        return lower + (bound - lower) * (wanted - below) / Double(count)
      }
      below += Double(count)
      lower = bound
    }
    return lower
  }
}
