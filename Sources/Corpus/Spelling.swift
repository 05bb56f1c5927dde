/// «Did you mean …»: the known word nearest to a mistyped one, for settings and command lines alike.
public enum Spelling {
  /// The nearest word, if it is near enough: what the given one was cut from, or one change in three letters away.
  ///
  /// - Complexity: the product of the lengths for each known word; nothing longer than 64 bytes is looked at.
  public static func nearest(to word: String, among known: [String]) -> String? {
    let wanted = Array(word.lowercased().utf8.prefix(65))
    guard wanted.count <= 64 else { return nil }
    if wanted.count > 3, let longer = known.first(where: { $0.utf8.starts(with: wanted) }) { return longer }
    var best: (word: String, distance: Int)?
    for candidate in known {
      let letters = Array(candidate.lowercased().utf8)
      let distance = distance(wanted, letters)
      let isNear = distance <= max(1, max(wanted.count, letters.count) / 3) && distance < letters.count
      if isNear, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
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
