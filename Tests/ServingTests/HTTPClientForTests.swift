import HTTPClient

enum HTTPClientForTests {
  static func make() throws -> HTTPClient { try HTTPClient(.init(userAgent: "acervo-tests")) }
}
