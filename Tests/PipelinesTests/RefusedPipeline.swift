import Pipelines
import Settings
import Testing

/// A pipeline file with one thing wrong, and exactly what is said about it.
struct RefusedPipeline: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var text: String
  /// `line:column: message → mend`, or 0:0 for the file as a whole.
  var expected: [String]

  init(_ name: String, _ part: String, _ replacement: String, _ expected: String...) {
    testDescription = name
    text = Self.base.replacing(part, with: replacement, maxReplacements: 1)
    self.expected = expected
  }

  static let base = """
    acervo: 1
    name: handbook
    stages:
      - fetch:
          sources:
            - id: files
              folder: { path: ../pages }
            - id: docs
              web: { start: ["https://docs.example/"] }
      - clean: { content: main }
      - chunk: { by: structure, size: 2000 }
      - embed: { provider: local }
      - index: { languages: [es, en] }
    publish:
      to: ../snapshots

    """
}

@Suite struct RefusedPipelineTests {
  @Test func `what the refused files are made from is right`() throws {
    _ = try PipelineFile.parse(RefusedPipeline.base, path: "p.yaml", environment: [:])
  }

  @Test(arguments: RefusedPipeline.settings + RefusedPipeline.syntax)
  func `is refused with place, reason and mend`(refused: RefusedPipeline) {
    #expect(refused.text != RefusedPipeline.base)
    let environment = ["BAD_NAME": "A B", "BAD_URL": "gopher://x", "HOME": "/root"]
    let error = #expect(throws: SettingsErrors.self) {
      try PipelineFile.parse(refused.text, path: "p.yaml", environment: environment)
    }
    let found = error?.errors.map { error in
      "\(error.position.line):\(error.position.column): \(error.message) → \(error.mend)"
    }
    #expect(found == refused.expected)
    #expect(error?.description.contains("gopher") == false, "a value of the environment is shown")
  }

  @Test func `several faults are told in one go, in the order of their lines`() {
    let text = """
      acervo: 1
      name: Two Words
      stages:
        - fetch: { sources: [{ id: files, folder: { paht: "${PAGES}" } }] }
        - chunk: { size: 0, by: magic }
        - index: {}
      publish: { to: ../snapshots, keep: many }
      """
    let error = #expect(throws: SettingsErrors.self) {
      try PipelineFile.parse(text, path: "pipelines/two.yaml", environment: [:])
    }
    #expect(
      error?.text() == """
        pipelines/two.yaml:2:7: error: “name” needs a name of 1 to 64 small letters, digits and hyphens, not “Two Words”
            2 | name: Two Words
              |       ^
            write a name of 1 to 64 small letters, digits and hyphens
        pipelines/two.yaml:3:1: error: the stage “embed” is missing
            3 | stages:
              | ^
            add “- embed: …”; the stages are, in this order: fetch, clean, chunk, embed, index
        pipelines/two.yaml:4:37: error: “path” is missing in “folder”
            4 |   - fetch: { sources: [{ id: files, folder: { paht: "${PAGES}" } }] }
              |                                     ^
            add “path:”. The folder.
        pipelines/two.yaml:4:47: error: unknown key “paht” in “folder”
            4 |   - fetch: { sources: [{ id: files, folder: { paht: "${PAGES}" } }] }
              |                                               ^
            did you mean “path”? known here: “path”, “include”, “exclude”, “url”
        pipelines/two.yaml:5:20: error: “size” needs a whole number from 1 to 1,000,000, not the number 0
            5 |   - chunk: { size: 0, by: magic }
              |                    ^
            write a whole number from 1 to 1,000,000
        pipelines/two.yaml:5:27: error: “by” cannot be “magic”
            5 |   - chunk: { size: 0, by: magic }
              |                           ^
            it can be: “structure”, “recursive”
        pipelines/two.yaml:7:36: error: “keep” needs a whole number from 1 to 1,000, not “many”
            7 | publish: { to: ../snapshots, keep: many }
              |                                    ^
            write a whole number from 1 to 1,000
        """)
  }
}
