public import Corpus

/// What a setting's value may be: one definition from which it is read, written and described to editors.
public struct SettingType<Value: Sendable>: Sendable {
  /// The JSON Schema members of the type, without description and default.
  let schema: [JSONValue.Member]
  /// Names of secret settings inside.
  var secretNames: Set<String> = []
  /// Whether a default of this type is told to editors; an object tells those of its own settings instead.
  var showsDefault = true
  /// Reads a value; nil after having recorded a fault.
  let read: @Sendable (SettingsNode, inout SettingsReader) -> Value?
  /// The value as canonical JSON; nil for what depends on the machine (paths) or must not be seen (secrets).
  let write: @Sendable (Value) -> JSONValue?

  init(
    schema: [JSONValue.Member], read: @escaping @Sendable (SettingsNode, inout SettingsReader) -> Value?,
    write: @escaping @Sendable (Value) -> JSONValue?
  ) {
    self.schema = schema
    self.read = read
    self.write = write
  }

  /// The same type as one that may be absent.
  var optional: SettingType<Value?> {
    var type = SettingType<Value?>(
      schema: schema, read: { node, reader in read(node, &reader).map { .some($0) } },
      write: { $0.flatMap { write($0) } })
    type.secretNames = secretNames
    type.showsDefault = showsDefault
    return type
  }

  /// The same type with one more demand.
  ///
  /// - Parameter check: records a fault and returns nil for a value that is refused; otherwise returns what is kept.
  /// - Returns: the stricter type.
  public func checked(
    _ check: @escaping @Sendable (Value, SettingsNode, inout SettingsReader) -> Value?
  ) -> SettingType {
    var type = SettingType(
      schema: schema,
      read: { node, reader in
        guard let value = read(node, &reader) else { return nil }
        return check(value, node, &reader)
      }, write: write)
    type.secretNames = secretNames
    type.showsDefault = showsDefault
    return type
  }

  /// The same setting kept as another type of value.
  ///
  /// - Parameters:
  ///   - transform: what is kept.
  ///   - back: what canonical JSON is made of.
  /// - Returns: the other type.
  public func mapped<Other>(
    _ transform: @escaping @Sendable (Value) -> Other, back: @escaping @Sendable (Other) -> Value
  ) -> SettingType<Other> {
    mapped({ value, _, _ in transform(value) }, back: back)
  }

  /// The same setting kept as another type of value, which not every value gives.
  ///
  /// - Parameters:
  ///   - transform: what is kept; records a fault and returns nil for a value that gives nothing.
  ///   - back: what canonical JSON is made of.
  /// - Returns: the other type.
  public func mapped<Other>(
    _ transform: @escaping @Sendable (Value, SettingsNode, inout SettingsReader) -> Other?,
    back: @escaping @Sendable (Other) -> Value
  ) -> SettingType<Other> {
    var type = SettingType<Other>(
      schema: schema,
      read: { node, reader in
        guard let value = read(node, &reader) else { return nil }
        return transform(value, node, &reader)
      }, write: { write(back($0)) })
    type.secretNames = secretNames
    type.showsDefault = showsDefault
    return type
  }

  /// The same mapping or list, for which one value may be written that says enough.
  ///
  /// - Parameters:
  ///   - short: what may be written in its place.
  ///   - make: the whole that it stands for.
  /// - Returns: the type that takes either.
  public func orShort<Short>(
    _ short: SettingType<Short>, _ make: @escaping @Sendable (Short) -> Value
  ) -> SettingType {
    let isList = schema.contains(.init("type", .string("array")))
    var type = SettingType(
      schema: [.init("anyOf", .array([.object(short.schema), .object(schema)]))],
      read: { [read] node, reader in
        switch node.content {
        case .map where !isList, .list where isList: return read(node, &reader)
        default: return short.read(node, &reader).map(make)
        }
      }, write: write)
    type.secretNames = secretNames.union(short.secretNames)
    type.showsDefault = showsDefault
    return type
  }

  /// The same type written in another way in canonical JSON; nil leaves it out.
  public func written(_ write: @escaping @Sendable (Value) -> JSONValue?) -> SettingType {
    var type = SettingType(schema: schema, read: read, write: write)
    type.secretNames = secretNames
    type.showsDefault = showsDefault
    return type
  }
}

// MARK: - Text

extension SettingType where Value == String {
  /// A text that is not empty.
  ///
  /// - Parameters:
  ///   - pattern: what it has to match, for editors; `isMatch` decides.
  ///   - needs: the pattern in words: “a name of small letters, digits and hyphens”.
  ///   - isMatch: whether the text, its variables filled in, is allowed.
  /// - Returns: the type.
  public static func string(
    pattern: String? = nil, needs: String = "a text", isMatch: @escaping @Sendable (String) -> Bool = { !$0.isEmpty }
  ) -> SettingType {
    // A text with a variable in it cannot be judged before the environment is known.
    let schema: [JSONValue.Member] =
      if let pattern { [.init("type", .string("string")), .init("pattern", .string("(\(pattern))|[$][{]"))] } else {
        [.init("type", .string("string")), .init("minLength", .integer(1))]
      }
    return SettingType(
      schema: schema,
      read: { node, reader in
        guard let text = reader.string(node, needs: needs) else { return nil }
        guard text.utf8.count <= 1 << 16, isMatch(text) else {
          reader.refuse(node, text, needs: needs)
          return nil
        }
        return text
      }, write: { .string($0) })
  }

