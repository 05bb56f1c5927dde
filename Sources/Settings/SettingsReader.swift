/// The state of one reading: the file, the environment, and the faults found so far.
public struct SettingsReader {
  /// How many faults are kept; the rest is counted.
  static let maximumFaults = 50

  let source: SettingsSource
  let environment: [String: String]
  /// The file's folder, absolute: what relative paths are relative to.
  let folder: String
  private var faults: [SettingsFault] = []
  private var hidden: [Range<Int>] = []
  private var labels: [String] = []
  /// Where the key of the entry being read stands.
  var currentKey: Int?
  /// Whether the entry being read need not be there.
  var mayBeLeftOut = false

  init(source: SettingsSource, environment: [String: String], folder: String) {
    self.source = source
    self.environment = environment
    self.folder = folder
  }

  /// What messages call the value being read: its key, or its place in a list.
  public var label: String { labels.last ?? "the file" }

  /// Whether a value inside the file is being read, not the file itself.
  var isInside: Bool { !labels.isEmpty }

  /// How many faults have been found so far.
  var faultCount: Int { faults.count }

  /// Whether further faults are counted, not told.
  ///
  /// Faults are sorted by place at the end, but come nearly in that order, hence the margin.
  var isFull: Bool { faults.count >= 4 * Self.maximumFaults }

  /// Reads with another label.
  mutating func labelled<Result>(_ label: String, _ body: (inout SettingsReader) -> Result) -> Result {
    labels.append(label)
    defer { labels.removeLast() }
    return body(&self)
  }

  /// Records a fault at a value.
  public mutating func report(at node: SettingsNode, _ message: String, mend: String) {
    report(at: node.range.lowerBound, message, mend: mend)
  }

  /// Records a fault at the key of an entry; at the mapping itself when it has no such key.
  public mutating func report(atKey key: String, of node: SettingsNode, _ message: String, mend: String) {
    var start = node.range.lowerBound
    if case .map(let entries) = node.content, let entry = entries.first(where: { $0.key == key }) {
      start = entry.keyRange.lowerBound
    }
    report(at: start, message, mend: mend)
  }

  mutating func report(at start: Int?, _ message: String, mend: String) {
    faults.append(SettingsFault(start: start, message: message, mend: mend))
  }

  mutating func report(_ faults: [SettingsFault]) {
    self.faults += faults
  }

  /// Shows a value as dots in every excerpt.
  public mutating func hide(_ node: SettingsNode) {
    hidden.append(node.range)
  }

  /// The 1-based line on which a value begins.
  public func line(of node: SettingsNode) -> Int {
    source.line(at: node.range.lowerBound)
  }

  /// All faults in the order of their places; nil when there is none.
  func errors() -> SettingsErrors? {
    guard !faults.isEmpty else { return nil }
    // Sorted by place, and by the order of finding where places are equal (the standard sort is stable).
    let sorted = faults.sorted { $0.start ?? -1 < $1.start ?? -1 }
    let kept = sorted.prefix(Self.maximumFaults).map { source.error($0, hiding: hidden) }
    return SettingsErrors(kept, omitted: sorted.count - kept.count)
  }
}

extension SettingsReader {
  /// The string of a scalar with its variables filled in; nil, with a fault recorded, where that cannot be.
  mutating func string(_ node: SettingsNode, needs: String) -> String? {
    guard case .scalar(let text, _) = node.content else {
      report(at: node, "\(label) needs \(needs), not \(node.inWords)", mend: "write \(needs)")
      return nil
    }
    switch node.scalar {
    case .string: break
    case .null:
      report(at: node, "\(label) has no value", mend: "write \(needs)\(orLeaveOut)")
      return nil
    default:
      report(
        at: node, "\(label) needs \(needs), not \(node.inWords)",
        mend: "put it in quotes if it is meant as text: \"\(SettingsNode.cut(text))\"")
      return nil
    }
    var value = ""
    var isComplete = true
    for piece in Variables(text).pieces {
      switch piece {
      case .text(let text): value += text
      case .variable(let name, let fallback, let occurrence):
        let set = environment[name]
        if let set, !set.isEmpty || fallback == nil {
          value += set
        } else if let fallback {
          value += fallback
        } else {
          isComplete = false
          report(
            at: place(ofVariable: occurrence, in: node),
            "the environment variable \(SettingsNode.cut(name)) is not set",
            mend: "set it before running, or give a default: ${\(SettingsNode.cut(name)):-…}")
        }
      case .malformed(let text, let occurrence):
        isComplete = false
        report(
          at: place(ofVariable: occurrence, in: node), "“\(SettingsNode.cut(text))” is not a variable",
          mend: "write ${NAME} or ${NAME:-default}, or $${ for a “${” that is meant literally")
      }
    }
    return isComplete ? value : nil
  }

  /// Where the how-manieth `${` of a string stands in the file; the string itself when escapes hide it.
  private func place(ofVariable occurrence: Int, in node: SettingsNode) -> Int {
    var left = occurrence
    let range = node.range.clamped(to: 0..<source.scalars.count)
    for index in range where index + 1 < range.upperBound {
      guard source.scalars[index] == "$", source.scalars[index + 1] == "{" else { continue }
      if left == 0 { return index }
      left -= 1
    }
    return node.range.lowerBound
  }
}
