internal import Corpus
internal import Pages

/// What people's browsers ask for: the chat and search pages with their scripts.
///
/// The files themselves are open to everybody; what they show is asked for with the caller's own key.
struct PageRoutes: Sendable {
  /// The pages themselves, which stand in the contract: the search page shares its path with `POST /search`.
  var pages: [Route] { Page.all.filter { !isFile($0) }.map(route) }
  /// What the pages load: nothing that anybody else asks for.
  var files: [Route] { Page.all.filter(isFile).map(route) }

  private func isFile(_ page: Page) -> Bool { page.path.hasPrefix("/assets/") }

  private func route(to page: Page) -> Route {
    let tag = "\"" + ContentHash.of(page.bytes).hex.prefix(24) + "\""
    let headers: [ServerRequest.Field] = [
      .init("ETag", tag), .init("Cache-Control", "no-cache"), .init("X-Content-Type-Options", "nosniff"),
      .init("Content-Security-Policy", Page.contentSecurityPolicy), .init("Referrer-Policy", "no-referrer"),
    ]
    let whole = ServerResponse(contentType: page.contentType, headers: headers, body: page.bytes)
    let same = ServerResponse(status: 304, contentType: nil, headers: headers, body: [])
    let type = String(page.contentType.prefix { $0 != ";" })
    var route = Route(
      "GET", page.path, name: "page" + page.path.replacing("/", with: "_"), summary: "A page for people, or its file.",
      scope: .open,
      result: (type, .text),
      handler: .immediate { request in
        let known = request.header("If-None-Match")?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
        return known.contains(where: { $0 == tag || $0 == "W/" + tag || $0 == "*" }) ? same : whole
      })
    route.empties = [(304, "What the browser has is still the same.")]
    return route
  }
}
