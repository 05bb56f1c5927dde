/// What stands between the network and the routes, beside sizes and times.
public struct FrontSettings: Sendable {
  /// Proxies whose `X-Forwarded-For` is believed.
  public var trustedProxies: [NetworkRange] = []
  /// Which web pages of other origins may read answers.
  public var crossOrigin = CrossOrigin()
  /// How often somebody may ask.
  public var rates = Rates()

  /// Sends traces; nil: none are sent.
  var exporter: TraceExporter?

  /// No proxies, no other origins, no rates.
  public init() {}

  /// Where a request comes from: the last address on its way that is no proxy of ours.
  func address(of peer: NetworkAddress?, _ head: ServerRequest) -> NetworkAddress? {
    guard let peer else { return nil }
    guard !trustedProxies.isEmpty else { return peer }
    func isProxy(_ address: NetworkAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }
    var address = peer
    let fields = head.headers.filter { sameHeaderName($0.name, "X-Forwarded-For") }
    // Each proxy adds behind the others whom it got the request from.
    for hop in fields.flatMap({ $0.value.split(separator: ",") }).reversed() {
      guard isProxy(address), let next = NetworkAddress(String(hop.filter { $0 != " " })) else { break }
      address = next
    }
    return address
  }
}
