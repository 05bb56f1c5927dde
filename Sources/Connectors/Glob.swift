/// A pattern over paths.
///
/// `*` is any run of characters but `/`, `**` any run at all, `**/` between slashes (or at the start) any number of
/// folders, also none; `?` is one character but `/`; `[a-z]` one of a set, `[!a-z]` one outside it, never `/`;
/// `{a,b}` either; `\` takes the next character as it is. A pattern matches the whole path or not at all; capitals
/// count; a leading dot is a character like others.
public struct Glob: Sendable, Hashable, CustomStringConvertible {
  /// The pattern as written.
  public let pattern: String
  private let steps: [GlobStep]

  /// The longest pattern, in Unicode scalars.
  public static let maximumLength = 1_024

  /// Reads a pattern.
  ///
  /// - Throws: `GlobError` for brackets and braces without end, and for patterns beyond `maximumLength`.
  public init(_ pattern: String) throws(GlobError) {
    self.pattern = pattern
    var compiler = GlobCompiler(Array(pattern.unicodeScalars.prefix(Self.maximumLength + 1)))
    steps = try compiler.compile()
  }

  /// The pattern as written.
  public var description: String { pattern }

  /// Whether a path matches.
  ///
  /// All ways through the pattern are followed at once, so no pattern makes it go back.
  ///
  /// - Complexity: O(path · pattern).
  public func matches(_ path: String) -> Bool {
    var active = GlobStates(count: steps.count)
    active.add(0, steps)
    var next = GlobStates(count: steps.count)
    for scalar in path.unicodeScalars {
      if active.list.isEmpty { return false }
      next.clear()
      for state in active.list {
        switch steps[state] {
        case .one(let set): if set.contains(scalar) { next.add(state + 1, steps) }
        case .run(let set): if set.contains(scalar) { next.add(state, steps) }
        case .choice, .end: break
        }
      }
      swap(&active, &next)
    }
    return active.list.contains(steps.count - 1)
  }
}

/// Why a text is no glob.
public struct GlobError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong and how to mend it.
  public let reason: String
  /// Where, in Unicode scalars from 0.
  public let offset: Int

  /// What is wrong, where, and how to mend it.
  public var description: String { "\(reason) (character \(offset + 1) of the pattern)" }
}

/// One step of a compiled pattern; the one after it follows unless said otherwise.
enum GlobStep: Sendable, Hashable {
  /// Takes one character.
  case one(GlobSet)
  /// Takes any number of characters.
  case run(GlobSet)
  /// Takes nothing and goes on at any of several steps.
  case choice([Int])
  /// The pattern is done.
  case end
}

/// The characters that a step takes.
enum GlobSet: Sendable, Hashable {
  case scalar(Unicode.Scalar)
  case any
  case anyButSlash
  case ranges([ClosedRange<UInt32>], negated: Bool)

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .scalar(let own): own == scalar
    case .any: true
    case .anyButSlash: scalar != "/"
    case .ranges(let ranges, let negated):
      scalar != "/" && ranges.contains { $0.contains(scalar.value) } != negated
    }
  }
}

/// The steps that are reached, each once.
struct GlobStates {
  private(set) var list: [Int] = []
  private var isIn: [Bool]

  init(count: Int) { isIn = Array(repeating: false, count: count) }

  mutating func clear() {
    for state in list { isIn[state] = false }
    for state in passed { isIn[state] = false }
    list.removeAll(keepingCapacity: true)
    passed.removeAll(keepingCapacity: true)
  }

  /// Choices that were gone through; they are not waited at.
  private var passed: [Int] = []

  /// Adds a step and all that are reached from it without a character.
  mutating func add(_ state: Int, _ steps: [GlobStep]) {
    var open = [state]
    while let state = open.popLast() {
      guard state < isIn.count, !isIn[state] else { continue }
      isIn[state] = true
      switch steps[state] {
      case .choice(let targets):
        passed.append(state)
        open += targets
      case .run:
        list.append(state)
        open.append(state + 1)
      case .one, .end:
        list.append(state)
      }
    }
  }
}
