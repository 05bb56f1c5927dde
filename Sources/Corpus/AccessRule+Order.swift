extension AccessRule {
  /// How one rule compares with another.
  public enum Change: String, Sendable {
    /// Whoever could read still can, and others, too.
    case widened
    /// Nobody can read who could not before, and some no longer can.
    case narrowed
    /// Some can read who could not, and some no longer can.
    case shifted
  }

  /// How readers change when this rule is replaced by another; nil when the same may read.
  public func change(to other: AccessRule) -> Change? {
    switch (admitsAtLeast(other), other.admitsAtLeast(self)) {
    case (true, true): nil
    case (false, true): .widened
    case (true, false): .narrowed
    case (false, false): .shifted
    }
  }

  /// Whether everybody whom the other rule admits is admitted by this one.
  ///
  /// Both are conjunctions of sets of which one member suffices, without negation: the other implies this one exactly
  /// when each set of this one holds all of some set of the other.
  private func admitsAtLeast(_ other: AccessRule) -> Bool {
    sets.allSatisfy { set in other.sets.contains { $0.isSubset(of: set) } }
  }

  /// As sets, where none at all is open and an empty one closed: `allOf([])` admits nobody.
  private var sets: [Set<Principal>] {
    switch self {
    case .open: []
    case .closed, .allOf([]): [[]]
    case .allOf(let sets): sets
    }
  }
}
