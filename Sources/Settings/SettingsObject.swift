public import Corpus

/// A mapping with known keys: the definition from which it is read, checked, written and described to editors.
public struct SettingsObject<Root: Sendable>: Sendable {
  /// Holds the defaults.
  let initial: Root
  let fields: [SettingsField<Root>]
  /// Keys of which exactly one must be there.
  let alternatives: [String]
  let check: @Sendable (inout Root, SettingsNode, inout SettingsReader) -> Void

  /// Defines a mapping.
  ///
  /// - Parameters:
  ///   - initial: the value before anything is read: it holds the defaults.
  ///   - fields: the keys, in the order in which they are told.
  ///   - alternatives: keys of which exactly one must be there.
  ///   - check: looks at the whole, if its parts are without a fault: records faults, completes what depends on others.
  public init(
    initial: Root, fields: [SettingsField<Root>], exactlyOneOf alternatives: [String] = [],
    check: @escaping @Sendable (inout Root, SettingsNode, inout SettingsReader) -> Void = { _, _, _ in }
  ) {
    self.initial = initial
    self.fields = fields
    self.alternatives = alternatives
    self.check = check
  }

  /// The mapping as the type of a setting.
  public var type: SettingType<Root> {
    var type = SettingType<Root>(
      schema: schemaMembers,
      read: { node, reader in
        var root = initial
        let before = reader.faultCount
        read(node, into: &root, &reader)
        return reader.faultCount == before ? root : nil
      }, write: { canonicalJSON($0) })
    type.showsDefault = false
    type.secretNames = secretNames
    return type
  }

  var secretNames: Set<String> { fields.reduce(into: []) { $0.formUnion($1.secretNames) } }

  /// All settings with their values, in the order of the definition, without paths, secrets and what changes no result.
  public func canonicalJSON(_ root: Root) -> JSONValue {
    .object(fields.compactMap { field in field.write(root).map { .init(field.name, $0) } })
  }
}

// MARK: - Reading

extension SettingsObject {
  /// Reads a settings file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the value with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found.
  public func read(path: String, environment: [String: String]) throws(SettingsErrors) -> Root {
    try parse(try SettingsSource.bytes(ofFile: path), path: path, environment: environment)
  }

  /// Reads the bytes of a settings file.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8, at most 1 MiB.
  ///   - path: the file's path, for messages and for relative paths in it.
  ///   - environment: where `${NAME}` is looked up.
  /// - Returns: the value with its defaults filled in.
  /// - Throws: `SettingsErrors` with every fault found.
  public func parse(_ bytes: [UInt8], path: String, environment: [String: String]) throws(SettingsErrors) -> Root {
    try SettingsReader.value(
      of: bytes, path: path, environment: environment, secretNames: secretNames,
      whenEmpty: "it needs: \(SettingsReader.quoted(requiredNames))"
    ) { node, reader in
      var root = initial
      read(node, into: &root, &reader)
      return root
    }
  }

  private var requiredNames: [String] { fields.filter(\.isRequired).map(\.name) }

  /// Reads a mapping; the faults it finds are in the reader.
  func read(_ node: SettingsNode, into root: inout Root, _ reader: inout SettingsReader) {
    let before = reader.faultCount
    guard case .map(let entries) = node.content else {
      if node.scalar == .null {
        let mend =
          requiredNames.isEmpty ? "write {} for its defaults" : "it needs: \(SettingsReader.quoted(requiredNames))"
        reader.report(at: node, "\(reader.label) has no value", mend: mend)
      } else {
        reader.report(
          at: node, "\(reader.label) needs a mapping, not \(node.inWords)",
          mend: "write { key: value, … } with: \(SettingsReader.quoted(fields.map(\.name)))")
      }
      return
    }
    for entry in entries {
      guard let field = fields.first(where: { $0.name == entry.key }) else {
        refuse(entry, &reader)
        continue
      }
      reader.read(entry, isRequired: field.isRequired) { field.read(entry.value, &root, &$0) }
    }
    for field in fields where field.isRequired && !entries.contains(where: { $0.key == field.name }) {
      reader.report(
        at: reader.place(of: node), "“\(field.name)” is missing\(reader.inLabel)",
        mend: "add “\(field.name):”. \(field.meaning)")
    }
    checkAlternatives(entries, node, &reader)
    if reader.faultCount == before { check(&root, node, &reader) }
  }

