import AcervoTesting
import Foundation
import Testing

@Suite struct CommandLineTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func `Every command has help with an example`() throws {
    let commands = [
      ["index"], ["plan"], ["state"], ["losses"], ["failures", "list"], ["failures", "show"], ["failures", "retry"],
      ["validate"],
      ["schema"], ["search"], ["ask"], ["clean"], ["chunk"], ["embed"], ["doctor"],
      ["eval"], ["snapshots", "list"], ["snapshots", "show"], ["snapshots", "verify"],
      ["access", "explain"], ["access", "list"],
    ]
    for command in commands {
      let help = try run("acervo", command + ["--help"])
      #expect(help.status == 0, "\(command)")
      #expect(help.output.contains("acervo " + command.joined(separator: " ")), "\(command)")
    }
  }

  @Test func `A scheduler understands how it ended`() throws {
    #expect(try run("acervo", "indx").status == 64)
    #expect(try run("acervo", "index").status == 64)
    let broken = try folder.write("acervo: 1\nname: X\n", to: "broken.yaml")
    #expect(try run("acervo", "validate", broken).status == 65)
    #expect(try run("acervo", "index", broken).status == 65)
    #expect(try run("acervo", "search", "--snapshots", folder.path + "/nowhere", "x").status == 66)
    #expect(try run("acervo", "clean", folder.path + "/nowhere.html").status == 66)
    let unreachable = try folder.write(
      """
      acervo: 1
      name: gone
      stages:
        - fetch: { sources: [{ id: site, web: { start: ["http://127.0.0.1:9/"] } }] }
        - chunk: {}
        - embed: { provider: none }
        - index: {}
      publish: { to: "\(folder.path)/out" }
      """, to: "gone.yaml")
    #expect(try run("acervo", "index", "-q", unreachable).status == 69)
  }

  @Test func `A fault in a pipeline file is shown with its line, a caret and the mend`() throws {
    let path = try folder.write(
      """
      acervo: 1
      name: handbook
      stages:
        - fetch:
            sources:
              - id: files
                folder: { path: pages, includes: ["**/*.md"] }
        - chunk: { size: 100, overlap: 400 }
        - embed: {}
        - index: {}
      publish: { to: out }
      """, to: "faulty.yaml")
    let errors = try run("acervo", "validate", path).errors
    #expect(errors.contains("faulty.yaml:7:34"))
    #expect(errors.contains("did you mean “include”"))
    #expect(errors.contains("faulty.yaml:8:"))
    #expect(errors.contains("^"))
  }

  @Test func `Faults are told as JSON too`() throws {
    let path = try folder.write("acervo: 1\nname: Two words\n", to: "faulty.yaml")
    let ended = try run("acervo", "validate", "--json", path)
    let told = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
    #expect(ended.status == 65)
    #expect(told?["valid"] as? Bool == false)
    let errors = try #require(told?["errors"] as? [[String: Any]])
    #expect(errors.contains { $0["line"] as? Int == 2 && $0["mend"] is String })
  }

  private func pipeline(path: String, to: String) throws -> String {
    try folder.write(
      """
      acervo: 1
      name: small
      stages:
        - fetch: { sources: [{ id: files, folder: { path: "\(path)" } }] }
        - chunk: {}
        - embed: { provider: none }
        - index: {}
      publish: { to: "\(to)" }
      """, to: "small.yaml")
  }

  @Test func `A folder without pages makes an empty index, and the run says so`() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/none", withIntermediateDirectories: true)
    let ended = try run("acervo", "index", try pipeline(path: "none", to: "out"))
    #expect(ended.status == 0)
    #expect(ended.errors.contains("empty: look at what the sources name"))
    let search = try run("acervo", "search", "--snapshots", folder.path + "/out", "anything")
    #expect(search.status == 0)
    #expect(search.output == "" && search.errors.contains("nothing found"))
  }

  @Test func `A folder that cannot be made is told in the system's words`() throws {
    _ = try folder.write("Hello.", to: "pages/a.txt")
    let ended = try run("acervo", "index", try pipeline(path: "pages", to: "pages/a.txt/out"))
    #expect(ended.status == 73)
    #expect(ended.errors.contains("Not a directory\n  mend: "))
  }

  /// Else the state's file takes the number of standard output, and the report is written into it.
  @Test func `A run whose standard streams are closed ends as any other`() throws {
    _ = try folder.write("Hello, this is a page about closed streams.", to: "pages/a.txt")
    let path = try pipeline(path: "pages", to: "out")
    for expected: Int32 in [0, 3] {
      let closed = "exec \"$0\" index --json \"$1\" <&- >&- 2>&-"
      #expect(try run("/bin/sh", "-c", closed, Project.programs + "/acervo", path).status == expected)
    }
    #expect(try run("acervo", "snapshots", "verify", "--snapshots", folder.path + "/out").status == 0)
    #expect(try run("acervo", "state", path).status == 0)
  }

  @Test func `A result that cannot be written is told`() throws {
    let full = try run("/bin/sh", "-c", "exec \"$0\" schema > /dev/full", Project.programs + "/acervo")
    #expect(full.status == 73)
    #expect(full.errors.contains("No space left on device"))
  }

  @Test func `The schema is JSON Schema 2020-12`() throws {
    let schema = try JSONSerialization.jsonObject(with: Data(run("acervo", "schema").output.utf8)) as? [String: Any]
    #expect(schema?["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
  }
}
