public import Corpus
public import Embedding
internal import Glibc
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
  private let alike: ValueLikeness
  private let now: @Sendable () -> Int64
  private let detector = LanguageDetector()

  /// Joins what is known of a snapshot's values with the snapshot.
  ///
  /// - Parameters:
  ///   - vocabulary: learnt from the same snapshot.
  ///   - retriever: of the snapshot.
  ///   - embedder: compares questions with example sentences, and words with values; nil: patterns and names alone count.
  ///   - now: the time, in seconds since 1970: what “this month” is told by, in UTC; nil: the system's.
  public init(
    _ vocabulary: CatalogueVocabulary, _ retriever: Retriever, embedder: (any Embedder)?,
    now: (@Sendable () -> Int64)? = nil
  ) {
    self.vocabulary = vocabulary
    self.retriever = retriever
    self.now = now ?? { Int64(time(nil)) }
    let likeness = vocabulary.settings.likeness
    examples = ExampleIntents(vocabulary.intents, embedder: embedder, likeness: likeness)
    alike = ValueLikeness(vocabulary.likenessNames, embedder: embedder, likeness: likeness)
  }

  /// A question with how it is to be answered.
  struct Asked {
    var question: String
    var language: String
    var principals: Set<Principal>
    /// Conditions of the request, beside those of the question.
    var filters: [Filter]
    var reader: CatalogueReader
    var reading: CatalogueReader.Reading
    var intent: Intent?
  }

  /// Answers a question, if it is one about the catalogue, and understood to its last word.
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
    // What stands behind the longest question is not read, and may change what it means.
    guard question.count <= QuestionTokens.longest else { return nil }
    let spoken = detector.language(ofQuestion: question, among: ["es", "en"])
    let language = CatalogueLanguage.of(question, detected: spoken)
    let everything = try retriever.select(filters, for: principals)
    guard everything.count > 0 else { return nil }
    let today = now()
    func read(
      _ alike: [String: ValueLikeness.Name] = [:], familiar: Set<String> = []
    ) throws -> (CatalogueReader, CatalogueReader.Reading) {
      var reader = CatalogueReader(
        question, language: language, vocabulary, today: today, alike: alike, familiar: familiar
      ) {
        field, value in try retriever.has(.keyword(value), in: field, among: everything)
      }
      let reading = try reader.read()
      return (reader, reading)
    }
    var (reader, reading) = try read()
    if reading.asksHow { return nil }
    var intent = reading.intent
    var familiar: Set<String> = []
    if intent == nil, !reading.isWhole || !reading.hasConditions, let told = try await examples.intent(of: question) {
      (intent, familiar) = (told.intent, told.words)
      (reader, reading) = try read(familiar: familiar)
    }
    if !reading.unknown.isEmpty {
      let conditions = reading.conditions + reading.alternatives.joined()
      let found = try await alike.values(of: reading.unknown) { name in
        conditions.contains { $0.field == name.field && $0.test == .anyOf([.keyword(name.value)]) }
      }
      if !found.values.isEmpty || !found.again.isEmpty {
        (reader, reading) = try read(found.values, familiar: familiar.union(found.again))
      }
    }
    return try await answer(
      Asked(
        question: question, language: language, principals: principals, filters: filters, reader: reader,
        reading: reading, intent: intent))
  }

  private func answer(_ asked: Asked) async throws -> CatalogueAnswer? {
    let reading = asked.reading
    switch asked.intent?.action {
    case .reply?: return reading.hasConditions ? nil : reply(asked)
    case .ask?: return nil
    case .compare?: return try await compared(asked)
    case .details?:
      if let answer = try await details(asked) { return answer }
      return reading.isWhole && reading.hasConditions ? try await listed(asked, .search) : nil
    case .recommend?:
      // What fits best may be told by words that are no conditions; what limits must not be passed over.
      return reading.isSound && reading.alternatives.isEmpty ? try await listed(asked, .recommend) : nil
    case .some(let action):
      let isCounted = action != .search || reading.askedField != nil
      if isWhole(asked, action), reading.hasConditions || isCounted { return try await listed(asked, action) }
      return try await named(asked)
    case nil:
      let isCounted = reading.askedField != nil
      if isWhole(asked, .search), reading.hasConditions || isCounted { return try await listed(asked, .search) }
      return try await named(asked)
    }
  }

  /// Whether every word was understood; a list by price shows by itself what is cheap.
  private func isWhole(_ asked: Asked, _ action: CatalogueAction) -> Bool {
    let left = asked.reading.unknown.filter { action != .search || !QuestionWords.isCheap($0.folded) }
    return left.isEmpty && asked.reading.isSound
  }

  private func reply(_ asked: Asked) -> CatalogueAnswer? {
    guard let intent = asked.intent, let text = intent.reply[asked.language] ?? intent.reply["en"] else { return nil }
    var answer = Answer(text: text, language: asked.language, citations: [], sources: [], isAnswered: true)
    answer.provider = Answer.catalogue
    return CatalogueAnswer(
      answer: answer, query: CatalogueQuery(intent: intent.name, action: .reply), total: 0, items: [])
  }

  // MARK: Conditions

  /// The documents that meet the question's conditions and the request's.
  private func selection(_ asked: Asked) throws -> DocumentSelection {
    let common = try filters(asked.reading.conditions, beside: asked.filters + rows, asked)
    guard !asked.reading.alternatives.isEmpty else { return try retriever.select(common, for: asked.principals) }
    let groups = try asked.reading.alternatives.map { group in
      try retriever.select(try filters(group, beside: common, asked), for: asked.principals)
    }
    return groups.dropFirst().reduce(groups[0]) { $0.union($1) }
  }

  /// Conditions as filters, with others beside them.
  func filters(
    _ conditions: [CatalogueQuery.Condition], beside others: [Filter], _ asked: Asked
  ) throws -> [Filter] {
    var filters = others
    for condition in conditions where !condition.isNegated {
      filters.append(Filter(field: condition.field, test: condition.test))
    }
    for condition in conditions where condition.isNegated {
      guard case .anyOf(let values) = condition.test else { continue }
      let selection = try retriever.select(filters, for: asked.principals)
      let left = try retriever.values(of: condition.field, in: selection).map(\.value).filter { !values.contains($0) }
      filters.append(Filter(field: condition.field, test: .anyOf(left)))
    }
    return filters
  }

  /// Rows alone: pages have neither a price nor a category.
  var rows: [Filter] {
    (vocabulary.price ?? vocabulary.category).map { [Filter(field: $0, test: .range(nil, nil))] } ?? []
  }

  // MARK: Lists

  private func listed(_ asked: Asked, _ wanted: CatalogueAction) async throws -> CatalogueAnswer? {
    let action = asked.reading.askedField == nil ? wanted : .values
    let selection = try selection(asked)
    var query = CatalogueQuery(
      intent: asked.intent?.name ?? "search", action: action, conditions: asked.reading.conditions)
    query.alternatives = asked.reading.alternatives
    let limit = asked.reading.limit ?? vocabulary.settings.items
    var numbers: [Int] = []
    var summary: String?
    switch action {
    case .count: break
    case .average:
      guard let text = try average(selection, query, asked) else { return nil }
      summary = text
    case .values: summary = try values(selection, query, asked)
    case .recommend:
      let filters = try filters(asked.reading.conditions, beside: asked.filters + rows, asked)
      numbers = try await best(asked, filters, asked.reading.limit ?? min(3, limit))
    case .cheapest, .dearest:
      numbers = try ordered(selection, by: vocabulary.price, descending: action == .dearest, asked, limit)
    case .newest, .oldest:
      guard let date = vocabulary.date else { return nil }
      numbers = try ordered(selection, by: date, descending: action == .newest, asked, limit)
    default: numbers = try ordered(selection, descending: false, limit: limit)
    }
    return try composed(query, try numbers.map(retriever.item), total: selection.count, asked, summary: summary)
  }

  func ordered(_ selection: DocumentSelection, descending: Bool, limit: Int) throws -> [Int] {
    guard let price = vocabulary.price else { return selection.numbers(atMost: limit) }
    return try retriever.ordered(selection, by: price, descending: descending, atMost: limit)
  }

  /// As many as were asked for; else that which comes first, and what is level with it.
  private func ordered(
    _ selection: DocumentSelection, by field: String?, descending: Bool, _ asked: Asked, _ limit: Int
  ) throws -> [Int] {
    guard let field else { return selection.numbers(atMost: limit) }
    let numbers = try retriever.ordered(selection, by: field, descending: descending, atMost: limit)
    guard asked.reading.limit == nil, let first = numbers.first else { return numbers }
    let figure = try retriever.item(first).fields[field]
    return try numbers.filter { try retriever.item($0).fields[field] == figure }
  }

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

  // MARK: Figures

  private func average(_ selection: DocumentSelection, _ query: CatalogueQuery, _ asked: Asked) throws -> String? {
    guard let price = vocabulary.price else { return nil }
    var (sum, count) = (0.0, 0)
    for value in try retriever.values(of: price, in: selection) {
      guard case .number(let amount) = value.value else { continue }
      sum += amount * Double(value.documents)
      count += value.documents
    }
    guard count > 0 else { return nil }
    let wording = CatalogueWording(language: asked.language, vocabulary: vocabulary)
    return wording.average(sum / Double(count), total: count, wording.conditions(query))
  }

  private static let mostValues = 50

  private func values(_ selection: DocumentSelection, _ query: CatalogueQuery, _ asked: Asked) throws -> String? {
    guard let field = asked.reading.askedField, selection.count > 0 else { return nil }
    let wording = CatalogueWording(language: asked.language, vocabulary: vocabulary)
    let known = try retriever.values(of: field, in: selection).prefix(Self.mostValues).map {
      (text: wording.text($0.value, field: field), items: $0.documents)
    }
    return wording.values(known, of: vocabulary.label(field, language: asked.language), wording.conditions(query))
  }
}
