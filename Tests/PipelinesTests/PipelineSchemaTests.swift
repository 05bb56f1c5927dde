import Corpus
import Foundation
import Pipelines
import Testing

@Suite struct PipelineSchemaTests {
  private static let golden = PipelineFileTests.package + "/docs/pipeline.schema.json"

  @Test func `the schema in docs is the one that the program makes`() throws {
    let text = PipelineFile.jsonSchema.text(pretty: true) + "\n"
    if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: URL(fileURLWithPath: Self.golden))
    }
    let kept = try String(decoding: Data(contentsOf: URL(fileURLWithPath: Self.golden)), as: UTF8.self)
    #expect(kept == text, "record it with RECORD_GOLDEN=1 swift test --filter PipelineSchemaTests")
  }

  @Test func `every setting tells editors what it means`() {
    var count = 0
    func visit(_ value: JSONValue) {
      for property in value["properties"]?.members ?? [] {
        count += 1
        #expect(property.value["description"]?.string?.isEmpty == false, "\(property.name)")
        visit(property.value)
      }
      for child in [value["items"], value["additionalProperties"]].compactMap({ $0 }) { visit(child) }
      for choice in value["oneOf"]?.array ?? [] { visit(choice) }
    }
    visit(PipelineFile.jsonSchema)
    #expect(count > 60)
  }

  @Test func `defaults in the schema are those of the values`() {
    let stages = PipelineFile.jsonSchema["properties"]?["stages"]?["items"]?["oneOf"]?.array ?? []
    let chunk = stages.compactMap { $0["properties"]?["chunk"]?["properties"] }.first
    #expect(chunk?["size"]?["default"]?.int == ChunkSettings().size)
    #expect(chunk?["overlap"]?["default"]?.int == ChunkSettings().overlap)
    #expect(chunk?["by"]?["default"]?.string == ChunkSettings().by.rawValue)
  }
}
