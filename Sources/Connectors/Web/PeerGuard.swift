internal import HTTPClient
internal import Synchronization

/// Keeps a crawl that began on public addresses away from private ones, whatever names and redirects say.
///
/// The addresses behind the starts are the user's own choice: their kinds are learned from the first connection to
/// each start. Everything later may go to public addresses and to those kinds only. It is asked between connecting
/// and sending, so that nothing reaches a refused peer, not even when a name changes its address in between.
final class PeerGuard: Sendable {
  /// Where an address lies.
  enum Kind: Hashable {
    case publicNetwork
    case privateNetwork
    case loopback

    init(address: String) {
      if address.hasPrefix("127.") || address == "::1" {
        self = .loopback
      } else {
        self = IPAddress.isPrivateOrLocal(address) ? .privateNetwork : .publicNetwork
      }
    }
  }

  private struct State {
    var kinds: Set<Kind> = [.publicNetwork]
    /// The places of the starts that nobody has connected to yet.
    var unmet: Set<String>
  }

  private let state: Mutex<State>

  init(starts: [WebURL]) {
    let places = Set(starts.map(CrawlScope.place))
    state = Mutex(State(unmet: places))
  }

  /// Whether a request for this URL may be sent to this address.
  func accepts(_ address: String, for url: WebURL) -> Bool {
    let kind = Kind(address: address)
    return state.withLock { state in
      if state.unmet.remove(CrawlScope.place(of: url)) != nil { state.kinds.insert(kind) }
      return state.kinds.contains(kind)
    }
  }
}
