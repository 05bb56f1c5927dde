internal import HTTPClient

/// Files, which other hosts may send.
extension ConfluenceClient {
  /// So many redirects are followed.
  private static let maximumRedirects = 5

  /// Gets a file.
  ///
  /// Redirects are followed here and nowhere else; another host than the site's own does not get the token, and a site
  /// that is asked by https may not send on to one without.
  ///
  /// - Parameters:
  ///   - path: below the root, with its query, percent-encoded.
  ///   - largest: more bytes are not read.
  /// - Returns: the file's bytes and what the answer calls them.
  /// - Throws: `ConfluenceError`; `CancellationError`.
  func file(_ path: String, largest: Int) async throws -> (bytes: [UInt8], type: String) {
    var tried = 0
    while true {
      var (url, response) = try await firstAnswer(path, largest: largest)
      do {
        for _ in 0..<Self.maximumRedirects where (300...399).contains(response.status) {
          guard let target = response.header("location").flatMap({ WebURL($0, base: url) }), target.isHTTP,
            target.scheme == "https" || url.scheme == "http"
          else { break }
          response = try await follow(to: target, from: url, largest: largest)
          url = target
        }
        guard response.status == 200 else {
          // The other host's 401 says nothing of the token, which it did not get.
          let status = response.status == 401 ? 403 : response.status
          throw ConfluenceError(status: status, url: root + path, body: [], hasToken: true)
        }
        return (response.body, response.header("content-type") ?? "")
      } catch let error as ConfluenceError where error.kind == .transient || error.kind == .forbidden {
        // The way to the bytes is good for a short time only: it is asked for anew.
        tried += 1
        guard tried < 3 else { throw error }
        try await wait(afterTries: tried, root + path)
      }
    }
  }

  private func follow(to target: WebURL, from url: WebURL, largest: Int) async throws -> HTTPResponse {
    var request = HTTPRequest(url: target, timeout: 120, maximumBodySize: largest)
    if target.origin == siteOrigin, let authorization { request.headers = [("Authorization", authorization)] }
    do {
      let response = try await http.send(request)
      countBytes(response.body.count)
      if (500...599).contains(response.status) {
        throw ConfluenceError(status: response.status, url: url.description, body: [], hasToken: false)
      }
      return response
    } catch let error as HTTPError {
      throw ConfluenceError(error, url: url.description)
    }
  }
}
