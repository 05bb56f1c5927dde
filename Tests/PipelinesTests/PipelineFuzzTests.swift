import AcervoTesting
import Pipelines
import Settings
import Testing

@Suite struct PipelineFuzzTests {
  private static let pieces = [
    "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "\t", "\"", "'", "|", ">", "&a", "*a", "!", "!!str ", "%", "@",
    "#",
    "? ", "<<: ", "---\n", "...\n", "${", "${A}", "${A:-b}", "$${", "}", "~", "null", "\u{FEFF}", "\u{85}", "\u{2028}",
    "é", "e\u{301}", "🏳️‍🌈", "漢", "\r\n", "\r", "\u{0}", "\u{7F}", "\\", "\\x", "-", "0", "99999999999999999999", "1e999",
  ].map { Array($0.utf8) }

  @Test func `a mutated file is read or refused, and every refusal has a place in it`() {
    let originals = [PipelineSample.full, RefusedPipeline.base].map { Array($0.utf8) }
    var (refused, count) = (0, 0)
    for var random in FuzzRounds(1_000, seed: 1) {
      count += 1
      var bytes = originals.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...6, using: &random) { random.mutate(&bytes, with: Self.pieces) }
      do {
        _ = try PipelineFile.parse(bytes, path: "f.yaml", environment: ["SITE": "https://a.example"])
      } catch let error as SettingsErrors {
        refused += 1
        let lines = bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).count + bytes.count
        #expect(!error.errors.isEmpty && error.errors.count <= 50)
        #expect(error.errors.allSatisfy { (0...lines).contains($0.position.line) && !$0.mend.isEmpty })
        #expect(!error.text().utf8.contains(0x07) && !error.text().utf8.contains(0))
      } catch {
        Issue.record("seed \(random.seed), another error: \(error)")
      }
    }
    #expect(refused > count / 2)
  }
}
