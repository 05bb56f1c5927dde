import Pipelines
import Settings
import Testing

@Suite struct PipelineFuzzTests {
  /// SplitMix64 (Steele, Lea, Flood 2014): the same mutations on every run.
  private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }

  private static let pieces = [
    "{", "}", "[", "]", ":", ": ", "- ", "\n", "\n  ", "\t", "\"", "'", "|", ">", "&a", "*a", "!", "!!str ", "%", "@",
    "#",
    "? ", "<<: ", "---\n", "...\n", "${", "${A}", "${A:-b}", "$${", "}", "~", "null", "\u{FEFF}", "\u{85}", "\u{2028}",
    "é", "e\u{301}", "🏳️‍🌈", "漢", "\r\n", "\r", "\u{0}", "\u{7F}", "\\", "\\x", "-", "0", "99999999999999999999", "1e999",
  ].map { Array($0.utf8) }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `a mutated file is read or refused, and every refusal has a place in it`(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    let originals = [PipelineSample.full, RefusedPipeline.base].map { Array($0.utf8) }
    var refused = 0
    for round in 0..<500 {
      var bytes = originals[round % originals.count]
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        guard !bytes.isEmpty else { break }
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.insert(contentsOf: Self.pieces.randomElement(using: &generator) ?? [], at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &generator)))
        case 3:
          bytes.replaceSubrange(
            place..<min(bytes.count, place + 3), with: Self.pieces.randomElement(using: &generator) ?? [])
        case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: bytes.count)
        default: bytes.removeLast(bytes.count - place)
        }
      }
      do {
        _ = try PipelineFile.parse(bytes, path: "f.yaml", environment: ["SITE": "https://a.example"])
      } catch let error as SettingsErrors {
        refused += 1
        let lines = bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).count + bytes.count
        #expect(!error.errors.isEmpty && error.errors.count <= 50)
        #expect(error.errors.allSatisfy { (0...lines).contains($0.position.line) && !$0.mend.isEmpty })
        #expect(!error.text().utf8.contains(0x07) && !error.text().utf8.contains(0))
      } catch {
        Issue.record("another error: \(error)")
      }
    }
    #expect(refused > 300)
  }
}
