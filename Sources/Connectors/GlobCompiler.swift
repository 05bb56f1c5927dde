/// Turns a pattern into steps.
struct GlobCompiler {
  private let pattern: [Unicode.Scalar]
  private var position = 0
  private var steps: [GlobStep] = []
  /// The open braces, innermost last.
  private var braces: [Brace] = []

  private struct Brace {
    /// Where it stands in the pattern.
    let offset: Int
    /// The step that chooses between the alternatives.
    let choice: Int
    /// The first step of each alternative.
    var starts: [Int]
    /// The step at the end of each alternative but the last, which jumps behind the brace.
    var ends: [Int]
  }

  init(_ pattern: [Unicode.Scalar]) { self.pattern = pattern }

  mutating func compile() throws(GlobError) -> [GlobStep] {
    guard pattern.count <= Glob.maximumLength else {
      throw GlobError(
        reason: "the pattern is longer than \(Glob.maximumLength) characters; split it into several",
        offset: Glob.maximumLength)
    }
    while position < pattern.count { try compileNext() }
    if let brace = braces.last {
      throw GlobError(reason: "this { has no }; write \\{ for the character itself", offset: brace.offset)
    }
    steps.append(.end)
    return steps
  }

  private mutating func compileNext() throws(GlobError) {
    let scalar = pattern[position]
    position += 1
    switch scalar {
    case "*": compileStars()
    case "?": steps.append(.one(.anyButSlash))
    case "[": try compileSet()
    case "{":
      braces.append(Brace(offset: position - 1, choice: steps.count, starts: [steps.count + 1], ends: []))
      steps.append(.choice([]))
    case "," where !braces.isEmpty:
      braces[braces.count - 1].ends.append(steps.count)
      steps.append(.choice([]))
      braces[braces.count - 1].starts.append(steps.count)
    case "}" where !braces.isEmpty:
      let brace = braces.removeLast()
      steps[brace.choice] = .choice(brace.starts)
      for end in brace.ends { steps[end] = .choice([steps.count]) }
    case "\\" where position < pattern.count:
      steps.append(.one(.scalar(pattern[position])))
      position += 1
    default: steps.append(.one(.scalar(scalar)))
    }
  }

  private mutating func compileStars() {
    let start = position - 1
    while position < pattern.count, pattern[position] == "*" { position += 1 }
    guard position - start > 1 else {
      steps.append(.run(.anyButSlash))
      return
    }
    let startsSegment = start == 0 || "/{,".unicodeScalars.contains(pattern[start - 1])
    if startsSegment, position < pattern.count, pattern[position] == "/" {
      // Folders, each with its slash, or nothing at all.
      position += 1
      steps.append(.choice([steps.count + 1, steps.count + 3]))
      steps.append(.run(.any))
      steps.append(.one(.scalar("/")))
    } else {
      steps.append(.run(.any))
    }
  }

  /// Reads a set up to its `]`, which is a member where it stands first.
  private mutating func compileSet() throws(GlobError) {
    let start = position - 1
    var negated = false
    if position < pattern.count, pattern[position] == "!" || pattern[position] == "^" {
      negated = true
      position += 1
    }
    var ranges: [ClosedRange<UInt32>] = []
    let first = position
    while position < pattern.count, pattern[position] != "]" || position == first {
      let low = member()
      if position + 1 < pattern.count, pattern[position] == "-", pattern[position + 1] != "]" {
        position += 1
        let high = member()
        guard low <= high else {
          throw GlobError(reason: "this range runs backwards; write the lower character first", offset: position - 1)
        }
        ranges.append(low...high)
      } else {
        ranges.append(low...low)
      }
    }
    guard position < pattern.count else {
      throw GlobError(reason: "this [ has no ]; write \\[ for the character itself", offset: start)
    }
    position += 1
    steps.append(.one(.ranges(ranges, negated: negated)))
  }

  private mutating func member() -> UInt32 {
    if pattern[position] == "\\", position + 1 < pattern.count { position += 1 }
    let value = pattern[position].value
    position += 1
    return value
  }
}
