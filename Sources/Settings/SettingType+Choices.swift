internal import Corpus

extension SettingType {
  /// One of several words.
  ///
  /// - Parameter choices: each word with what it means.
  /// - Returns: the type.
  public static func choice(_ choices: [(word: String, value: Value)]) -> SettingType where Value: Equatable {
    let words = choices.map(\.word)
    return SettingType(
      schema: [.init("type", .string("string")), .init("enum", .array(words.map { .string($0) }))],
      read: { node, reader in
        guard case .scalar(let text, _) = node.content, node.scalar != .null else {
          reader.needs("one of \(SettingsReader.quoted(words))", node)
          return nil
        }
        if let choice = choices.first(where: { $0.word == text }) { return choice.value }
        if Variables(text).hasVariables {
          reader.needs("one of \(SettingsReader.quoted(words))", node)
        } else {
          reader.report(
            at: node, "\(reader.label) cannot be \(node.inWords)",
            mend: Suggestion.mend(for: text, among: words, introduction: "it can be"))
        }
        return nil
      },
      write: { value in
        choices.first { $0.value == value }.map { .string($0.word) }
      })
  }

  /// One of an enumeration's raw values.
  public static func choice(
    of type: Value.Type = Value.self
  ) -> SettingType where Value: CaseIterable & RawRepresentable & Equatable, Value.RawValue == String {
    choice(Value.allCases.map { (word: $0.rawValue, value: $0) })
  }

  /// A list of values.
  ///
  /// - Parameters:
  ///   - element: what each entry is.
  ///   - count: how many entries there may be.
  /// - Returns: the type.
  public static func list<Element>(
    of element: SettingType<Element>, count: ClosedRange<Int> = 0...10_000
  ) -> SettingType where Value == [Element] {
    var type = SettingType(
      schema: [
        .init("type", .string("array")), .init("items", .object(element.schema)),
        .init("minItems", .integer(Int64(count.lowerBound))), .init("maxItems", .integer(Int64(count.upperBound))),
      ],
      read: { node, reader in
        guard case .list(let nodes) = node.content else {
          let list: String =
            if case .scalar(let text, _) = node.content, !text.isEmpty { "[\(SettingsNode.cut(text))]" } else { "[…]" }
          reader.report(at: node, "\(reader.label) needs a list, not \(node.inWords)", mend: "write \(list)")
          return nil
        }
        guard count.contains(nodes.count) else {
          if nodes.isEmpty {
            reader.report(at: node, "\(reader.label) is empty", mend: "write at least one entry\(reader.orLeaveOut)")
          } else {
            reader.report(
              at: node, "\(reader.label) has \(nodes.count) entries, and \(count.upperBound) are the limit",
              mend: "leave some out")
          }
          return nil
        }
        let label = reader.label
        var values: [Element] = []
        for (index, node) in nodes.enumerated() {
          let value = reader.labelled("entry \(index + 1) of \(label)") { reader in
            // What is missing in an entry is shown at the entry, not at the list's key.
            let (key, mayBeLeftOut) = (reader.currentKey, reader.mayBeLeftOut)
            (reader.currentKey, reader.mayBeLeftOut) = (nil, false)
            defer { (reader.currentKey, reader.mayBeLeftOut) = (key, mayBeLeftOut) }
            return element.read(node, &reader)
          }
          if let value { values.append(value) }
        }
        return values.count == nodes.count ? values : nil
      },
      write: { .array($0.compactMap { element.write($0) }) })
    type.secretNames = element.secretNames
    return type
  }

  /// Names that are free to choose, each with a value.
  ///
  /// - Parameters:
  ///   - value: what each value is.
  ///   - count: how many names there may be.
  ///   - names: what a name has to look like, as a pattern for editors, in words, and as the test that decides; any
  ///     text by default.
  /// - Returns: the type.
  public static func map<Element>(
    to value: SettingType<Element>, count: ClosedRange<Int> = 0...10_000,
    names: (pattern: String, needs: String, isMatch: @Sendable (String) -> Bool)? = nil
  ) -> SettingType where Value == [String: Element] {
    let namePattern = names.map { [JSONValue.Member("propertyNames", ["pattern": .string($0.pattern)])] }
    var type = SettingType(
      schema: [
        .init("type", .string("object")), .init("additionalProperties", .object(value.schema)),
        .init("minProperties", .integer(Int64(count.lowerBound))),
        .init("maxProperties", .integer(Int64(count.upperBound))),
      ] + (namePattern ?? []),
      read: { node, reader in
        guard case .map(let entries) = node.content else {
          reader.report(
            at: node, "\(reader.label) needs a mapping, not \(node.inWords)", mend: "write { name: value, … }")
          return nil
        }
        guard count.contains(entries.count) else {
          reader.report(
            at: node,
            "\(reader.label) has \(entries.count) entries; from \(count.lowerBound) to \(count.upperBound) can be",
            mend: "add or leave out some")
          return nil
        }
        var values: [String: Element] = [:]
        for entry in entries {
          let name = SettingsReader.quoted([entry.key])
          if let names, !names.isMatch(entry.key) {
            reader.report(
              at: entry.keyRange.lowerBound, "\(name) cannot be a name in \(reader.label)", mend: "write \(names.needs)"
            )
            continue
          }
          // What is missing in a value is shown at its name.
          reader.read(entry, isRequired: !reader.mayBeLeftOut) { reader in
            if let value = value.read(entry.value, &reader) { values[entry.key] = value }
          }
        }
        return values.count == entries.count ? values : nil
      },
      write: { values in
        .object(
          values.sorted { $0.key < $1.key }.compactMap { pair in
            value.write(pair.value).map { .init(pair.key, $0) }
          })
      })
    type.secretNames = value.secretNames
    return type
  }
}

extension SettingsReader {
  /// Words in quotes, for a message.
  static func quoted(_ words: [String]) -> String {
    words.map { "“\(SettingsNode.cut($0))”" }.joined(separator: ", ")
  }
}