  private func refuse(_ entry: SettingsNode.Entry, _ reader: inout SettingsReader) {
    // A mistyped key may have been meant for a secret.
    if fields.contains(where: \.isSecret) { reader.hide(entry.value) }
    // Nobody sees so many, and a suggestion for each of a hundred thousand keys would take long.
    guard !reader.isFull else {
      reader.report(at: entry.keyRange.lowerBound, "unknown key", mend: "")
      return
    }
    let mend: String
    let known = fields.map(\.name)
    if let group = fields.first(where: { $0.inner.contains(entry.key) }) {
      mend = "“\(entry.key)” belongs in “\(group.name)”: write \(group.name): { \(entry.key): … }"
    } else if let name = known.first(where: { entry.key.hasPrefix($0 + ":") }) {
      mend = "put a space after the colon: “\(name): …”"
    } else {
      mend = Suggestion.mend(for: entry.key, among: known, introduction: "known here")
    }
    reader.report(
      at: entry.keyRange.lowerBound, "unknown key “\(SettingsNode.cut(entry.key))”\(reader.inLabel)", mend: mend)
  }

  private func checkAlternatives(_ entries: [SettingsNode.Entry], _ node: SettingsNode, _ reader: inout SettingsReader)
  {
    guard !alternatives.isEmpty else { return }
    let present = entries.filter { alternatives.contains($0.key) }
    let names = SettingsReader.quoted(alternatives)
    if present.isEmpty {
      reader.report(at: reader.place(of: node), "\(reader.label) does not say what it is", mend: "add one of: \(names)")
    } else if present.count > 1 {
      reader.report(
        at: present[1].keyRange.lowerBound,
        "\(reader.label) has both “\(present[0].key)” and “\(present[1].key)”", mend: "keep one of: \(names)")
    }
  }
}

// MARK: - Describing to editors

extension SettingsObject {
  /// The JSON Schema (2020-12) of a settings file.
  ///
  /// - Parameters:
  ///   - title: what the file is.
  ///   - description: one sentence about it.
  /// - Returns: the schema.
  public func jsonSchema(title: String, description: String) -> JSONValue {
    .object(
      [
        .init("$schema", .string("https://json-schema.org/draft/2020-12/schema")), .init("title", .string(title)),
        .init("description", .string(description)),
      ] + schemaMembers)
  }

  private var schemaMembers: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("type", .string("object")), .init("additionalProperties", .bool(false)),
      .init("properties", .object(fields.map { .init($0.name, $0.schema(initial)) })),
    ]
    if !requiredNames.isEmpty { members.append(.init("required", .array(requiredNames.map { .string($0) }))) }
    if !alternatives.isEmpty {
      members.append(.init("oneOf", .array(alternatives.map { ["required": [.string($0)]] })))
    }
    return members
  }
}

extension SettingsReader {
  /// Reads the value of an entry under its key as label.
  mutating func read(_ entry: SettingsNode.Entry, isRequired: Bool, _ body: (inout SettingsReader) -> Void) {
    let (key, mayBeLeftOut) = (currentKey, self.mayBeLeftOut)
    currentKey = entry.keyRange.lowerBound
    self.mayBeLeftOut = !isRequired
    labelled("“\(SettingsNode.cut(entry.key))”", body)
    (currentKey, self.mayBeLeftOut) = (key, mayBeLeftOut)
  }

  /// What a mend adds where nothing need stand.
  var orLeaveOut: String { mayBeLeftOut ? ", or leave the key out" : "" }

  /// Records a fault at the key of the entry being read.
  mutating func reportKey(_ message: String, mend: String) {
    report(at: currentKey, message, mend: mend)
  }

  /// Where something missing in a mapping is shown: at the mapping's key, or at the mapping itself.
  func place(of node: SettingsNode) -> Int {
    guard let currentKey, currentKey < node.range.lowerBound else { return node.range.lowerBound }
    return currentKey
  }

  /// “ in …” where there is something to be in.
  var inLabel: String { isInside ? " in \(label)" : "" }
}

extension SettingsSource {
  /// The absolute folder of a file; a relative one is relative to the working folder.
  static func folder(of path: String) -> String {
    let absolute = path.hasPrefix("/") ? path : workingFolder() + "/" + path
    return SettingsReader.normalized(absolute + "/..")
  }
}
