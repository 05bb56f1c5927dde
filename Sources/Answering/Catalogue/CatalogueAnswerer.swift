public import Corpus
public import Embedding
public import Retrieval
internal import Snapshots
internal import TextAnalysis

/// An answer from a catalogue's rows.
public struct CatalogueAnswer: Sendable {
  /// The answer; every figure in it is a field of a row, or a count of rows.
  public var answer: Answer
  /// What was understood.
  public var query: CatalogueQuery
  /// How many items meet the conditions.
  public var total: Int
  /// The items that are shown, in their order.
  public var items: [CatalogueItem]
}

/// A row of a catalogue.
public struct CatalogueItem: Sendable, Equatable {
  /// Its number in the snapshot.
  public var document: Int
  /// Its address.
  public var url: String
  /// Its title.
  public var title: String
  /// Its typed fields.
  public var fields: [String: [FieldValue]]

  /// Makes an item.
  public init(document: Int, url: String, title: String, fields: [String: [FieldValue]]) {
    self.document = document
    self.url = url
    self.title = title
    self.fields = fields
  }
}

extension CatalogueItem {
  /// As every route writes it.
  public var json: JSONValue {
    let values = fields.sorted { $0.key < $1.key }.map { name, values -> JSONValue.Member in
      .init(name, values.count == 1 ? values[0].json : .array(values.map(\.json)))
    }
    return ["url": .string(url), "title": .string(title), "fields": .object(values)]
  }
}

extension Retriever {
  /// A document as an item of a catalogue.
  ///
  /// - Throws: what the snapshot throws.
  public func item(_ number: Int) throws -> CatalogueItem {
    let document = try snapshot.document(number)
    return CatalogueItem(document: number, url: document.url, title: document.title, fields: document.fields)
  }
}

/// Answers questions about a catalogue from its rows: what a row says is quoted, nothing is composed by a model.
public struct CatalogueAnswerer: Sendable {
  /// What can be named in questions.
  public let vocabulary: CatalogueVocabulary
  let retriever: Retriever
  private let examples: ExampleIntents
  private let detector = LanguageDetector()

  /// Joins what is known of a snapshot's values with the snapshot.
  ///
  /// - Parameters:
  ///   - vocabulary: learnt from the same snapshot.
  ///   - retriever: of the snapshot.
  ///   - embedder: compares questions with example sentences; nil: patterns alone tell intents.
  public init(_ vocabulary: CatalogueVocabulary, _ retriever: Retriever, embedder: (any Embedder)?) {
    self.vocabulary = vocabulary
    self.retriever = retriever
    examples = ExampleIntents(vocabulary.intents, embedder: embedder, likeness: vocabulary.settings.likeness)
  }

  /// A question with how it is to be answered.
  struct Asked {
    var question: String
    var language: String
    var principals: Set<Principal>
    /// Conditions of the request, beside those of the question.
    var filters: [Filter]
    var reading: CatalogueReader.Reading
    var intent: Intent?
  }

  /// Answers a question, if it is one about the catalogue.
  ///
  /// - Parameters:
  ///   - question: as the person wrote it, standing alone.
  ///   - filters: further conditions.
  ///   - principals: who asks, by their own principals: what they may not read is neither found nor named nor counted.
  /// - Returns: the answer; nil: the question goes the ordinary way.
  /// - Throws: what the snapshot throws; `CancellationError`.
  public func answer(
    _ question: String, filters: [Filter] = [], for principals: Set<Principal>
  ) async throws -> CatalogueAnswer? {
    let spoken = detector.language(ofQuestion: String(question.prefix(QuestionTokens.longest)), among: ["es", "en"])
    let language = CatalogueLanguage.of(question, detected: spoken)
    let everything = try retriever.select(filters, for: principals)
    guard everything.count > 0 else { return nil }
    var reader = CatalogueReader(question, language: language, vocabulary) { field, value in
      try retriever.has(.keyword(value), in: field, among: everything)
    }
    let reading = try reader.read()
    if reading.asksHow { return nil }
    var asked = Asked(
      question: question, language: language, principals: principals, filters: filters, reading: reading,
      intent: reading.intent)
    if asked.intent == nil { asked.intent = try await examples.intent(of: question) }
    return try await answer(asked)
  }

  private func answer(_ asked: Asked) async throws -> CatalogueAnswer? {
    let reading = asked.reading
    let hasConditions = !reading.conditions.isEmpty
    switch asked.intent?.action {
    case .reply?: return hasConditions ? nil : reply(asked)
    case .ask?: return nil
    case .compare?: return try await compared(asked)
    case .details?:
      if let answer = try await details(asked) { return answer }
      return hasConditions && reading.understood >= 0.5 ? try await listed(asked, .search) : nil
    case .recommend?: return try await listed(asked, .recommend)
    case .some(let action):
      // Of a question whose words are mostly no conditions, the rows know nothing.
      guard hasConditions || action != .search, reading.understood >= 0.5, !reading.asksWhether || hasConditions else {
        return nil
      }
      return try await listed(asked, action)
    case nil:
      // A category with a number says more than the share of the words.
      let fields = Set(reading.conditions.map(\.field))
      let isPlain = vocabulary.category.map(fields.contains) == true && vocabulary.price.map(fields.contains) == true
      guard hasConditions, reading.understood >= (isPlain ? 0.5 : 0.7), !reading.asksWhether else { return nil }
      return try await listed(asked, .search)
    }
  }

