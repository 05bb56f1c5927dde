internal import Corpus

extension SettingsObject {
  /// The same keys written as a list of steps that stand in the order of the definition: `- fetch: …`, `- clean: …`.
  ///
  /// - Parameter noun: what a step is called in messages.
  /// - Returns: the type of the list.
  public func steps(called noun: String) -> SettingType<Root> {
    let names = fields.map(\.name)
    let required = fields.filter(\.isRequired).map(\.name)
    var type = SettingType<Root>(
      schema: stepsSchema,
      read: { node, reader in
        guard case .list(let nodes) = node.content else {
          reader.report(
            at: node,
            "\(reader.label) needs a list, not \(node.inWords)",
            mend: "write “- \(names[0]): …” and so on: \(SettingsReader.quoted(names))")
          return nil
        }
        var root = initial
        let before = reader.faultCount
        // Named in entries that are no step: their fault is told there, they are not missing as well.
        var unclear: Set<String> = []
        var seen: [(name: String, index: Int, line: Int)] = []
        for node in nodes {
          guard let entry = step(node, called: noun, &reader) else {
            unclear.formUnion(Self.names(in: node))
            continue
          }
          guard let index = names.firstIndex(of: entry.key) else {
            reader.report(
              at: entry.keyRange.lowerBound, "unknown \(noun) “\(SettingsNode.cut(entry.key))”",
              mend: Suggestion.mend(for: entry.key, among: names, introduction: "the \(noun)s are"))
            continue
          }
          let place = entry.keyRange.lowerBound
          if let first = seen.first(where: { $0.index == index }) {
            reader.report(
              at: place, "the \(noun) “\(entry.key)” stands twice, first on line \(first.line)",
              mend: "keep one of them")
          } else if let later = seen.first(where: { $0.index > index }) {
            reader.report(
              at: place, "the \(noun) “\(entry.key)” stands after “\(later.name)”",
              mend: "the \(noun)s always stand in this order: \(names.joined(separator: ", "))")
          }
          seen.append((entry.key, index, reader.source.line(at: place)))
          reader.read(entry, isRequired: true) { fields[index].read(entry.value, &root, &$0) }
        }
        for name in required where !unclear.contains(name) && !seen.contains(where: { $0.name == name }) {
          reader.reportKey(
            "the \(noun) “\(name)” is missing",
            mend: "add “- \(name): …”; the \(noun)s are, in this order: \(names.joined(separator: ", "))")
        }
        if reader.faultCount == before { check(&root, node, &reader) }
        return reader.faultCount == before ? root : nil
      }, write: { canonicalJSON($0) })
    type.showsDefault = false
    type.secretNames = secretNames
    return type
  }

  private static func names(in node: SettingsNode) -> [String] {
    switch node.content {
    case .map(let entries): entries.map(\.key)
    case .scalar(let text, _): [text]
    case .list: []
    }
  }

  /// The one entry of a step.
  private func step(_ node: SettingsNode, called noun: String, _ reader: inout SettingsReader) -> SettingsNode.Entry? {
    switch node.content {
    case .map(let entries):
      if let entry = entries.first, entries.count == 1 { return entry }
      let keys = SettingsReader.quoted(entries.map(\.key))
      reader.report(
        at: node, entries.isEmpty ? "this \(noun) is empty" : "this \(noun) has \(entries.count) names: \(keys)",
        mend: "begin each \(noun) with “- ” of its own; check the indentation of what follows it")
    case .scalar(let text, _) where fields.contains { $0.name == text }:
      reader.report(at: node, "the \(noun) “\(text)” has no settings", mend: "write “- \(text): {}” for its defaults")
    default:
      reader.report(
        at: node, "a \(noun) needs a name and settings, not \(node.inWords)", mend: "write “- \(fields[0].name): …”")
    }
    return nil
  }

  private var stepsSchema: [JSONValue.Member] {
    let steps = fields.map { field -> JSONValue in
      [
        "title": .string(field.name), "type": .string("object"), "additionalProperties": .bool(false),
        "required": [.string(field.name)], "properties": .object([.init(field.name, field.schema(initial))]),
      ]
    }
    // Each step at most once, a required one exactly once.
    let counts = fields.map { field -> JSONValue in
      [
        "contains": ["required": [.string(field.name)]], "minContains": .integer(field.isRequired ? 1 : 0),
        "maxContains": .integer(1),
      ]
    }
    return [
      .init("type", .string("array")), .init("minItems", .integer(1)),
      .init("maxItems", .integer(Int64(fields.count))), .init("items", ["oneOf": .array(steps)]),
      .init("allOf", .array(counts)),
    ]
  }
}
