internal import Corpus
public import Retrieval
internal import TextAnalysis

/// What of a catalogue can be named in a question: learnt from a snapshot and from what the service declares.
///
/// Memory: about two hundred bytes for each different value of its keyword fields.
public struct CatalogueVocabulary: Sendable {
  /// A field that questions name.
  struct Entity: Sendable {
    var field: String
    var kind: FieldKind
    /// Folded names.
    var names: [[String]]
    /// Folded words behind a number.
    var units: Set<String>
  }

  /// A value of a keyword field by the words that name it.
  struct Name: Sendable {
    var forms: [String]
    var field: String
    var value: String
  }

  /// How questions are understood.
  public let settings: CatalogueSettings
  /// By field.
  let entities: [String: Entity]
  /// By their first word, the longest first.
  let names: [String: [Name]]
  /// The field that groups items, if there is one.
  public let category: String?
  /// The field with what an item costs, if there is one.
  public let price: String?
  /// The field that tells when an item came, if there is one: a field of its own before the document's date.
  let date: String?
  /// The first words of names, for words that are nearly one of them.
  let firstForms: [String]
  /// By words of one category's names alone: that category.
  let partsOfCategories: [String: String]
  /// The words that fields are called by.
  let fieldForms: Set<String>
  /// The words that tell intents.
  let intentWords: Set<String>
  /// Names of values to compare words with.
  let likenessNames: [ValueLikeness.Name]
  /// Fields that the service declares and the snapshot does not have.
  public let missing: [String]
  let intents: [Intent]

  /// A keyword field with more values than this is no entity, unless it is declared.
  private static let mostValues = 2_000
  /// A field with more values than this has names rather than words: nothing is like one of them.
  private static let mostAlike = 100
  /// With more names than this, words that are nearly one of them mean nothing.
  private static let mostSpelt = 5_000
  /// The most values that are known at all.
  private static let mostNames = 200_000

  /// Learns a snapshot.
  ///
  /// - Parameters:
  ///   - settings: what the service declares.
  ///   - retriever: of the snapshot.
  /// - Throws: what the snapshot throws.
  /// - Complexity: O(values of keyword fields).
  public init(_ settings: CatalogueSettings, _ retriever: Retriever) throws {
    self.settings = settings
    intents = Intent.all(settings.intents)
    let kinds = try retriever.fields
    category =
      settings.category.flatMap { kinds[$0] == .keyword ? $0 : nil }
      ?? Self.first(of: ["category", "categoria", "type", "tipo"], .keyword, kinds)
    price =
      settings.price.flatMap { kinds[$0] == .number ? $0 : nil }
      ?? Self.first(of: ["price", "precio", "importe", "amount"], .number, kinds)
    let declared = [settings.category, settings.price].compactMap { $0 } + settings.entities.keys + settings.shows
    missing = Set(declared).subtracting(kinds.keys).sorted()
    let everything = try retriever.selectAll()
    var entities: [String: Entity] = [:]
    var names: [Name] = []
    var alike: [ValueLikeness.Name] = []
    let own = kinds.filter { !FieldKind.identity.contains($0.key) }
    for (field, kind) in own.sorted(by: { $0.key < $1.key }) {
      let declared = settings.entities[field]
      // What every collection has counts only when it is declared.
      guard declared?.isUsed ?? (FieldKind.standard[field] == nil || kind == .date) else { continue }
      if kind == .keyword {
        let values = try retriever.values(of: field, in: everything)
        guard declared != nil || values.count <= Self.mostValues else { continue }
        let own = Self.names(of: values, field: field, declared?.synonyms ?? [:])
        names += own.map(\.name)
        if values.count <= Self.mostAlike {
          alike += own.map { ValueLikeness.Name(text: $0.text, field: field, value: $0.name.value) }
        }
      }
      let called = [field] + Self.usualNames(field) + (declared?.names.values.flatMap { $0 } ?? [])
      entities[field] = Entity(
        field: field, kind: kind, names: called.map(QuestionTokens.forms).filter { !$0.isEmpty },
        units: Set((declared?.units ?? Self.usualUnits(field)).map { Folding.fold($0) }))
    }
    self.entities = entities
    let dates = entities.values.filter { $0.kind == .date }.map(\.field).sorted()
    date = dates.first { $0 != "date" } ?? dates.first
    fieldForms = Set(entities.values.flatMap { $0.names.filter { $0.count == 1 }.map { $0[0] } })
    intentWords = Set(intents.flatMap { $0.patterns.flatMap(\.exactWords) })
    likenessNames = alike
    let category = category
    partsOfCategories = Self.parts(names.filter { $0.field == category })
    firstForms = names.count <= Self.mostSpelt ? Set(names.map { $0.forms[0] }).sorted() : []
    self.names = Dictionary(grouping: names.prefix(Self.mostNames), by: { $0.forms[0] })
      .mapValues { $0.sorted { $0.forms.count > $1.forms.count } }
  }

