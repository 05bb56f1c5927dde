internal import Corpus
internal import Retrieval

/// “O”: which conditions hold together, and which instead of each other.
extension CatalogueReader {
  /// Sorts the conditions into those that all hold and groups of which one does.
  ///
  /// Values of one field that stand in a list are one condition. Where a field comes again elsewhere, each group has its own
  /// values: “portátiles HP o monitores LG”.
  ///
  /// - Returns: false where it cannot be told what belongs together.
  mutating func group(into reading: inout Reading) -> Bool {
    let (parts, joints) = lists(pieces.sorted { $0.range.lowerBound < $1.range.lowerBound })
    taken.formUnion(joints)
    let positive = parts.filter { $0.isKeyword && !$0.condition.isNegated }
    let isRepeated = Set(positive.map(\.condition.field)).count < positive.count
    guard isRepeated else { return numbers(parts, into: &reading) }
    if let groups = segments(parts), alternatives(groups, into: &reading) { return true }
    // “Portátiles HP … un portátil”: said twice.
    var seen: [(field: String, test: Filter.Test)] = []
    let once = parts.filter { part in
      guard part.isKeyword, !part.condition.isNegated else { return true }
      let isKnown = seen.contains { $0.field == part.condition.field && $0.test == part.condition.test }
      seen.append((part.condition.field, part.condition.test))
      return !isKnown
    }
    let fields = once.filter { $0.isKeyword && !$0.condition.isNegated }.map(\.condition.field)
    return Set(fields).count == fields.count && numbers(once, into: &reading)
  }

  // MARK: Lists of values

  /// Joins values that stand in a list, and tells the places of the words that join them.
  private func lists(_ pieces: [Piece]) -> (parts: [Piece], joints: Set<Int>) {
    var parts: [Piece] = []
    var joints: Set<Int> = []
    for piece in pieces {
      guard let last = parts.last, last.isKeyword, piece.isKeyword, last.condition.field == piece.condition.field,
        last.condition.isNegated == piece.condition.isNegated, case .anyOf(let before) = last.condition.test,
        case .anyOf(let values) = piece.condition.test
      else {
        parts.append(piece)
        continue
      }
      let between = last.range.upperBound..<max(last.range.upperBound, piece.range.lowerBound)
      let isSame = values.allSatisfy(before.contains)
      guard isSame || piece.condition.isNegated || isList(between) else {
        parts.append(piece)
        continue
      }
      if isList(between) { joints.formUnion(between) }
      var joined = last
      joined.condition.test = .anyOf(before + values.filter { !before.contains($0) })
      joined.range = last.range.lowerBound..<piece.range.upperBound
      parts[parts.count - 1] = joined
    }
    return (parts, joints)
  }

  // MARK: Numbers

  /// Conditions that all hold, but for two on one number that are joined by “or”.
  private mutating func numbers(_ parts: [Piece], into reading: inout Reading) -> Bool {
    var parts = parts
    for place in parts.indices.dropFirst() {
      let (first, second) = (parts[place - 1], parts[place])
      guard !first.isKeyword, !second.isKeyword, first.condition.field == second.condition.field else { continue }
      let between = first.range.upperBound..<max(first.range.upperBound, second.range.lowerBound)
      let isOr = between.contains { ["o", "u", "or"].contains(tokens[$0].folded) }
      let isExact = first.isExact && second.isExact
      guard isOr || isExact else { continue }
      guard reading.alternatives.isEmpty, isOr ? isJoint(between) : isList(between) else { return false }
      taken.formUnion(between)
      reading.alternatives = [[first.condition], [second.condition]]
      parts.removeSubrange(place - 1...place)
      break
    }
    reading.conditions = parts.map(\.condition)
    return true
  }

  private func isJoint(_ range: Range<Int>) -> Bool {
    range.contains { Self.joints.contains(tokens[$0].folded) }
      && range.allSatisfy { place in
        let word = tokens[place].folded
        return Self.joints.contains(word) || QuestionWords.isInert(word) || isFieldName(place)
      }
  }

  // MARK: Groups

  /// Parts the conditions where a field comes again; nil where nothing joins them there.
  private func segments(_ parts: [Piece]) -> [[Piece]]? {
    var segments: [[Piece]] = [[]]
    for part in parts {
      let own = segments[segments.count - 1]
      let isAgain = part.isKeyword && own.contains { $0.isKeyword && $0.condition.field == part.condition.field }
      guard isAgain, let last = own.last else {
        segments[segments.count - 1].append(part)
        continue
      }
      guard isJoint(last.range.upperBound..<max(last.range.upperBound, part.range.lowerBound)) else { return nil }
      segments.append([part])
    }
    return segments
  }

  /// Groups that name the same fields; a limit before the first, or behind the last, holds for all of them.
  private mutating func alternatives(_ groups: [[Piece]], into reading: inout Reading) -> Bool {
    let fields = groups.map { group in Set(group.filter(\.isKeyword).map(\.condition.field)) }
    guard Set(fields).count == 1, !groups.joined().contains(where: \.condition.isNegated) else { return false }
    var groups = groups
    var common: [Piece] = []
    for field in Set(groups.joined().filter { !$0.isKeyword }.map(\.condition.field)).sorted() {
      let having = groups.indices.filter { group in groups[group].contains { $0.condition.field == field } }
      if having.count == groups.count { continue }
      guard having.count == 1, let group = having.first else { return false }
      let own = groups[group].filter { $0.condition.field == field }
      let keywords = groups[group].filter(\.isKeyword).map(\.range)
      let isBefore = group == 0 && own.allSatisfy { $0.range.upperBound <= keywords.map(\.lowerBound).min() ?? 0 }
      let isBehind =
        group == groups.count - 1 && own.allSatisfy { $0.range.lowerBound >= keywords.map(\.upperBound).max() ?? 0 }
      guard isBefore || isBehind else { return false }
      common += own
      groups[group].removeAll { $0.condition.field == field }
    }
    for (group, next) in zip(groups, groups.dropFirst()) {
      guard let end = group.map(\.range.upperBound).max(), let start = next.map(\.range.lowerBound).min() else {
        continue
      }
      taken.formUnion(end..<max(end, start))
    }
    reading.conditions = common.map(\.condition)
    reading.alternatives = groups.map { $0.map(\.condition) }
    return true
  }
}

extension CatalogueReader.Piece {
  fileprivate var isExact: Bool {
    if case .range(let low?, let high?) = condition.test { low == high } else { false }
  }
}
