public import Corpus

/// What a JSON value has to be: checks requests and is written into the contract as JSON Schema 2020-12.
public indirect enum JSONSchema: Sendable {
  /// A member of an object.
  public struct Property: Sendable {
    var name: String
    var schema: JSONSchema
    var isRequired: Bool
    var note: String

    /// Defines a member that must be there.
    public static func required(_ name: String, _ schema: JSONSchema, _ note: String) -> Property {
      Property(name: name, schema: schema, isRequired: true, note: note)
    }

    /// Defines a member that may be left out.
    public static func optional(_ name: String, _ schema: JSONSchema, _ note: String) -> Property {
      Property(name: name, schema: schema, isRequired: false, note: note)
    }
  }

  /// A text of so many UTF-8 bytes, not only white space if `lower` is above 0.
  case string(bytes: ClosedRange<Int>)
  /// Any value.
  case any
  /// Any text.
  case text
  /// A whole number within bounds.
  case integer(ClosedRange<Int>)
  /// Any number.
  case number
  /// A number within bounds.
  case numberIn(ClosedRange<Double>)
  /// One of a few words.
  case choice([String])
  /// True or false.
  case boolean
  /// So many elements.
  case array(of: JSONSchema, count: ClosedRange<Int>)
  /// These members and no others.
  case object([Property])
  /// These members and any others, which are not looked at.
  case openObject([Property])
  /// Members of any name.
  case map(of: JSONSchema, maximum: Int)
  /// One of several; the first that fits.
  case oneOf([JSONSchema])
  /// The schema or null.
  case nullable(JSONSchema)

  /// Checks a value.
  ///
  /// - Parameters:
  ///   - value: what came.
  ///   - path: where it stands in the body, for the message; empty at the top, and put together only where it is told.
  /// - Throws: `RequestFailure` that names the place: 413 for a text that is too long, 422 otherwise.
  public func check(_ value: JSONValue, at path: @autoclosure () -> String = "") throws(RequestFailure) {
    switch (self, value) {
    case (.string(let bytes), .string(let text)):
      if text.utf8.count > bytes.upperBound {
        throw RequestFailure(413, "\(place(path())) is longer than \(bytes.upperBound) bytes.")
      }
      let content = bytes.lowerBound > 0 ? text.utf8.count { $0 > 0x20 } : text.utf8.count
      if content < bytes.lowerBound { throw RequestFailure(422, "\(place(path())) is empty.") }
    case (.any, _), (.text, .string), (.boolean, .bool), (.number, .integer), (.number, .number): return
    case (.integer(let bounds), _):
      guard let number = value.int, bounds.contains(number) else { throw refusal(path()) }
    case (.numberIn(let bounds), _):
      guard let number = value.double, bounds.contains(number) else { throw refusal(path()) }
    case (.choice(let words), .string(let word)):
      guard words.contains(word) else { throw refusal(path()) }
    case (.array(let schema, let count), .array(let elements)):
      guard count.contains(elements.count) else { throw refusal(path()) }
      for (index, element) in elements.enumerated() { try schema.check(element, at: "\(path())[\(index)]") }
    case (.object(let properties), .object(let members)):
      try check(members, properties, at: path)
    case (.openObject(let properties), .object(let members)):
      let known = members.filter { member in properties.contains { $0.name == member.name } }
      try check(known, properties, at: path)
    case (.map(let schema, let maximum), .object(let members)):
      guard members.count <= maximum else { throw refusal(path()) }
      for member in members { try schema.check(member.value, at: join(path(), member.name)) }
    case (.oneOf(let schemas), _):
      for schema in schemas where schema.admits(value, at: path) { return }
      throw refusal(path())
    case (.nullable(let schema), _):
      if value != .null { try schema.check(value, at: path()) }
    default: throw refusal(path())
    }
  }

  private func admits(_ value: JSONValue, at path: () -> String) -> Bool {
    do { try check(value, at: path()) } catch { return false }
    return true
  }

  private func check(
    _ members: [JSONValue.Member], _ properties: [Property], at path: () -> String
  ) throws(RequestFailure) {
    for member in members {
      guard let property = properties.first(where: { $0.name == member.name }) else {
        let known = properties.map { "“\($0.name)”" }.joined(separator: ", ")
        throw RequestFailure(422, "Unknown member \(place(join(path(), member.name))); known are \(known).")
      }
      try property.schema.check(member.value, at: join(path(), member.name))
    }
    for property in properties where property.isRequired && !members.contains(where: { $0.name == property.name }) {
      throw RequestFailure(422, "\(place(join(path(), property.name))) is missing: \(property.schema.expectation).")
    }
  }

  private func refusal(_ path: String) -> RequestFailure {
    RequestFailure(422, "\(place(path)) has to be \(expectation).")
  }

  private func place(_ path: String) -> String {
    // A member's name comes from outside: its beginning suffices to find it.
    path.isEmpty ? "The body" : "“\(path.count > 80 ? path.prefix(80) + "…" : path[...])”"
  }

  private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : path + "." + name }

  /// What is expected, to stand after “has to be”.
  var expectation: String {
    switch self {
    case .any: "a value"
    case .string, .text: "a string"
    case .integer(let bounds): "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
    case .number: "a number"
    case .numberIn(let bounds): "a number from \(bounds.lowerBound) to \(bounds.upperBound)"
    case .choice(let words): "one of " + words.map { "“\($0)”" }.joined(separator: ", ")
    case .boolean: "true or false"
    case .array(let schema, let count):
      "an array of \(count.lowerBound) to \(count.upperBound) elements, each \(schema.expectation)"
    case .object(let properties), .openObject(let properties):
      "an object with " + properties.map { "“\($0.name)”" }.joined(separator: ", ")
    case .map(let schema, let maximum): "an object of at most \(maximum) members, each \(schema.expectation)"
    case .oneOf(let schemas): schemas.map(\.expectation).joined(separator: ", or ")
    case .nullable(let schema): schema.expectation + " or null"
    }
  }

  /// As JSON Schema 2020-12.
  var json: JSONValue {
    switch self {
    case .string(let bytes):
      // JSON Schema counts characters: a text of at most n bytes has at most n of them.
      [
        "type": .string("string"), "minLength": .integer(Int64(bytes.lowerBound)),
        "maxLength": .integer(Int64(bytes.upperBound)),
      ]
    case .any: [:]
    case .text: ["type": .string("string")]
    case .integer(let bounds):
      [
        "type": .string("integer"), "minimum": .integer(Int64(bounds.lowerBound)),
        "maximum": .integer(Int64(bounds.upperBound)),
      ]
    case .number: ["type": .string("number")]
    case .numberIn(let bounds):
      ["type": .string("number"), "minimum": .number(bounds.lowerBound), "maximum": .number(bounds.upperBound)]
    case .choice(let words): ["type": .string("string"), "enum": .array(words.map { .string($0) })]
    case .boolean: ["type": .string("boolean")]
    case .array(let schema, let count):
      [
        "type": .string("array"), "items": schema.json, "minItems": .integer(Int64(count.lowerBound)),
        "maxItems": .integer(Int64(count.upperBound)),
      ]
    case .object(let properties): members(properties, isOpen: false)
    case .openObject(let properties): members(properties, isOpen: true)
    case .map(let schema, let maximum):
      [
        "type": .string("object"), "additionalProperties": schema.json, "maxProperties": .integer(Int64(maximum)),
      ]
    case .oneOf(let schemas): ["anyOf": .array(schemas.map(\.json))]
    case .nullable(let schema): ["anyOf": .array([schema.json, ["type": .string("null")]])]
    }
  }

  private func members(_ properties: [Property], isOpen: Bool) -> JSONValue {
    [
      "type": .string("object"),
      "properties": .object(properties.map { .init($0.name, $0.schema.described($0.note)) }),
      "required": .array(properties.filter(\.isRequired).map { .string($0.name) }),
      "additionalProperties": .bool(isOpen),
    ]
  }

  private func described(_ note: String) -> JSONValue {
    .object((json.members ?? []) + [.init("description", .string(note))])
  }
}
