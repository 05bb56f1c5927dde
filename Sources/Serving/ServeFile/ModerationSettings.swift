internal import Corpus
internal import Settings

extension Moderation {
  private typealias Field = SettingsField<Moderation>

  static let definition = SettingsObject(
    initial: Moderation(),
    fields: [
      Field(
        "blocked", \.blocked,
        .list(
          of: .string(needs: "a pattern with a word in it", isMatch: { $0.contains { $0 != "*" && $0 != " " } }),
          count: 0...1_000),
        "Patterns that no question may hold: words, with * for anything between them; case does not matter."),
      Field(
        "mask", \.masked,
        SettingType<[PersonalData]>.list(of: .choice(), count: 0...5).mapped(
          { Set($0) }, back: { kinds in PersonalData.allCases.filter(kinds.contains) }),
        "Personal data that is masked in answers; answers are then sent whole, never streamed."),
    ])
}

extension CrossOrigin {
  private typealias Field = SettingsField<CrossOrigin>

  static let definition = SettingsObject(
    initial: CrossOrigin(),
    fields: [
      Field(
        "origins", \.origins, .list(of: .originRule, count: 0...100),
        "Web pages that may read answers: origins such as https://intranet.example, or https://*.example.com for all "
          + "below a domain."),
      Field("max_age", \.maximumAge, .seconds(in: 0...86_400), "How long a browser may remember a permission."),
    ])
}

extension SettingType where Value == CrossOrigin.Rule {
  static var originRule: SettingType {
    let needs = "an origin such as https://intranet.example or https://*.example.com"
    return SettingType<String>.string(needs: needs).mapped(
      { text, node, reader in
        if let rule = CrossOrigin.Rule(text) { return rule }
        reader.report(at: node, "\(reader.label) needs \(needs)", mend: "write scheme and host, without a path")
        return nil
      }, back: \.description)
  }
}

extension Rate {
  private typealias Field = SettingsField<Rate>

  /// `{ per_minute: 600, burst: 100 }`, or the number a minute alone.
  static var type: SettingType<Rate> {
    let definition = SettingsObject(
      initial: Rate(perMinute: 0, burst: 0),
      fields: [
        Field("per_minute", \.perMinute, minute, isRequired: true, "Requests a minute."),
        Field("burst", \.burst, .integer(in: 1...1_000_000), "Requests at once; a sixth of a minute's by default."),
      ],
      check: { rate, _, _ in
        if rate.burst == 0 { rate = Rate(perMinute: rate.perMinute) }
      })
    return definition.type.orShort(minute) { Rate(perMinute: $0) }
  }

  private static var minute: SettingType<Int> { .integer(in: 1...1_000_000) }
}

extension Rates {
  private typealias Field = SettingsField<Rates>

  static let definition = SettingsObject(
    initial: Rates(),
    fields: [
      Field("key", \.key, Rate.type, "How often one key may ask, or one caller who is known in another way."),
      Field("user", \.user, Rate.type, "How often one user may ask, whichever way they come."),
      Field(
        "address", \.address, Rate.type,
        "How often one address may ask; with a proxy in front only where “trusted_proxies” names it."),
    ])
}
