import Corpus
import Pipelines
import Testing

@Suite struct StageSettingsTests {
  private func settings(_ text: String, path: String = "/a/p.yaml") throws -> StageSettings {
    try PipelineFile.parse(text, path: path, environment: ["SITE": "https://docs.example"]).stageSettings
  }

  @Test func `the canonical form holds what decides results and nothing else`() throws {
    #expect(
      try settings(PipelineSample.full).json.text() == """
        {"fetch":{"files":{"folder":{"include":["**/*.md"],"exclude":["drafts/**"],"url":"https://help.example/"}},\
        "docs":{"web":{"start":["https://docs.example/start"],"include":["/docs/**"],"exclude":["**/print/**"],\
        "limits":{"pages":500,"depth":8,"page_size":"5MB"},"polite":{"robots":"ignore",\
        "user_agent":"acervo-test/1.0"},"sitemap":"only"}}},\
        "clean":{"content":"all","tables":"drop","code":"drop","links":"drop","templates":"learn"},\
        "chunk":{"by":"recursive","size":300,"overlap":30,"unit":"tokens"},\
        "embed":{"provider":"local","model":"mini"},\
        "index":{"languages":["pt-BR"],"lexical":false,"vectors":"float32"}}
        """)
  }

  @Test func `the same pipeline in another folder has the same form`() throws {
    #expect(
      try settings(PipelineSample.full, path: "/a/p.yaml").hash
        == settings(PipelineSample.full, path: "/b/c/q.yaml").hash)
  }

  @Test func `a default that is written out changes nothing`() throws {
    let written = PipelineSample.shortest.replacing("chunk: {}", with: "chunk: { overlap: 0, unit: characters }")
    #expect(try settings(written) == settings(PipelineSample.shortest))
  }

  @Test func `a second model is part of the form only where there is one`() throws {
    let before = try settings(PipelineSample.shortest)
    let after = try settings(PipelineSample.shortest.replacing("embed: {}", with: "embed: { also: ../models/mini }"))
    #expect(before.embed["also"] == nil)
    #expect(after.embed["also"]?.string == "mini")
    #expect(before.chunk == after.chunk && before.index == after.index)
  }

  @Test func `a changed setting changes its own stage alone`() throws {
    let before = try settings(PipelineSample.shortest)
    let after = try settings(PipelineSample.shortest.replacing("chunk: {}", with: "chunk: { size: 1000 }"))
    #expect(before.chunk != after.chunk)
    #expect(before.hash != after.hash)
    #expect(before.fetch == after.fetch && before.clean == after.clean)
    #expect(before.embed == after.embed && before.index == after.index)
  }
}
