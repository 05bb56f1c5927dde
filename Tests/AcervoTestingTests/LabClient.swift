import AcervoTesting
import Corpus
import FoundationEssentials
import HTTPClient
import Testing

/// A plain client of the lab: what was answered, nothing hidden.
struct LabClient: Sendable {
  struct Reply {
    var status: Int
    var json: JSONValue
    var response: HTTPResponse

    /// The ids of a listing's rows.
    var ids: [String] { (json["results"]?.array ?? []).compactMap { $0["id"]?.string } }
    var next: String? { json["_links"]?["next"]?.string }
  }

  let lab: ConfluenceLab
  let client: HTTPClient
  var authorization: String?

  init(_ lab: ConfluenceLab) throws {
    self.lab = lab
    client = try HTTPClient()
    authorization = Self.basic(lab.email, ConfluenceLab.siteToken)
  }

  static func basic(_ name: String, _ secret: String) -> String {
    "Basic " + Data("\(name):\(secret)".utf8).base64EncodedString()
  }

  /// Asks for a path of the site (`/api/v2/…`), or for a whole address.
  func get(_ path: String, method: String = "GET", body: String = "", headers: [(String, String)] = []) async throws
    -> Reply
  {
    let address = path.hasPrefix("http") ? path : path.hasPrefix("/wiki/") ? lab.origin + path : lab.siteURL + path
    let url = try #require(WebURL(address))
    var all = headers.map { (name: $0.0, value: $0.1) }
    if let authorization { all.append(("Authorization", authorization)) }
    let response = try await client.send(
      HTTPRequest(method: method, url: url, headers: all, body: Array(body.utf8), timeout: 60))
    return Reply(
      status: response.status, json: (try? JSONValue(parsing: response.body)) ?? .null, response: response)
  }

  /// Walks a listing to its end by `next`; every page's rows.
  func walk(_ path: String) async throws -> [[String]] {
    var pages: [[String]] = []
    var next: String? = path
    while let link = next {
      let reply = try await get(link)
      #expect(reply.status == 200, "\(link): \(reply.json.text())")
      pages.append(reply.ids)
      // Version 1 leaves the context out of its links.
      next = reply.next.map { $0.hasPrefix("/rest") ? lab.siteURL + $0 : $0 }
      #expect(pages.count < 500, "a walk without an end")
      if pages.count >= 500 { break }
    }
    return pages
  }
}

/// A small site that every test makes for itself.
func smallSite(_ pages: Int = 120, seed: UInt64 = 3) -> LabSite { LabSite(LabSite.Shape(pages: pages, seed: seed)) }