  private static func first(of names: [String], _ kind: FieldKind, _ kinds: [String: FieldKind]) -> String? {
    names.first { kinds[$0] == kind }
  }

  private static func names(
    of values: [FieldCount], field: String, _ synonyms: [String: [String]]
  ) -> [(text: String, name: Name)] {
    values.flatMap { count -> [(String, Name)] in
      guard case .keyword(let value) = count.value else { return [] }
      return ([value] + (synonyms[value] ?? [])).compactMap { text in
        let forms = QuestionTokens.forms(text)
        return forms.isEmpty ? nil : (text, Name(forms: forms, field: field, value: value))
      }
    }
  }

  /// The words of names of several words that stand in those of one value alone.
  private static func parts(_ names: [Name]) -> [String: String] {
    var values: [String: Set<String>] = [:]
    for name in names { for form in name.forms { values[form, default: []].insert(name.value) } }
    return values.compactMapValues { $0.count == 1 ? $0.first : nil }
  }

  /// What people call fields of these names in the other language.
  private static func usualNames(_ field: String) -> [String] {
    switch field {
    case "price", "precio": ["price", "precio", "coste", "cost"]
    case "brand", "marca": ["brand", "marca", "fabricante", "make"]
    case "category", "categoria": ["category", "categoría", "tipo", "type"]
    case "rating", "valoracion": ["rating", "valoración", "nota", "puntuación", "estrellas", "stars"]
    case "stock": ["stock", "existencias", "unidades"]
    case "color", "colour": ["color", "colour"]
    case "ram": ["ram", "memoria", "memory"]
    case "weight", "peso": ["weight", "peso"]
    case "screen", "pantalla": ["screen", "pantalla", "display"]
    case "released", "release", "lanzamiento": ["released", "lanzado", "lanzamiento", "release", "salido"]
    default: []
    }
  }

  private static func usualUnits(_ field: String) -> [String] {
    switch field {
    case "ram", "memory", "storage", "almacenamiento", "memoria", "disk":
      ["gb", "giga", "gigas", "gig", "gigs", "gigabytes", "gib"]
    case "screen", "pantalla", "inches", "pulgadas": ["pulgadas", "pulgada", "inch", "inches", "\"", "\u{201D}"]
    case "weight", "peso": ["kg", "kilos", "kilogramos", "kilograms"]
    case "rating", "valoracion": ["estrellas", "estrella", "stars", "star", "puntos"]
    case "stock": ["unidades", "units"]
    case "power", "potencia", "watts": ["w", "watts", "vatios"]
    default: []
    }
  }

  /// The value of a field that a text names: case, accents and plurals are the same, and synonyms count.
  ///
  /// - Parameters:
  ///   - text: as somebody wrote it.
  ///   - field: a keyword field.
  ///   - selection: the documents of which one has to have it.
  ///   - retriever: of the snapshot.
  /// - Returns: the value as rows have it; nil where there is none.
  /// - Throws: what the snapshot throws.
  public func value(
    _ text: String, of field: String, among selection: DocumentSelection, _ retriever: Retriever
  ) throws -> String? {
    if try retriever.has(.keyword(text), in: field, among: selection) { return text }
    let forms = QuestionTokens.forms(text)
    guard let first = forms.first else { return nil }
    return try names[first, default: []].first { name in
      try name.field == field && name.forms == forms && retriever.has(.keyword(name.value), in: field, among: selection)
    }?.value
  }

  /// What a field is called in a language.
  func label(_ field: String, language: String) -> String {
    if let name = settings.entities[field]?.names[language]?.first { return name }
    let usual: [String: (es: String, en: String)] = [
      "price": ("precio", "price"), "brand": ("marca", "brand"), "category": ("categoría", "category"),
      "rating": ("valoración", "rating"), "weight": ("peso", "weight"), "screen": ("pantalla", "screen"),
      "released": ("lanzamiento", "released"), "date": ("fecha", "date"), "storage": ("almacenamiento", "storage"),
    ]
    guard let name = usual[field] else { return field.replacing("_", with: " ") }
    return language == "es" ? name.es : name.en
  }
}
