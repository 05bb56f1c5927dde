extension ByteWriter {
  /// A rule: its kind, then sets of principals, each sorted.
  public mutating func write(_ rule: AccessRule) {
    switch rule {
    case .open: write(0)
    case .closed: write(1)
    case .allOf(let sets):
      write(2)
      write(list: sets) { $0.write(list: $1.sorted()) { $0.write($1.name) } }
    }
  }

  /// Fields in the order of their names' bytes, each with its values.
  public mutating func write(_ fields: [String: [FieldValue]]) {
    let ordered = fields.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    write(list: ordered) { writer, field in
      writer.write(field.key)
      writer.write(list: field.value) { $0.write($1) }
    }
  }

  /// What a source knows of a page beside its bytes; origins of the rule's sets only where they are told.
  public mutating func write(_ facts: DocumentFacts) {
    write(facts.title) { $0.write($1) }
    write(facts.language) { $0.write($1) }
    write(facts.access)
    write(facts.modified) { $0.write(fixed: UInt64(bitPattern: $1)) }
    write(list: facts.breadcrumbs) { $0.write($1) }
    write(facts.fields)
    if !facts.accessOrigins.isEmpty { write(list: facts.accessOrigins) { $0.write($1) } }
  }

  private mutating func write(_ value: FieldValue) {
    switch value {
    case .keyword(let text):
      write(0)
      write(text)
    case .number(let number):
      write(1)
      write(fixed: number.bitPattern)
    case .date(let moment):
      write(2)
      write(fixed: UInt64(bitPattern: moment))
    }
  }
}

extension ByteReader {
  /// A rule.
  public mutating func accessRule() throws(ByteCodingError) -> AccessRule {
    switch try int() {
    case 0: .open
    case 1: .closed
    case 2:
      .allOf(
        try list { reader throws(ByteCodingError) in
          Set(
            try reader.list { reader throws(ByteCodingError) in
              try reader.principal()
            })
        })
    default: throw ByteCodingError(description: "an access rule of a kind that this version does not know")
    }
  }

  /// A principal in its written form.
  public mutating func principal() throws(ByteCodingError) -> Principal {
    guard let principal = Principal(try text()) else {
      throw ByteCodingError(description: "a principal is neither user nor group")
    }
    return principal
  }

  /// What a source knows of a page beside its bytes: the last thing of a record.
  public mutating func facts() throws(ByteCodingError) -> DocumentFacts {
    var facts = DocumentFacts()
    facts.title = try optional { reader throws(ByteCodingError) in try reader.text() }
    facts.language = try optional { reader throws(ByteCodingError) in try reader.text() }
    facts.access = try accessRule()
    facts.modified = try optional { reader throws(ByteCodingError) in Int64(bitPattern: try reader.fixed()) }
    facts.breadcrumbs = try list { reader throws(ByteCodingError) in try reader.text() }
    facts.fields = try fields()
    if !isAtEnd { facts.accessOrigins = try list { reader throws(ByteCodingError) in try reader.text() } }
    return facts
  }

  /// Fields by name.
  public mutating func fields() throws(ByteCodingError) -> [String: [FieldValue]] {
    let pairs = try list { reader throws(ByteCodingError) in
      (try reader.text(), try reader.list { reader throws(ByteCodingError) in try reader.fieldValue() })
    }
    return Dictionary(pairs) { first, _ in first }
  }

  private mutating func fieldValue() throws(ByteCodingError) -> FieldValue {
    switch try int() {
    case 0: .keyword(try text())
    case 1: .number(Double(bitPattern: try fixed()))
    case 2: .date(Int64(bitPattern: try fixed()))
    default: throw ByteCodingError(description: "a field of a kind that this version does not know")
    }
  }
}