  private func reply(_ asked: Asked) -> CatalogueAnswer? {
    guard let intent = asked.intent, let text = intent.reply[asked.language] ?? intent.reply["en"] else { return nil }
    var answer = Answer(text: text, language: asked.language, citations: [], sources: [], isAnswered: true)
    answer.provider = Answer.catalogue
    return CatalogueAnswer(
      answer: answer, query: CatalogueQuery(intent: intent.name, action: .reply), total: 0, items: [])
  }

  // MARK: Conditions

  /// The question's conditions with the request's; a comparison of items asks for rows that have a price.
  func conditions(_ asked: Asked) throws -> [Filter] {
    var filters = asked.filters + asked.reading.filters
    for (field, values) in asked.reading.excluded.sorted(by: { $0.key < $1.key }) {
      let selection = try retriever.select(filters, for: asked.principals)
      let left = try retriever.values(of: field, in: selection).map(\.value).filter { value in
        if case .keyword(let text) = value { !values.contains(text) } else { true }
      }
      filters.append(Filter(field: field, test: .anyOf(left)))
    }
    return filters
  }

  /// Rows alone: pages have neither a price nor a category.
  var rows: [Filter] {
    (vocabulary.price ?? vocabulary.category).map { [Filter(field: $0, test: .range(nil, nil))] } ?? []
  }

  // MARK: Lists

  private func listed(_ asked: Asked, _ action: CatalogueAction) async throws -> CatalogueAnswer? {
    let filters = try conditions(asked) + rows
    let selection = try retriever.select(filters, for: asked.principals)
    let limit =
      action == .count ? 0 : action == .recommend ? min(3, vocabulary.settings.items) : vocabulary.settings.items
    var numbers: [Int]
    switch action {
    case .recommend: numbers = try await best(asked, filters, limit)
    case .search:
      numbers = try await distinguished(asked, filters, selection, limit)
      if numbers.isEmpty { numbers = try ordered(selection, descending: false, limit: limit) }
    case .cheapest, .dearest:
      numbers = try ordered(selection, descending: action == .dearest, limit: limit)
      numbers = try upToTie(numbers)
    default: numbers = try ordered(selection, descending: false, limit: limit)
    }
    let query = CatalogueQuery(
      intent: asked.intent?.name ?? "search", action: action, conditions: asked.reading.conditions)
    return try composed(
      query, try numbers.map(retriever.item), total: selection.count, language: asked.language)
  }

  private func ordered(_ selection: DocumentSelection, descending: Bool, limit: Int) throws -> [Int] {
    guard let price = vocabulary.price else { return selection.numbers(atMost: limit) }
    return try retriever.ordered(selection, by: price, descending: descending, atMost: limit)
  }

  /// Of what costs least, or most, only that, and what costs the same.
  private func upToTie(_ numbers: [Int]) throws -> [Int] {
    guard let price = vocabulary.price, let first = numbers.first else { return numbers }
    let figure = try retriever.item(first).fields[price]
    return try numbers.filter { try retriever.item($0).fields[price] == figure }
  }

  /// The items that have words of the question which others have not, best first; none where all have them or none has.
  ///
  /// “Con pantalla OLED” orders; “que pueda comprar” does not.
  private func distinguished(
    _ asked: Asked, _ filters: [Filter], _ selection: DocumentSelection, _ limit: Int
  ) async throws -> [Int] {
    guard !asked.reading.rest.isEmpty, selection.count > 1 else { return [] }
    let request = SearchRequest(
      query: asked.reading.rest.joined(separator: " "), topK: min(selection.count, Self.mostDistinguished),
      perDocument: 1, filters: filters, principals: asked.principals)
    let hits = try await retriever.search(request, vector: nil)
    guard hits.count < min(selection.count, Self.mostDistinguished) else { return [] }
    return hits.prefix(limit).map(\.documentNumber)
  }

  private static let mostDistinguished = 500

  /// The items that fit the question best.
  private func best(_ asked: Asked, _ filters: [Filter], _ limit: Int) async throws -> [Int] {
    var request = SearchRequest(
      query: asked.question, topK: limit, perDocument: 1, filters: filters, principals: asked.principals)
    do { return try await retriever.search(request).map(\.documentNumber) } catch let error {
      // Without its vector the words are searched.
      if error is RetrievalError || error is CancellationError { throw error }
      request.topK = limit
      return try await retriever.search(request, vector: nil).map(\.documentNumber)
    }
  }

  // MARK: Named items

  private func details(_ asked: Asked) async throws -> CatalogueAnswer? {
    let (behind, before) = (asked.reading.mentions, asked.reading.leading)
    let found = try await items(
      named: [behind.joined(separator: " ")] + behind + [before.joined(separator: " ")] + before, asked)
    guard let items = found.first(where: { !$0.isEmpty }) else { return nil }
    let query = CatalogueQuery(intent: asked.intent?.name ?? "details", action: .details)
    return try composed(query, items, total: items.count, language: asked.language)
  }

