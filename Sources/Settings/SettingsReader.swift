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

extension SettingsReader {
  /// Reads the one value of a file.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, at most 1 MiB.
  ///   - path: the file's path, for messages and for relative paths in it.
  ///   - environment: where `${NAME}` is looked up.
  ///   - secretNames: settings whose values are never shown.
  ///   - mend: what a file without a value needs.
  ///   - body: reads the value; nil only after having recorded a fault.
  /// - Returns: the value.
  /// - Throws: `SettingsErrors` with every fault found.
  static func value<Value>(
    of bytes: [UInt8], path: String, environment: [String: String], secretNames: Set<String>, whenEmpty mend: String,
    _ body: (SettingsNode, inout SettingsReader) -> Value?
  ) throws(SettingsErrors) -> Value {
    var source = try SettingsSource(file: path, bytes: bytes)
    source.secretNames = secretNames
    var reader = SettingsReader(source: source, environment: environment, folder: SettingsSource.folder(of: path))
    var tree = YAMLTree(source)
    let node: SettingsNode?
    do {
      node = try tree.root()
    } catch {
      throw SettingsErrors((tree.faults + [error]).map { source.error($0, hiding: []) })
    }
    reader.report(tree.faults)
    var value: Value?
    if let node, node.scalar != .null {
      value = body(node, &reader)
    } else {
      reader.report(at: nil, "the file is empty", mend: mend)
    }
    if let errors = reader.errors() { throw errors }
    guard let value else {
      throw SettingsErrors([
        source.error(SettingsFault(start: nil, message: "the file is empty", mend: mend), hiding: [])
      ])
    }
    return value
  }
}

extension SettingType {
  /// Reads a file that holds one value of this type, such as a list.
  ///
  /// - Parameters:
  ///   - path: the file, at most 1 MiB.
  ///   - environment: where `${NAME}` is looked up.
  ///   - mend: what to write into a file that is empty.
  /// - Returns: the value.
  /// - Throws: `SettingsErrors` with every fault found.
  public func read(path: String, environment: [String: String], whenEmpty mend: String) throws(SettingsErrors) -> Value
  {
    try parse(
      try SettingsSource.bytes(ofFile: path), path: path, environment: environment, whenEmpty: mend)
  }

  /// Reads the bytes of a file that holds one value of this type.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, at most 1 MiB.
  ///   - path: the file's path, for messages and for relative paths in it.
  ///   - environment: where `${NAME}` is looked up.
  ///   - mend: what to write into a file that is empty.
  /// - Returns: the value.
  /// - Throws: `SettingsErrors` with every fault found.
  public func parse(
    _ bytes: [UInt8], path: String, environment: [String: String], whenEmpty mend: String
  ) throws(SettingsErrors) -> Value {
    try SettingsReader.value(
      of: bytes, path: path, environment: environment, secretNames: secretNames, whenEmpty: mend, read)
  }
}
