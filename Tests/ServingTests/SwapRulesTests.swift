import AcervoTesting
import Corpus
import Foundation
import LMDB
import Snapshots
import Testing

@testable import Serving

/// What has to hold before a snapshot answers, and how the service is told to look.
@Suite(.serialized) struct SwapRulesTests {
  let handbook: PublishedHandbook

  init() throws {
    handbook = try PublishedHandbook()
  }

  private func store(signedBy keys: [VerifyingKey] = [], metrics: Metrics = Metrics()) -> CollectionStore {
    CollectionStore(
      folder: handbook.folder.path, signedBy: keys, embedders: EmbedderPool { _ in HashingEmbedder() },
      metrics: metrics, log: ServiceLog { _ in })
  }

  @Test func `no file with a flipped bit ever answers, at the start or later`() async throws {
    let good = try await handbook.publish(1)
    let bad = try await handbook.publish(2)
    let folder = try CollectionFolder(snapshots: handbook.folder.path, collection: "handbook")
    let path = try folder.folder(ofSnapshot: bad) + "/index.mdb"
    let index = try Data(contentsOf: URL(filePath: path))
    // Every kind of page, and seeded places in each.
    var pages: [String: [Int]] = [:]
    for page in stride(from: 0, to: index.count, by: 4096) {
      for name in try Environment.contents(path: path, range: page..<page + 4096) {
        pages[name, default: []].append(page)
      }
    }
    #expect(pages.count >= 11, "\(pages.keys.sorted())")
    var random = SeededGenerator(seed: 17)
    for name in pages.keys.sorted() {
      for _ in 0..<6 {
        let page = try #require(pages[name]?.randomElement(using: &random))
        let place = page + Int.random(in: 0..<4096, using: &random)
        var bytes = index
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        // Removed first: what is mapped must not change.
        try FileManager.default.removeItem(atPath: path)
        try bytes.write(to: URL(filePath: path))

        try folder.makeCurrent(bad)
        let metrics = Metrics()
        let cold = store(metrics: metrics)
        cold.refresh()
        #expect(cold.served.isEmpty && !cold.isReady, "\(name), byte \(place)")
        #expect(cold.refused.map(\.snapshot) == [bad])
        #expect(metrics.text(gauges: []).contains(#"acervo_snapshots_refused_total{collection="handbook"} 1"#))

        try folder.makeCurrent(good)
        cold.refresh()
        #expect(cold.served.map(\.manifest.id) == [good] && cold.refused.isEmpty)
        try folder.makeCurrent(bad)
        cold.refresh()
        #expect(cold.served.map(\.manifest.id) == [good] && cold.refused.map(\.snapshot) == [bad])
      }
    }
    try FileManager.default.removeItem(atPath: path)
    try index.write(to: URL(filePath: path))
    let mended = store()
    mended.refresh()
    #expect(mended.served.map(\.manifest.id) == [bad])
  }