  private func compared(_ asked: Asked) async throws -> CatalogueAnswer? {
    let texts =
      asked.reading.mentions.count > 1 ? asked.reading.mentions : asked.reading.leading + asked.reading.mentions
    let found = try await items(named: texts, asked).compactMap(\.first)
    var seen: Set<Int> = []
    var items = found.filter { seen.insert($0.document).inserted }
    var query = CatalogueQuery(intent: asked.intent?.name ?? "compare", action: .compare)
    // With names in it that no item has, it asks for something else than brands side by side.
    if items.count < 2, asked.reading.understood >= 0.7 {
      items = try cheapestOfEach(asked)
      query.conditions = asked.reading.conditions
    }
    guard items.count >= 2 else { return nil }
    return try composed(query, items, total: items.count, language: asked.language)
  }

  /// “Compara portátiles HP y Lenovo”: of each value the item that costs least.
  private func cheapestOfEach(_ asked: Asked) throws -> [CatalogueItem] {
    guard let (field, values) = asked.reading.named.sorted(by: { $0.key < $1.key }).first(where: { $0.value.count > 1 })
    else { return [] }
    let others = try conditions(asked).filter { $0.field != field } + rows
    return try values.compactMap { value in
      let own = Filter(field: field, test: .anyOf([.keyword(value)]))
      let selection = try retriever.select(others + [own], for: asked.principals)
      return try ordered(selection, descending: false, limit: 1).first.map(retriever.item)
    }
  }

  /// The items that texts name, for each text: all of whose words stand in the title, or are values of the item.
  private func items(named texts: [String], _ asked: Asked) async throws -> [[CatalogueItem]] {
    var found: [[CatalogueItem]] = []
    for text in texts {
      try Task.checkCancellation()
      // “Dudo entre el X”: words before a name are no part of it.
      var words = text.split(separator: " ")[...]
      var items: [CatalogueItem] = []
      for _ in 0...Self.mostWordsBefore where items.isEmpty && !words.isEmpty {
        items = try await self.items(named: words.joined(separator: " "), asked)
        words.removeFirst()
      }
      found.append(items)
    }
    return found
  }

  private static let mostWordsBefore = 3

  private static let mostCandidates = 50

  private func items(named text: String, _ asked: Asked) async throws -> [CatalogueItem] {
    let wanted = QuestionTokens.forms(text)
    guard !wanted.isEmpty else { return [] }
    let request = SearchRequest(
      query: text, topK: Self.mostCandidates, perDocument: 1, filters: asked.filters + rows,
      principals: asked.principals)
    let hits = try await retriever.search(request, vector: nil)
    let candidates = try hits.map { hit -> (item: CatalogueItem, title: [String], all: Set<String>) in
      let item = try retriever.item(hit.documentNumber)
      let title = QuestionTokens.forms(item.title)
      return (item, title, Set(title).union(valueForms(of: item)))
    }
    let words = Set(wanted)
    let fitting = candidates.filter { words.isSubset(of: $0.all) && !words.isDisjoint(with: $0.title) }
    let exact = fitting.filter { Set($0.title).isSubset(of: words) }
    if let best = exact.max(by: { $0.title.count < $1.title.count }) { return [best.item] }
    // A brand or a category alone names no item.
    let special = fitting.filter { candidate in
      !words.isSubset(of: valueForms(of: candidate.item))
    }
    return special.prefix(vocabulary.settings.items).map(\.item)
  }

  /// The words of an item's keyword values, and of their synonyms.
  private func valueForms(of item: CatalogueItem) -> Set<String> {
    var forms: Set<String> = []
    for (field, values) in item.fields {
      guard vocabulary.entities[field]?.kind == .keyword else { continue }
      for case .keyword(let value) in values {
        forms.formUnion(QuestionTokens.forms(value))
        for synonym in vocabulary.settings.entities[field]?.synonyms[value] ?? [] {
          forms.formUnion(QuestionTokens.forms(synonym))
        }
      }
    }
    return forms
  }
}

/// The language in which a catalogue answers.
enum CatalogueLanguage {
  private static let spanish: Set<String> = [
    "de", "el", "la", "los", "las", "menos", "precio", "cuanto", "que", "hasta", "mas", "y", "con", "para", "por", "un",
    "una",
  ]
  private static let english: Set<String> = [
    "the", "of", "under", "price", "how", "what", "up", "to", "and", "with", "for", "a", "an", "than", "less", "below",
    "over",
  ]

  /// The language of a question, which may be a few words and names: what little words say counts, then the detector.
  static func of(_ question: String, detected: String?) -> String {
    let words = Folding.fold(String(question.prefix(QuestionTokens.longest))).split { !$0.isLetter }.map(String.init)
    let (es, en) = (words.count(where: spanish.contains), words.count(where: english.contains))
    if es != en { return es > en ? "es" : "en" }
    if question.contains(where: { "¿¡ñÑáéíóú".contains($0) }) { return "es" }
    return detected == "es" ? "es" : "en"
  }
}
