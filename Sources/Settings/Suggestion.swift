/// «Did you mean …»: the known name nearest to a mistyped one.
enum Suggestion {
  /// The mend for a name that is not among the known ones.
  static func mend(for name: String, among known: [String], introduction: String) -> String {
    let list = known.map { "“\($0)”" }.joined(separator: ", ")
    guard let nearest = nearest(to: name, among: known) else { return "\(introduction): \(list)" }
    return "did you mean “\(nearest)”? \(introduction): \(list)"
  }

  /// The nearest name, if it is near enough: one change in three letters.
  static func nearest(to name: String, among known: [String]) -> String? {
    let wanted = Array(name.lowercased().utf8.prefix(65))
    guard wanted.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in known {
      let letters = Array(candidate.lowercased().utf8)
      let distance = distance(wanted, letters)
      let isNear = distance <= max(1, max(wanted.count, letters.count) / 3) && distance < letters.count
      if isNear, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let change = left[row] == right[column] ? 0 : 1
        var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + change)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
