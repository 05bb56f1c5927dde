internal import Corpus
internal import Pages

/// What people's browsers ask for: the chat and search pages with their scripts.
///
/// The files themselves are open to everybody; what they show is asked for with the caller's own key.
struct PageRoutes: Sendable {
  var all: [Route] { Page.all.map(route) }

  private func route(to page: Page) -> Route {
    let tag = "\"" + ContentHash.of(page.bytes).hex.prefix(24) + "\""
    let headers: [ServerRequest.Field] = [
      .init("ETag", tag), .init("Cache-Control", "no-cache"), .init("X-Content-Type-Options", "nosniff"),
      .init("Content-Security-Policy", Page.contentSecurityPolicy), .init("Referrer-Policy", "no-referrer"),
    ]
    let whole = ServerResponse(contentType: page.contentType, headers: headers, body: page.bytes)
    let same = ServerResponse(status: 304, contentType: nil, headers: headers, body: [])
    let type = String(page.contentType.prefix { $0 != ";" })
    return Route(
      "GET", page.path, name: "page " + page.path, summary: "A file of the pages for people.", scope: .open,
      result: (type, .text),
      handler: .immediate { request in
        let known = request.header("If-None-Match")?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
        return known.contains(where: { $0 == tag || $0 == "W/" + tag || $0 == "*" }) ? same : whole
      })
  }
}
