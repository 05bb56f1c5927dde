internal import Corpus

/// One key of a mapping: its name, type, place in the value that is read, and what it means.
///
/// The default is whatever the object's initial value holds at that place.
public struct SettingsField<Root: Sendable>: Sendable {
  let name: String
  let meaning: String
  let isRequired: Bool
  /// Names of settings inside a group, so that one written outside can be told where it belongs.
  let inner: [String]
  let secretNames: Set<String>
  /// Whether its own value is a secret, not one inside.
  var isSecret: Bool { secretNames.contains(name) }
  let schema: @Sendable (Root) -> JSONValue
  let read: @Sendable (SettingsNode, inout Root, inout SettingsReader) -> Void
  let write: @Sendable (Root) -> JSONValue?

  /// A setting.
  ///
  /// - Parameters:
  ///   - name: the key.
  ///   - place: where the value goes.
  ///   - type: what the value may be.
  ///   - isRequired: whether the key must be there.
  ///   - shapesResult: whether it changes what comes out; a setting of speed or patience does not, and canonical JSON
  ///     leaves it out so that no work is done again for it.
  ///   - meaning: one sentence for editors and error messages.
  public init<Value>(
    _ name: String, _ place: any WritableKeyPath<Root, Value> & Sendable, _ type: SettingType<Value>,
    isRequired: Bool = false, shapesResult: Bool = true, _ meaning: String
  ) {
    self.name = name
    self.meaning = meaning
    self.isRequired = isRequired
    inner = []
    secretNames = Self.secretNames(name, Value.self, type.secretNames)
    schema = { root in
      let value = isRequired || !type.showsDefault ? nil : type.write(root[keyPath: place])
      return Self.described(type.schema, meaning, value)
    }
    read = { node, root, reader in
      if let value = type.read(node, &reader) { root[keyPath: place] = value }
    }
    write = { root in shapesResult ? type.write(root[keyPath: place]) : nil }
  }

  /// A setting without a default.
  public init<Value>(
    _ name: String, _ place: any WritableKeyPath<Root, Value?> & Sendable, _ type: SettingType<Value>,
    isRequired: Bool = false, shapesResult: Bool = true, _ meaning: String
  ) {
    self.init(name, place, type.optional, isRequired: isRequired, shapesResult: shapesResult, meaning)
  }

  /// Settings of the same value written together under one key.
  ///
  /// - Parameters:
  ///   - name: the key.
  ///   - fields: the settings below it.
  ///   - isRequired: whether the key must be there.
  ///   - meaning: one sentence for editors and error messages.
  public init(group name: String, _ fields: [SettingsField<Root>], isRequired: Bool = false, _ meaning: String) {
    self.name = name
    self.meaning = meaning
    self.isRequired = isRequired
    inner = fields.map(\.name)
    secretNames = fields.reduce(into: []) { $0.formUnion($1.secretNames) }
    schema = { root in
      let object = SettingsObject(initial: root, fields: fields)
      return Self.described(object.type.schema, meaning, nil)
    }
    read = { node, root, reader in
      SettingsObject(initial: root, fields: fields).read(node, into: &root, &reader)
    }
    write = { root in SettingsObject(initial: root, fields: fields).canonicalJSON(root) }
  }

  private static func secretNames(_ name: String, _ type: Any.Type, _ inside: Set<String>) -> Set<String> {
    type == Secret.self || type == Secret?.self ? inside.union([name]) : inside
  }

  private static func described(_ schema: [JSONValue.Member], _ meaning: String, _ value: JSONValue?) -> JSONValue {
    var members: [JSONValue.Member] = [.init("description", .string(meaning))]
    members += schema.filter { $0.name != "description" }
    // A list that is empty until somebody writes it, and then must not be empty, has no default that can be written.
    let cannotBeWritten = value?.array?.isEmpty == true && members.contains(.init("minItems", .integer(1)))
    if let value, !cannotBeWritten { members.append(.init("default", value)) }
    return .object(members)
  }
}
