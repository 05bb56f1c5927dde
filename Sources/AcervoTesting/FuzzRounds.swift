internal import Glibc

/// The rounds of a fuzz test, each with random numbers of its own: `for var random in FuzzRounds(2_000, seed: 9)`.
///
/// In the suite a test has a fixed number of rounds from a fixed seed. `ACERVO_FUZZ_SECONDS` lets it run for so long
/// instead, and `ACERVO_FUZZ_SEED` starts it elsewhere. Each round's seed is the one before it plus one, so that a
/// finding comes back as the first round from its own seed. Suites of such tests are named `…FuzzTests`:
/// scripts/fuzz finds them by that.
public struct FuzzRounds: Sequence, IteratorProtocol {
  private let first: UInt64
  private let seconds: Int?
  private let rounds: Int
  private let name: String
  private let start = ContinuousClock.now
  private var done = 0

  /// Makes so many rounds from a seed.
  public init(_ rounds: Int, seed: UInt64, name: String = #fileID) {
    func setting(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
    first = setting("ACERVO_FUZZ_SEED") ?? seed
    seconds = setting("ACERVO_FUZZ_SECONDS").map { Int(clamping: $0) }
    self.rounds = rounds
    self.name = name
  }

  /// The next round's random numbers; nil after the last round.
  public mutating func next() -> SeededGenerator? {
    let isOver = seconds.map { ContinuousClock.now - start >= .seconds($0) } ?? (done == rounds)
    guard !isOver else {
      if let seconds { print("fuzz: \(name): \(done) rounds from seed \(first) in \(seconds) s") }
      return nil
    }
    defer { done += 1 }
    return SeededGenerator(seed: first &+ UInt64(done))
  }
}

extension SeededGenerator {
  /// Changes bytes in one place: a byte, a piece put in, put over or repeated, a part left out, doubled or reversed,
  /// or the end cut off.
  public mutating func mutate(_ bytes: inout [UInt8], with pieces: [[UInt8]]) {
    guard !bytes.isEmpty else { return }
    let start = Int.random(in: 0..<bytes.count, using: &self)
    let end = Swift.min(bytes.count, start + Int.random(in: 0...40, using: &self))
    let piece = pieces.randomElement(using: &self) ?? []
    switch Int.random(in: 0..<32, using: &self) {
    case 0..<6: bytes[start] = UInt8.random(in: 0...255, using: &self)
    case 6..<11: bytes.insert(contentsOf: piece, at: start)
    case 11..<16: bytes.replaceSubrange(start..<Swift.min(bytes.count, start + 3), with: piece)
    case 16..<21: bytes.removeSubrange(start..<end)
    case 21..<25: bytes.insert(contentsOf: bytes[start..<end], at: start)
    case 25..<28:
      let count = Int.random(in: 1...50, using: &self)
      bytes.insert(contentsOf: [[UInt8]](repeating: piece, count: count).joined(), at: start)
    case 28..<31: bytes.append(contentsOf: bytes[start..<end].reversed())
    default: bytes.removeLast(bytes.count - start)
    }
  }
}
