/// What became of a page's macros when it was made into text.
///
/// A person who wonders why a page is not found reads here what of it could not be kept.
public struct MacroReport: Sendable, Equatable {
  /// What became of a macro.
  public enum Outcome: Int, Sendable, CaseIterable {
    /// Everything that it says is in the text.
    case rendered
    /// Something stands for it: a mark, a title, a name.
    case reduced
    /// Nothing of it is in the text.
    case dropped
  }

  /// How many macros of a name went each way.
  public struct Counts: Sendable, Equatable {
    /// How many are whole in the text.
    public var rendered = 0
    /// How many something stands for.
    public var reduced = 0
    /// How many left nothing.
    public var dropped = 0

    /// All of them.
    public var total: Int { rendered + reduced + dropped }

    /// Makes counts.
    public init(rendered: Int = 0, reduced: Int = 0, dropped: Int = 0) {
      self.rendered = rendered
      self.reduced = reduced
      self.dropped = dropped
    }
  }

  /// Counts by the macro's name (`code`, `jira`); other elements of the format by theirs (`ac:placeholder`).
  public private(set) var counts: [String: Counts]

  /// Makes a report.
  public init(counts: [String: Counts] = [:]) { self.counts = counts }

  /// Whether the page has no macro.
  public var isEmpty: Bool { counts.isEmpty }

  /// Counts one macro.
  public mutating func note(_ name: String, _ outcome: Outcome) {
    switch outcome {
    case .rendered: counts[name, default: Counts()].rendered += 1
    case .reduced: counts[name, default: Counts()].reduced += 1
    case .dropped: counts[name, default: Counts()].dropped += 1
    }
  }

  /// Adds another page's counts, for a space's report.
  public mutating func add(_ other: MacroReport) {
    for (name, more) in other.counts {
      counts[name, default: Counts()].rendered += more.rendered
      counts[name, default: Counts()].reduced += more.reduced
      counts[name, default: Counts()].dropped += more.dropped
    }
  }

  /// The counts by the macros' names.
  public var json: JSONValue {
    .object(
      counts.sorted { $0.key < $1.key }.map { name, counts in
        .init(
          name,
          [
            "rendered": .integer(Int64(counts.rendered)), "reduced": .integer(Int64(counts.reduced)),
            "dropped": .integer(Int64(counts.dropped)),
          ])
      })
  }
}
