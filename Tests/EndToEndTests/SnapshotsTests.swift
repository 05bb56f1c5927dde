import AcervoTesting
import Foundation
import Testing

/// Snapshots as artifacts, on the programs and the handbook: refused, undone, compared, signed, taken elsewhere.
@Suite(.serialized, .enabled(if: Project.isThere(Project.models + "/use-multilingual-v3"), "scripts/setup models"))
struct SnapshotsTests {
  private let folder: TemporaryFolder
  private var snapshots: String { folder.path + "/snapshots" }

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: Project.root + "/fixtures/handbook", toPath: folder.path + "/pages")
  }

  private func index(size: Int = 2000, _ publish: String = "") throws -> Ended {
    let file = try folder.write(
      """
      acervo: 1
      name: handbook
      stages:
        - fetch: { sources: [{ id: files, folder: { path: pages, url: "https://help.example/" } }] }
        - chunk: { size: \(size), overlap: \(size / 5) }
        - embed: { model: use-multilingual-v3 }
        - index: { languages: [es, en] }
      publish:
        to: snapshots
      \(publish)
      """, to: "handbook.yaml")
    return try run("acervo", "index", "--json", file)
  }

  private func snapshotsCommand(_ arguments: String...) throws -> Ended {
    try run("acervo", ["snapshots"] + arguments + ["--snapshots", snapshots])
  }

  private var current: String {
    get throws { try FileManager.default.destinationOfSymbolicLink(atPath: snapshots + "/handbook/current") }
  }

  private func json(_ ended: Ended) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
  }

  @Test func `Chunks of 50 characters are refused by the gate, and nothing but the candidate is left`() throws {
    let gate =
      "  gate: { questions: \(Project.root)/evals/handbook.yaml, at_least: { containment: 0.5, hit@5: 0.9 }, "
      + "worse_by_at_most: { containment: 5% } }"
    #expect(try index(gate).status == 0)
    let good = try current
    let refused = try index(size: 50, gate)
    #expect(refused.status == 4)
    #expect(try current == good)
    let report = try json(refused)
    #expect(report["outcome"] as? String == "gate_refused")
    let candidate = try #require(report["snapshot"] as? String)
    let measures = try #require((report["gate"] as? [String: Any])?["worse"] as? [[String: Any]])
    #expect(measures.count >= 5)
    let list = try snapshotsCommand("list")
    #expect(list.lines.contains { $0.hasPrefix("! handbook/\(candidate)") && $0.hasSuffix("refused by the gate") })
    #expect(list.lines.contains { $0.hasPrefix("* handbook/\(good)") })
    let diff = try snapshotsCommand("diff", good, candidate)
    #expect(diff.output.contains("chunk.size: 2000 → 50"))
    #expect(diff.output.contains("pages added") == false)
    // In words for people, without --json.
    let again = try run("acervo", "index", folder.path + "/handbook.yaml")
    #expect(again.status == 4)
    #expect(again.errors.contains("questions that got worse:") && again.errors.contains("containment"))
  }

  @Test func `A diff names exactly what was edited, and a rollback undoes it under the service`() throws {
    #expect(try index().status == 0)
    let first = try current
    let pages = folder.path + "/pages"
    func edit(_ path: String, _ change: (String) -> String) throws {
      let text = try String(contentsOfFile: pages + path, encoding: .utf8)
      let changed = change(text)
      #expect(changed != text)
      try changed.write(toFile: pages + path, atomically: true, encoding: .utf8)
    }
    try edit("/en/refunds.html") { $0.replacing("5 to 10 working days", with: "2 working days") }
    try edit("/es/planes.html") { $0.replacing("<h1>", with: "<h1>Nuevo: ") }
    try FileManager.default.moveItem(atPath: pages + "/en/password.html", toPath: pages + "/en/passphrase.html")
    try FileManager.default.removeItem(atPath: pages + "/en/data-retention.html")
    try folder.write("# Holidays\n\nThe office is closed in August.\n", to: "pages/en/holidays.md")
    #expect(try index().status == 0)
    let second = try current
    let diff = try json(try snapshotsCommand("diff", "--json", "--questions", Project.root + "/evals/handbook.yaml"))
    func urls(_ name: String, _ key: String = "url") -> [String] {
      (diff[name] as? [[String: Any]] ?? []).compactMap {
        ($0[key] as? String)?.replacing("https://help.example/", with: "")
      }
    }
    #expect(diff["from"] as? String == first && diff["to"] as? String == second)
    #expect(urls("added") == ["en/holidays.md"])
    #expect(urls("removed") == ["en/data-retention.html"])
    #expect(urls("moved", "from") == ["en/password.html"] && urls("moved", "to") == ["en/passphrase.html"])
    #expect(urls("changed") == ["en/refunds.html", "es/planes.html"])
    #expect(urls("access").isEmpty && (diff["settings"] as? [Any])?.isEmpty == true)
    let answers = try #require(diff["answers"] as? [[String: Any]])
    #expect(answers.contains { ($0["question"] as? String) == "How long does a refund take?" })

    let server = try Server(snapshots: snapshots)
    func served() throws -> String? {
      ((try server.get("/collections").json["collections"] as? [[String: Any]])?.first)?["snapshot"] as? String
    }
    #expect(try served() == second)
    #expect(try snapshotsCommand("rollback").status == 0)
    #expect(try current == first)
    for _ in 0..<200 where try served() != first { Thread.sleep(forTimeInterval: 0.05) }
    #expect(try served() == first)
    #expect(try snapshotsCommand("rollback").status == 66)
    #expect(try snapshotsCommand("rollback", second).status == 0)
    #expect(try snapshotsCommand("prune", "--keep", "1").lines == ["removed handbook/\(first)"])
  }

  @Test func `A signed snapshot goes to another machine, and no other is served there`() throws {
    let key = folder.path + "/publish.pem"
    #expect(try run("acervo", "snapshots", "keygen", key).status == 0)
    let attributes = try FileManager.default.attributesOfItem(atPath: key)
    #expect((attributes[.posixPermissions] as? Int) == 0o600)
    #expect(try run("acervo", "snapshots", "keygen", key).status == 73)
    #expect(try index("  sign: { key: publish.pem }").status == 0)
    #expect(try snapshotsCommand("verify", "--require-signature", key + ".pub").status == 0)

    let archive = folder.path + "/handbook.tar"
    #expect(try snapshotsCommand("export", "--to", archive).status == 0)
    let elsewhere = folder.path + "/elsewhere"
    let imported = try run(
      "acervo", "snapshots", "import", "--snapshots", elsewhere, "--require-signature", key + ".pub", archive)
    #expect(imported.status == 0 && imported.output.hasSuffix("imported, current\n"))
    let server = try Server(snapshots: elsewhere, "--require-signature", key + ".pub")
    let answer = try server.post("/ask", ["question": "How long does a refund take?"])
    #expect(answer.status == 200)
    #expect((answer.json["id"] as? String)?.hasPrefix("handbook.\(try current).") == true)
    server.stop()

    // One byte of the archive's index is another one.
    var bytes = try Data(contentsOf: URL(filePath: archive))
    bytes[bytes.count / 2] ^= 4
    try bytes.write(to: URL(filePath: archive))
    let third = folder.path + "/third"
    #expect(try run("acervo", "snapshots", "import", "--snapshots", third, archive).status == 65)
    #expect(!FileManager.default.fileExists(atPath: third + "/handbook/current"))
    #expect(try run("acervo", "snapshots", "keygen", folder.path + "/other.pem").status == 0)
    let foreign = try run(
      "acervo", "snapshots", "verify", "--snapshots", elsewhere, "--require-signature", folder.path + "/other.pem.pub")
    #expect(foreign.status == 65)
    #expect(foreign.errors.contains("its signature is not by the required key"))
  }
}
