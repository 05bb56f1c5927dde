import AcervoTesting
import Answering
import Corpus
import Embedding
import Foundation
import Testing

@testable import Serving

@Suite(.timeLimit(.minutes(2))) struct QueryServiceTests {
  let handbook: PublishedHandbook

  init() throws {
    handbook = try PublishedHandbook()
  }

  func post(_ path: String, _ body: String, to service: QueryService) async throws -> RawResponse {
    try await request("POST", path, port: service.port, body: body)
  }

  func ready(_ service: QueryService) async throws {
    let isReady = try await eventually { try await request("GET", "/ready", port: service.port).status == 200 }
    try #require(isReady)
  }

  /// The collection's snapshot that answers now.
  func snapshot(_ service: QueryService, _ number: Int = 0) async throws -> String? {
    let list = try await request("GET", "/collections", port: service.port).json["collections"]?.array ?? []
    return number < list.count ? list[number]["snapshot"]?.string : nil
  }

  @Test func `a question is answered with its evidence and the snapshot it comes from`() async throws {
    let id = try await handbook.publish(7)
    let service = try handbook.serve()
    try await ready(service)
    let answer = try await post("/ask", #"{"question": "What is the disk quota of version 7?"}"#, to: service)
    #expect(answer.status == 200)
    #expect(answer.json["answer"]?.string == "According to “Disk”: The disk quota of version 7 is 7 gigabytes. [1]")
    #expect(answer.json["sources"]?.array?.first?.string == "https://help.example/disk")
    #expect(answer.json["citations"]?.array?.first?["quote"]?.string == "The disk quota of version 7 is 7 gigabytes.")
    #expect(answer.json["citations"]?.array?.first?["heading"]?.string == "Quota")
    #expect(answer.json["collection"]?.string == "handbook")
    #expect(answer.json["snapshot"]?.string == id)
    let spanish = try await post("/ask", #"{"question": "¿Cuál es la cuota de disco de la versión 7?"}"#, to: service)
    #expect(spanish.json["answer"]?.string?.hasPrefix("Según «Disk»: La cuota de disco") == true)
  }

  @Test func `a search takes words or a ready vector, and conditions`() async throws {
    try await handbook.publish(7)
    let service = try handbook.serve()
    try await ready(service)
    let found = try await post("/search", #"{"query": "disk quota", "top_k": 1}"#, to: service)
    #expect(found.json["results"]?.array?.count == 1)
    #expect(found.json["results"]?.array?.first?["url"]?.string == "https://help.example/disk")
    #expect(found.json["results"]?.array?.first?["rank"]?.int == 1)
    let spanish = try await post("/search", #"{"query": "disk quota", "filters": {"language": "es"}}"#, to: service)
    #expect(spanish.json["results"]?.array?.map { $0["url"]?.string } == ["https://help.example/disco"])
    let vector = try await HashingEmbedder().embed(["la cuota de disco"], as: .query)
    let numbers = vector.map { "\($0)" }.joined(separator: ",")
    let byVector = try await post("/search", #"{"vector": [\#(numbers)], "top_k": 1}"#, to: service)
    #expect(byVector.json["results"]?.array?.first?["url"]?.string == "https://help.example/disco")
  }

  @Test func `a search brings neighbours when they are asked for, and fuses as it is told`() async throws {
    try await handbook.publish(7)
    let service = try handbook.serve()
    try await ready(service)
    let body = #"{"query": "disk quota", "neighbours": 1, "per_page": 1, "diversity": 0.3, "fusion": "ranks"}"#
    let found = try await post("/search", body, to: service)
    #expect(found.status == 200, "\(found.json)")
    #expect(found.json["results"]?.array?.first?["before"]?.string == "")
    // First in both lists: 1/61 from each.
    #expect(abs((found.json["results"]?.array?.first?["score"]?.double ?? 0) - 2.0 / 61) < 1e-9)
    let plain = try await post("/search", #"{"query": "disk quota"}"#, to: service)
    #expect(plain.json["results"]?.array?.first?["before"] == nil)
  }

  private static let hugeVector =
    #"{"vector": [\#(Array(repeating: "1e30", count: 64).joined(separator: ","))]}"#

  @Test(arguments: [
    ("/search", "{}", 422, "Either “query” or “vector” has to be given, and not both."),
    ("/search", #"{"vector": [1, 2]}"#, 422, "“vector” has to be 64 finite numbers, as “hashing” makes them."),
    ("/search", hugeVector, 422, "“vector” is too long: its squares have to add up to at most 1e+30."),
    ("/search", #"{"query": "x", "top_k": 101}"#, 422, "“top_k” has to be a whole number from 1 to 100."),
    ("/search", #"{"query": "x", "diversity": 2}"#, 422, "“diversity” has to be a number from 0.0 to 1.0."),
    ("/search", #"{"query": "x", "neighbours": 4}"#, 422, "“neighbours” has to be a whole number from 0 to 3."),
    ("/ask", #"{"question": "x", "fusion": "magic"}"#, 422, "“fusion” has to be one of “scores”, “ranks”."),
    ("/ask", #"{"question": "x", "collection": "other"}"#, 404, "There is no such collection; known are “handbook”."),
    (
      "/ask", #"{"question": "x", "filters": {"date": "soon"}}"#, 422,
      "“filters.date” is not a condition on a date; write a date (2026, 2026-05, 2026-05-17, 2026-05-17T09:30:00+02:00), "
        + "{\"any\": […]} of 1 to 100 such values, or {\"from\": …, \"to\": …} with one end or both."
    ),
    (
      "/search", #"{"query": "x", "filters": {"colour": "red"}}"#, 422,
      "“filters.colour” is no field of this collection; its fields are author (keyword), date (date), label (keyword), "
        + "language (keyword), source (keyword), space (keyword), url (keyword)."
    ),
  ])
  func `a question that cannot be asked is refused by name`(path: String, body: String, status: Int, detail: String)
    async throws
  {
    try await handbook.publish(7)
    let service = try handbook.serve()
    try await ready(service)
    let response = try await post(path, body, to: service)
    #expect(response.status == status)
    #expect(response.detail == detail)
  }

  @Test func `every answer is what the contract says`() async throws {
    try await handbook.publish(7)
    let service = try handbook.serve()
    try await ready(service)
    let contract = try await request("GET", "/openapi.json", port: service.port).json
    #expect(contract["openapi"]?.string == "3.1.0")
    let store = CollectionStore(
      folder: "", embedders: EmbedderPool { _ in HashingEmbedder() }, metrics: Metrics(), log: ServiceLog { _ in })
    let desk = AnswerDesk(
      store: store, finder: EvidenceFinder(rememberedBytes: 0), models: ModelChain([]), settings: AnswerSettings(),
      caches: CacheSettings(), limits: ServerLimits())
    let routes = AnswerRoutes(desk: desk).all + StatusRoutes(desk: desk, journal: nil, metrics: Metrics()).all
    for route in routes {
      let operation = contract["paths"]?[route.path]?[route.method.lowercased()]
      #expect(operation?["operationId"]?.string == route.name)
      let body = ["/ask": #"{"question": "disk quota?"}"#, "/search": #"{"query": "disk"}"#][route.path]
      let response = try await request(route.method, route.path, port: service.port, body: body)
      #expect(response.status == 200)
      if route.result.type == "application/json" {
        #expect(throws: Never.self) { try route.result.schema.check(response.json) }
      }
    }
  }

  @Test func `metrics count what happened`() async throws {
    try await handbook.publish(7)
    let service = try handbook.serve()
    try await ready(service)
    _ = try await post("/ask", "{}", to: service)
    _ = try await request("GET", "/nowhere", port: service.port)
    let text = try await request("GET", "/metrics", port: service.port).text
    #expect(text.contains(#"acervo_http_requests_total{route="/ask",status="422"} 1"#))
    #expect(text.contains(#"acervo_http_requests_total{route="other",status="404"} 1"#))
    #expect(text.contains(#"acervo_http_request_seconds_count{route="/ask"} 1"#))
    #expect(text.contains("acervo_http_requests_in_flight 1"))
    #expect(text.contains(#"acervo_snapshot_chunks{collection="handbook"} 2"#))
  }

  @Test func `nothing is ready before something is published`() async throws {
    let service = try handbook.serve()
    let response = try await post("/ask", #"{"question": "x"}"#, to: service)
    #expect(response.status == 503)
    #expect(try await request("GET", "/ready", port: service.port).status == 503)
    try await handbook.publish(1)
    try await ready(service)
  }

  @Test func `collections come and go, and have to be named where there are several`() async throws {
    let first = try await handbook.publish(1)
    let service = try handbook.serve()
    try await ready(service)
    try await handbook.publish(2, collection: "second")
    #expect(try await eventually { try await snapshot(service, 1) != nil })
    let unnamed = try await post("/ask", #"{"question": "disk quota?"}"#, to: service)
    #expect(unnamed.status == 400)
    #expect(
      unnamed.detail == "There are several collections: name one in “collection”; known are “handbook”, “second”.")
    let named = try await post("/ask", #"{"question": "disk quota?", "collection": "handbook"}"#, to: service)
    #expect(named.json["snapshot"]?.string == first)
    try FileManager.default.removeItem(atPath: handbook.folder.path + "/second/current")
    #expect(try await eventually { try await snapshot(service, 1) == nil })
  }

  @Test func `swaps fail no request, mix no snapshots and leave nothing behind`() async throws {
    var versions = [try await handbook.publish(1): 1]
    let service = try handbook.serve()
    try await ready(service)
    let port = service.port
    let answers = try await withThrowingTaskGroup(of: [RawResponse].self) { group in
      for _ in 0..<4 {
        group.addTask {
          let client = try RawClient(port: port)
          let body = #"{"query": "disk quota", "filters": {"language": "en"}}"#
          var responses: [RawResponse] = []
          while !Task.isCancelled {
            client.send(
              "POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
            responses.append(await client.response())
          }
          return responses
        }
      }
      for version in 2...12 {
        let id = try await handbook.publish(version)
        versions[id] = version
        let isTaken = try await eventually { try await snapshot(service) == id }
        #expect(isTaken)
      }
      group.cancelAll()
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(answers.count > 50)
    var seen: Set<String> = []
    for answer in answers {
      #expect(answer.status == 200)
      let id = try #require(answer.json["snapshot"]?.string)
      let version = try #require(versions[id])
      let text = answer.json["results"]?.array?.first?["text"]?.string
      #expect(text == "The disk quota of version \(version) is \(version) gigabytes.")
      seen.insert(id)
    }
    #expect(seen.count > 5)
    // One mapping and one descriptor: those of the snapshot that answers now.
    let isLeft = try await eventually { mappings() == 2 }
    #expect(isLeft, "\(traces())")
  }

  /// The snapshots of this test that the process has mapped or open.
  private func mappings() -> Int { traces().count }

  private func traces() -> [String] {
    // Read to its end as bytes: the kernel gives it page by page and with a size of 0, and a name in it need be no UTF-8.
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
    while case let count = read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    close(file)
    let maps = String(decoding: bytes, as: UTF8.self)
    let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let opened = descriptors.compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
    return (maps.split(separator: "\n").map(String.init) + opened).filter { $0.contains(handbook.folder.path) }
  }

  @Test func `a damaged snapshot is refused and the old one goes on`() async throws {
    let good = try await handbook.publish(1)
    let lines = HTTPServerTests.Lines()
    let service = try handbook.serve(lines: lines)
    try await ready(service)
    // Published with one bit wrong: made beside, then linked as a publish does.
    let other = try PublishedHandbook()
    try await other.publish(8)
    let bad = try await other.publish(9)
    let file = other.folder.path + "/handbook/\(bad)/index.mdb"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    bytes[bytes.count - 100] ^= 1
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    try bytes.write(to: URL(fileURLWithPath: file))
    let target = handbook.folder.path + "/handbook/"
    try FileManager.default.copyItem(atPath: other.folder.path + "/handbook/\(bad)", toPath: target + bad)
    try FileManager.default.createSymbolicLink(atPath: target + "next", withDestinationPath: bad)
    #expect(rename(target + "next", target + "current") == 0)
    #expect(try await eventually { lines.all.contains { $0.contains("snapshot_refused") } })
    #expect(try await snapshot(service) == good)
    let text = try await request("GET", "/metrics", port: service.port).text
    #expect(text.contains(#"acervo_snapshots_refused_total{collection="handbook"} 1"#))
    #expect(lines.all.contains { $0.contains("snapshot_refused") && $0.contains(bad) })
  }

  @Test func `a snapshot of another model is refused`() async throws {
    try await handbook.publish(1, embedder: HashingEmbedder(dimensions: 32))
    let lines = HTTPServerTests.Lines()
    let service = try handbook.serve(lines: lines)
    #expect(try await eventually { lines.all.contains { $0.contains("snapshot_refused") } })
    #expect(try await request("GET", "/ready", port: service.port).status == 503)
  }
}
