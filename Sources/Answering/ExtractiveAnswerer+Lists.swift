internal import Corpus
internal import Retrieval

extension ExtractiveAnswerer {
  /// The longest run of steps or rows that is quoted as one, in bytes.
  private static let longestRun = 600
  /// By how much a row's coverage has to exceed that of the rows beside it to be quoted alone.
  private static let distinction = 0.05

  /// Finds the rows and items whose own words the question asks for, where those beside them, among `all`, lack them.
  func markDistinct(_ candidates: inout [Candidate], among all: [Candidate]) {
    for index in candidates.indices {
      let candidate = candidates[index]
      let others = all.filter {
        $0.rank == candidate.rank && $0.place != candidate.place && $0.unit.kind == candidate.unit.kind
          && $0.unit.isItem == candidate.unit.isItem
      }
      let mean = others.reduce(0) { $0 + $1.coverage } / Double(max(1, others.count))
      candidates[index].isDistinct = candidate.coverage > mean + Self.distinction
    }
  }

  /// The whole list or table that a unit is a line of, where no line answers better than another; else the unit alone.
  ///
  /// Steps are quoted together whichever of them was found: one step is no way to do a thing.
  ///
  /// - Parameters:
  ///   - candidate: what was chosen.
  ///   - hit: where it stands.
  ///   - all: what may be quoted of the evidence, in order.
  /// - Returns: what is quoted, and the places of the units in it.
  func whole(_ candidate: Candidate, of hit: SearchHit, among all: [Candidate]) -> (Candidate, ClosedRange<Int>) {
    let alone = (candidate, candidate.place...candidate.place)
    guard candidate.unit.isLine, candidate.unit.isStep || !candidate.isDistinct else { return alone }
    let beside = all.filter { $0.rank == candidate.rank }
    guard var first = beside.firstIndex(where: { $0.place == candidate.place }) else { return alone }
    func goesOn(_ next: Int) -> Bool {
      let (one, other) = (beside[next - 1].unit, beside[next].unit)
      return one.isLine && other.isLine && one.kind == other.kind && other.range.start - one.range.end <= 2
    }
    var last = first
    while first > 0, goesOn(first) { first -= 1 }
    while last + 1 < beside.count, goesOn(last + 1) { last += 1 }
    let (top, end) = (beside[first], beside[last])
    let range = TextRange(start: top.unit.range.start, end: end.unit.range.end)
    guard first < last, range.count <= Self.longestRun, let text = hit.chunk.text.slice(range) else { return alone }
    var whole = candidate
    whole.unit = QuotableUnit(kind: candidate.unit.kind, range: range, text: String(text))
    return (whole, top.place...end.place)
  }
}

extension QuotableUnit {
  /// Whether it is an item of a list.
  var isItem: Bool { kind == .sentence && text.first.map { $0 == "-" || $0.isNumber } == true }
  /// Whether it is a numbered step.
  var isStep: Bool { isItem && text.first?.isNumber == true }
  /// Whether it is a line of a list or of a table.
  var isLine: Bool { kind == .row || isItem }
}
