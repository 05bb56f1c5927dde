internal import Corpus
internal import Settings

extension IndexSettings {
  private typealias Field = SettingsField<IndexSettings>

  static let definition = SettingsObject(
    initial: IndexSettings(),
    fields: [
      Field(
        "languages", \.languages, .list(of: language, count: 1...32),
        "The languages whose word forms the lexical index knows (BCP 47)."),
      Field("lexical", \.lexical, .boolean, "Whether words are indexed beside vectors."),
      Field("vectors", \.vectors, .choice(), "How vectors are stored."),
      Field("fields", \.fields, fields, "Fields by which answers can be filtered, read from each page's metadata."),
    ],
    check: { index, node, reader in
      for (place, language) in index.languages.enumerated() where index.languages[..<place].contains(language) {
        reader.report(
          at: node["languages"]?.elements[place] ?? node, "the language “\(language)” stands twice",
          mend: "keep one of them")
      }
    })

  private static var fields: SettingType<[String: FieldSettings]> {
    .map(
      to: FieldSettings.definition.type.orShort(SettingType<FieldKind>.choice()) { FieldSettings(kind: $0) },
      count: 0...100, names: fieldNames
    )
    .checked { fields, node, reader in
      check(fields.mapValues(\.kind), node, &reader)
      return fields
    }
    // What nobody declared changes no hash.
    .written { fields in
      guard !fields.isEmpty else { return nil }
      return .object(
        fields.sorted { $0.key < $1.key }.map { .init($0.key, FieldSettings.definition.canonicalJSON($0.value)) })
    }
  }

  /// What a field can be called.
  static var fieldNames: (pattern: String, needs: String, isMatch: @Sendable (String) -> Bool) {
    (
      pattern: "^[a-z][a-z0-9_-]{0,31}$", needs: "a name of 1 to 32 small letters, digits, hyphens and underscores",
      isMatch: isFieldName
    )
  }

  /// Refuses fields that every document has, and other kinds of those that every collection has.
  static func check(_ kinds: [String: FieldKind], _ node: SettingsNode, _ reader: inout SettingsReader) {
    for (name, own) in kinds.sorted(by: { $0.key < $1.key }) {
      if FieldKind.identity.contains(name) {
        reader.report(
          atKey: name, of: node, "“\(name)” is a field of every document and cannot be declared",
          mend: "choose another name")
      } else if let kind = FieldKind.standard[name], kind != own {
        reader.report(
          atKey: name, of: node, "“\(name)” is a \(kind.rawValue) in every collection, not a \(own.rawValue)",
          mend: "write type: \(kind.rawValue), or choose another name")
      }
    }
  }

  @Sendable private static func isFieldName(_ name: String) -> Bool {
    let isSmall: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    return (1...32).contains(name.utf8.count) && name.utf8.first.map(isSmall) == true
      && name.utf8.allSatisfy { isSmall($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F }
  }

  private static var language: SettingType<String> {
    .string(pattern: "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", needs: "a language tag such as es, en or pt-BR") { tag in
      let parts = tag.split(separator: "-", omittingEmptySubsequences: false)
      return parts.count <= 4 && (2...3).contains(parts[0].utf8.count)
        && parts[0].utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        && parts.dropFirst().allSatisfy { part in
          (2...8).contains(part.utf8.count)
            && part.unicodeScalars.allSatisfy {
              $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
            }
        }
    }
  }
}

extension FieldSettings {
  private typealias Field = SettingsField<FieldSettings>

  static let definition = SettingsObject(
    initial: FieldSettings(kind: .keyword),
    fields: [
      Field(
        "type", \.kind, .choice(), isRequired: true,
        "What its values are: exact words, numbers, or dates such as 2026, 2026-05 or 2026-05-17T09:30:00+02:00."),
      Field(
        "from", \.attribute, attribute,
        "Where it is read from: “meta:NAME” is HTML's <meta name=NAME> or <meta property=NAME> and NAME in a Markdown "
          + "file's front matter; meta: and the field's own name by default."),
    ])

  private static var attribute: SettingType<String> {
    .attribute
  }
}

extension SettingType where Value == String {
  /// `meta:NAME`; the value is the name in small letters.
  fileprivate static var attribute: SettingType<String> {
    let prefix = "meta:"
    return string(pattern: "^meta:[^\\s]{1,100}$", needs: "“meta:” and a name, such as meta:product") { text in
      text.hasPrefix(prefix) && (1...100).contains(text.utf8.count - prefix.utf8.count)
        && !text.contains(where: \.isWhitespace)
    }
    .checked { text, _, _ in text.dropFirst(prefix.count).lowercased() }
    .written { .string(prefix + $0) }
  }
}