  @Test func `what is refused is tried again when asked, not before`() async throws {
    let good = try await handbook.publish(1)
    let store = store()
    store.refresh()
    let next = try await handbook.publish(2)
    let path = handbook.folder.path + "/handbook/\(next)/manifest.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("\"format\": 2", with: "\"format\": 9").write(toFile: path, atomically: true, encoding: .utf8)
    store.refresh()
    #expect(store.refused.first?.reason.contains("format 9") == true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    store.refresh()
    #expect(store.served.map(\.manifest.id) == [good])
    store.refresh(retriesRefused: true)
    #expect(store.served.map(\.manifest.id) == [next] && store.refused.isEmpty)
  }

  @Test func `a folder that is away for a moment is tried again by itself`() async throws {
    let good = try await handbook.publish(1)
    let store = store()
    store.refresh()
    let next = try await handbook.publish(2)
    let folder = handbook.folder.path + "/handbook/"
    #expect(rename(folder + next, folder + "away") == 0)
    store.refresh()
    #expect(store.served.map(\.manifest.id) == [good] && store.refused.map(\.isPassing) == [true])
    #expect(rename(folder + "away", folder + next) == 0)
    store.refresh()
    #expect(store.served.map(\.manifest.id) == [next])
  }

  @Test func `a damaged collection is told of and does not hold up the others`() async throws {
    let store = store()
    try handbook.folder.write([1], to: "a-file")
    let broken = handbook.folder.path + "/broken"
    try FileManager.default.createDirectory(atPath: broken, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: broken + "/current", withDestinationPath: "nowhere")
    let id = try await handbook.publish(1)
    store.refresh()
    #expect(store.served.map(\.manifest.id) == [id] && store.served.first?.fields["label"] == .keyword)
    #expect(store.refused.map(\.collection) == ["broken"])
    // It never answered; when it is gone, nothing is told of it any more.
    try FileManager.default.removeItem(atPath: broken)
    store.refresh()
    #expect(store.refused.isEmpty && store.isReady)
  }

  @Test func `only signed snapshots answer where a signature is required`() async throws {
    try await handbook.publish(1)
    let key = try SigningKey.generate()
    let store = store(signedBy: [try VerifyingKey(pem: key.publicPEM, name: "k")])
    store.refresh()
    #expect(store.served.isEmpty)
    #expect(store.refused.first?.reason.contains("not signed") == true)
    let id = try await handbook.publish(2, signedBy: key)
    store.refresh()
    #expect(store.served.map(\.manifest.id) == [id])
  }

  // MARK: POST /admin/reload

  private func ready(_ service: QueryService) async throws {
    #expect(try await eventually { try await request("GET", "/ready", port: service.port).status == 200 })
  }

  private static let key = "correct-horse-battery-staple"

  @Test func `reload says what answers when it is done`() async throws {
    let first = try await handbook.publish(1)
    let service = try handbook.serve(adminKey: AdminKey(Self.key + "\n", from: "test"))
    try await ready(service)
    func reload() async throws -> RawResponse {
      try await request(
        "POST", "/admin/reload", port: service.port, headers: ["Authorization: Bearer \(Self.key)"])
    }
    let idle = try await reload()
    #expect(idle.status == 200)
    #expect(idle.json["collections"]?.array?.first?["snapshot"]?.string == first)
    let second = try await handbook.publish(2)
    #expect(try await reload().json["collections"]?.array?.first?["snapshot"]?.string == second)
    // Of another model than the service has.
    let third = try await handbook.publish(3, embedder: HashingEmbedder(dimensions: 32))
    let refused = try await reload()
    #expect(refused.json["collections"]?.array?.first?["snapshot"]?.string == second)
    #expect(refused.json["refused"]?.array?.first?["snapshot"]?.string == third)
    let error = try #require(refused.json["refused"]?.array?.first?["error"]?.string)
    #expect(error.contains("hashing"))
    // Whoever may ask is told which, not where and why.
    let collections = try await request("GET", "/collections", port: service.port)
    #expect(collections.json["refused"]?.array == [["name": .string("handbook"), "snapshot": .string(third)]])
    #expect(collections.json["collections"]?.array?.first?["parent"]?.string == first)
    #expect(!collections.text.contains(error))
  }

  @Test(arguments: [
    [], ["Authorization: Bearer wrong-horse-battery-staple"], ["Authorization: Basic correct-horse-battery-staple"],
    ["X-API-Key: "], ["Authorization: Bearer correct-horse-battery-staplee"],
  ])
  func `a wrong key or none is refused`(headers: [String]) async throws {
    let service = try handbook.serve(adminKey: AdminKey(Self.key, from: "test"))
    let answer = try await request("POST", "/admin/reload", port: service.port, headers: headers)
    #expect(answer.status == 401)
    let right = try await request("POST", "/admin/reload", port: service.port, headers: ["X-API-Key: \(Self.key)"])
    #expect(right.status == 200)
  }

  @Test func `without a configured key nobody reloads`() async throws {
    let service = try handbook.serve()
    let answer = try await request(
      "POST", "/admin/reload", port: service.port, headers: ["Authorization: Bearer "])
    #expect(answer.status == 403)
  }

  @Test(arguments: ["", "short", "fifteen-letters", "has a space in its middle", "ñandú-ñandú-ñandú"])
  func `a weak or unsendable key is refused at the start`(key: String) {
    #expect(throws: ServingError.self) { _ = try AdminKey(key, from: "test") }
  }
}
