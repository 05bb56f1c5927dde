import AcervoTesting
import Testing

@testable import Chunking

@Suite struct ScalarLengthTests {
  @Test func `lengths equal the count of scalars wherever a text is cut`() {
    var generator = SeededGenerator(seed: 3)
    for pieces in [["a"], ["ñ"], ["東"], ["🙂"], ["a", "b", "ñ", "東", "🙂", "\n", "e\u{301}"]] {
      for count in [0, 1, 7, 8, 9, 63, 300, 5_000] {
        let scalars = (0..<count).flatMap { _ in Array((pieces.randomElement(using: &generator) ?? "").unicodeScalars) }
        var text = String(String.UnicodeScalarView(scalars))
        var starts = [0]
        for scalar in scalars { starts.append((starts.last ?? 0) + scalar.utf8.count) }
        text.withUTF8 { bytes in
          let measure = ScalarLength(bytes: bytes)
          #expect(measure.length(0, bytes.count) == scalars.count)
          for _ in 0..<20 {
            let one = Int.random(in: 0...scalars.count, using: &generator)
            let other = Int.random(in: 0...scalars.count, using: &generator)
            #expect(measure.length(starts[min(one, other)], starts[max(one, other)]) == abs(one - other))
          }
        }
      }
    }
  }
}
