internal import CZlib
internal import Corpus
internal import FoundationEssentials

/// Refresh tokens: each use makes a new one, and the one before it may be used again for ten minutes.
struct LabRefresh: Sendable {
  var current = "lab-refresh-1"
  var previous: (token: String, until: Int64)?
  var made = 1
}

extension LabState {
  /// What a fault answers in the place of the operation.
  mutating func refusal(for hit: [LabFault.Kind], _ call: LabCall) -> LabRefusal? {
    for kind in hit {
      guard let reply = reply(for: kind, call) else { continue }
      counts.faults += 1
      return LabRefusal(reply: reply)
    }
    return nil
  }

  private func reply(for kind: LabFault.Kind, _ call: LabCall) -> LabReply? {
    switch kind {
    case .tooMany(let after): return tooMany(after, reason: "confluence-burst-based")
    case .status(let status):
      return .html("<html><head><title>\(status)</title></head><body><h1>\(status)</h1></body></html>", status: status)
    case .maintenance(let seconds):
      var reply = LabReply.html("<html><body><h1>We'll be back</h1></body></html>", status: 503)
      reply.headers.append(("Retry-After", "\(seconds)"))
      return reply
    case .loginPage:
      return .html(
        "<!DOCTYPE html><html><head><title>Log in</title></head><body><form>…</form></body></html>", status: 200)
    case .unauthorized: return LabRefusal.gateway(401, "Unauthorized").reply
    case .forbidden:
      return LabRefusal.v1(403, "Current user not permitted to use Confluence").reply
    case .notFound: return call.isV2 ? LabRefusal.notFound.reply : LabRefusal.v1(404, "No content found").reply
    case .gone: return Self.gone.reply
    case .endless:
      let link =
        call.linkPath + (call.query.isEmpty ? "" : "?")
        + call.query.map { "\($0.name)=\(LabCall.encoded($0.value))" }
        .joined(separator: "&")
      return .json(["results": [], "_links": ["next": .string(link), "base": .string(base(call))]])
    case .bodies, .slow, .cut, .hangUp, .gzip, .invalidUTF8, .late: return nil
    }
  }

  static var gone: LabRefusal {
    let message =
      "com.atlassian.confluence.api.service.exceptions.GoneException: This deprecated endpoint has been removed."
    return LabRefusal(reply: .json(["statusCode": 410, "message": .string(message)], status: 410))
  }

  private func tooMany(_ after: LabFault.RetryAfter, reason: String) -> LabReply {
    var reply = LabRefusal.gateway(429, "Rate limit exceeded").reply
    switch after {
    case .seconds(let seconds):
      reply.headers.append(("Retry-After", "\(seconds)"))
      reply.headers.append(("RateLimit-Reason", reason))
    case .date(let seconds):
      // A date has whole seconds: rounded up, so that the wait is never cut short.
      reply.headers.append(("Retry-After", Self.httpDate(site.now / 1_000 + Int64(seconds) + 1)))
      reply.headers.append(("RateLimit-Reason", reason))
    case .missing: reply.headers.append(("X-Failure-Category", "FAILURE_CLIENT_RATE_LIMITED"))
    }
    return reply
  }

  /// An HTTP date: `Sat, 21 Nov 2026 18:02:13 GMT`.
  static func httpDate(_ seconds: Int64) -> String {
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let text = Moment.text(seconds)
    let parts = text.split { "-T:Z".contains($0) }
    let day = days[Int(seconds / 86_400 % 7)]
    let month = months[(Int(parts[1]) ?? 1) - 1]
    return "\(day), \(parts[2]) \(month) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) GMT"
  }

  /// What a fault does to a finished answer.
  mutating func change(_ answer: inout LoopbackSite.Answer, _ kind: LabFault.Kind, _ call: LabCall) {
    switch kind {
    case .slow(let bytes): answer.pace = max(10, bytes)
    case .cut(let count): answer.cut = min(count, max(0, answer.body.count - 1))
    case .hangUp: answer.status = 0
    case .late(let seconds): answer.delay = seconds
    case .gzip where call.header("accept-encoding")?.contains("gzip") == true:
      answer.body = Self.compressed(answer.body)
      answer.headers.append(("Content-Encoding", "gzip"))
    case .invalidUTF8 where !answer.body.isEmpty:
      // In the middle of the first long text: a lone continuation byte.
      let place = answer.body.firstIndex(of: UInt8(ascii: "<")) ?? answer.body.count / 2
      answer.body[place] = 0xA9
    default: return
    }
    counts.faults += 1
  }

  private static func compressed(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    // 15 bits of window, and 16 for gzip's head and tail.
    guard deflateInit2_(&stream, 6, Z_DEFLATED, 31, 8, 0, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return bytes }
    defer { deflateEnd(&stream) }
    var bytes = bytes
    var result = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 32)
    let count = bytes.withUnsafeMutableBufferPointer { input in
      result.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        deflate(&stream, Z_FINISH)
        return Int(stream.total_out)
      }
    }
    return Array(result.prefix(count))
  }

  /// Refuses a request beyond the quota of this hour.
  mutating func spend(_ call: LabCall) throws {
    guard let quota = options.quota else { return }
    let hour = site.now / 3_600_000
    if used.hour != hour { used = (hour, 0) }
    guard used.points >= quota else { return }
    let left = Int((hour + 1) * 3_600 - site.now / 1_000)
    throw LabRefusal(reply: tooMany(.seconds(left), reason: "confluence-quota-tenant-based"))
  }

  func quotaHeaders(_ quota: Int) -> [(name: String, value: String)] {
    let left = max(0, quota - used.points)
    let seconds = Int((used.hour + 1) * 3_600 - site.now / 1_000)
    let reset = Moment.text((used.hour + 1) * 3_600).prefix(16) + "Z"
    var headers = [
      ("X-RateLimit-Limit", "\(quota)"), ("X-RateLimit-Remaining", "\(left)"), ("X-RateLimit-Reset", String(reset)),
      ("RateLimit-Policy", "\"global-app-quota\";q=\(quota);w=3600"),
      ("RateLimit", "\"global-app-quota\";r=\(left);t=\(max(0, seconds))"),
    ]
    if left * 5 < quota { headers.append(("X-RateLimit-NearLimit", "true")) }
    return headers
  }
}