  /// An absolute `http` or `https` address without credentials.
  public static var webAddress: SettingType {
    let type = string(
      pattern: "^[hH][tT][tT][pP][sS]?://[^/?#@\\s][^@\\s]*$", needs: "an http or https address", isMatch: isWebAddress)
    return SettingType(
      schema: type.schema,
      read: { node, reader in
        if case .scalar(let text, _) = node.content, hasCredentials(text) {
          reader.hide(node)
          reader.report(
            at: node, "\(reader.label) holds credentials", mend: "take “user:password@” out of the address")
          return nil
        }
        return type.read(node, &reader)
      }, write: type.write)
  }

  private static func afterScheme(_ text: String) -> Substring? {
    for scheme in ["https://", "http://"] where text.prefix(scheme.count).lowercased() == scheme {
      return text.dropFirst(scheme.count)
    }
    return nil
  }

  private static func hasCredentials(_ text: String) -> Bool {
    afterScheme(text)?.prefix { !"/?#".contains($0) }.contains("@") ?? false
  }

  private static func isWebAddress(_ text: String) -> Bool {
    guard let rest = afterScheme(text), !hasCredentials(text) else { return false }
    return !rest.prefix { !"/?#".contains($0) }.isEmpty
      && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
  }

  /// A path, absolute and normalised; one written relative is relative to the settings file.
  public static var path: SettingType {
    let text = string(needs: "a path")
    return SettingType(
      schema: text.schema,
      read: { node, reader in
        guard let path = text.read(node, &reader) else { return nil }
        return reader.resolve(path, at: node)
      }, write: { _ in nil })
  }

  /// A name, or a path when it has a slash in it; a relative path is relative to the settings file.
  ///
  /// Canonical JSON has only the last part of a path, so that it does not depend on the machine.
  public static var nameOrPath: SettingType {
    let text = string(needs: "a name or a path")
    return SettingType(
      schema: text.schema,
      read: { node, reader in
        guard let value = text.read(node, &reader) else { return nil }
        return value.contains("/") ? reader.resolve(value, at: node) : value
      }, write: { .string(String($0.split(separator: "/").last ?? "")) })
  }
}

extension SettingType where Value == Secret {
  /// A value from the environment that is never shown; it must not stand in the file itself.
  public static var secret: SettingType {
    SettingType(
      schema: [
        .init("type", .string("string")), .init("pattern", .string("^([$][{][A-Za-z_][A-Za-z0-9_]*(:-)?[}])+$")),
      ],
      read: { node, reader in
        let isReference =
          if case .scalar(let text, _) = node.content {
            Variables(text).pieces.allSatisfy { piece in
              switch piece {
              case .text: false
              case .variable(_, let fallback, _): fallback ?? "" == ""
              case .malformed: true
              }
            }
          } else { false }
        guard isReference else {
          reader.hide(node)
          reader.report(
            at: node, "\(reader.label) is a secret and must not stand in the file",
            mend: "write ${NAME} and set NAME in the environment")
          return nil
        }
        guard let value = reader.string(node, needs: "a variable such as ${NAME}") else { return nil }
        guard !value.isEmpty else {
          reader.report(at: node, "\(reader.label) is empty", mend: "set its environment variable before running")
          return nil
        }
        return Secret(value)
      }, write: { _ in nil })
  }
}

extension SettingsReader {
  /// Records that a text is not what is needed; a text that came from the environment is not shown.
  mutating func refuse(_ node: SettingsNode, _ text: String, needs: String) {
    guard case .scalar(let written, _) = node.content else { return }
    let source = Variables(written).hasVariables ? " (its value comes from the environment)" : ""
    let shown = written.isEmpty ? "an empty text" : "“\(SettingsNode.cut(written))”"
    report(at: node, "\(label) needs \(needs), not \(shown)\(source)", mend: "write \(needs)")
  }

  /// A path made absolute and freed from `.` and `..` by its text alone.
  mutating func resolve(_ path: String, at node: SettingsNode) -> String? {
    if path.hasPrefix("~") {
      report(at: node, "“~” is not read as the home folder here", mend: "write ${HOME}\(path.dropFirst().prefix(40))")
      return nil
    }
    guard !path.unicodeScalars.contains("\0") else {
      refuse(node, path, needs: "a path")
      return nil
    }
    return Self.normalized(path.hasPrefix("/") ? path : folder + "/" + path)
  }

  static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
