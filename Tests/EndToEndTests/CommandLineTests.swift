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

  @Test func `The schema is JSON Schema 2020-12`() throws {
    let schema = try JSONSerialization.jsonObject(with: Data(run("acervo", "schema").output.utf8)) as? [String: Any]
    #expect(schema?["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
  }
}
