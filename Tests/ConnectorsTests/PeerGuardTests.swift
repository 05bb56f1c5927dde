import HTTPClient
import Testing

@testable import Connectors

@Suite struct PeerGuardTests {
  private func url(_ text: String) throws -> WebURL { try #require(WebURL(text)) }

  @Test(arguments: ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "::1", "fd00::1"])
  func `A crawl from a public start stays out of private networks`(address: String) throws {
    let start = try url("https://docs.example/")
    let peers = PeerGuard(starts: [start])
    #expect(peers.accepts("8.8.8.8", for: start))
    #expect(!peers.accepts(address, for: try url("https://other.example/")))
    // Also when the start's own name changes its address later.
    #expect(!peers.accepts(address, for: start))
  }

  @Test func `A crawl from a private start may stay there and go out, not to this machine`() throws {
    let start = try url("http://wiki.corp/")
    let peers = PeerGuard(starts: [start])
    #expect(peers.accepts("10.1.2.3", for: start))
    #expect(peers.accepts("10.9.9.9", for: try url("http://other.corp/")))
    #expect(peers.accepts("8.8.8.8", for: try url("http://public.example/")))
    #expect(!peers.accepts("127.0.0.1", for: try url("http://localhost/")))
  }

  @Test func `A crawl from this machine stays on it`() throws {
    let start = try url("http://127.0.0.1:8080/")
    let peers = PeerGuard(starts: [start])
    #expect(peers.accepts("127.0.0.1", for: start))
    #expect(peers.accepts("127.0.0.1", for: try url("http://localhost:9/")))
    #expect(!peers.accepts("10.0.0.1", for: try url("http://10.0.0.1/")))
  }

  @Test func `Nothing else than a start's first connection widens what is allowed`() throws {
    let peers = PeerGuard(starts: [try url("https://docs.example/")])
    #expect(!peers.accepts("127.0.0.1", for: try url("http://localhost/")))
    #expect(peers.accepts("8.8.8.8", for: try url("https://docs.example/")))
    #expect(!peers.accepts("127.0.0.1", for: try url("http://localhost/")))
  }
}
