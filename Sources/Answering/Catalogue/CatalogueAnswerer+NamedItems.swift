internal import Corpus
internal import Retrieval

extension CatalogueAnswerer {
  /// What a row says of one item.
  func details(_ asked: Asked) async throws -> CatalogueAnswer? {
    let (behind, before) = (asked.reading.mentions, asked.reading.leading)
    let found = try await items(
      named: [behind.joined(separator: " ")] + behind + [before.joined(separator: " ")] + before, asked)
    guard let items = found.first(where: { !$0.isEmpty }), isWhole(asked, naming: items) else { return nil }
    let query = CatalogueQuery(intent: asked.intent?.name ?? "details", action: .details)
    return try composed(query, items, total: items.count, asked)
  }

  /// Two items or more beside each other.
  func compared(_ asked: Asked) async throws -> CatalogueAnswer? {
    let texts =
      asked.reading.mentions.count > 1 ? asked.reading.mentions : asked.reading.leading + asked.reading.mentions
    var items = try await distinct(items(named: texts, asked))
    var query = CatalogueQuery(intent: asked.intent?.name ?? "compare", action: .compare)
    if items.count >= 2 {
      guard isWhole(asked, naming: items) else { return nil }
    } else if asked.reading.isWhole {
      items = try cheapestOfEach(asked)
      query.conditions = asked.reading.conditions
    }
    guard items.count >= 2 else { return nil }
    return try composed(query, items, total: items.count, asked)
  }

  /// What a question asks of whose words the names of items are all that is left: “Aurora X200 precio”.
  func named(_ asked: Asked) async throws -> CatalogueAnswer? {
    guard !asked.reading.unknown.isEmpty else { return nil }
    let texts = asked.reading.leading + asked.reading.mentions
    let found = try await items(named: texts, asked).filter { !$0.isEmpty }
    guard found.allSatisfy({ $0.count == 1 }) else { return nil }
    let items = distinct(found)
    guard !items.isEmpty, isWhole(asked, naming: items) else { return nil }
    let action = items.count > 1 ? CatalogueAction.compare : .details
    return try composed(
      CatalogueQuery(intent: action.rawValue, action: action), items, total: items.count, asked)
  }

  private func distinct(_ found: [[CatalogueItem]]) -> [CatalogueItem] {
    var seen: Set<Int> = []
    return found.compactMap(\.first).filter { seen.insert($0.document).inserted }
  }

  /// Whether nothing is left of a question beside the names of items.
  private func isWhole(_ asked: Asked, naming items: [CatalogueItem]) -> Bool {
    let forms = items.reduce(into: Set<String>()) {
      $0.formUnion(QuestionTokens.forms($1.title))
      $0.formUnion(valueForms(of: $1))
    }
    return asked.reader.isWhole(asked.reading, naming: forms)
  }

  /// “Compara portátiles HP y Lenovo”: of each value the item that costs least.
  private func cheapestOfEach(_ asked: Asked) throws -> [CatalogueItem] {
    let several = asked.reading.conditions.filter { condition in
      if case .anyOf(let values) = condition.test {
        values.count > 1 && !condition.isNegated && condition.field != vocabulary.category
      } else {
        false
      }
    }
    guard let condition = several.min(by: { $0.field < $1.field }), case .anyOf(let values) = condition.test,
      asked.reading.alternatives.isEmpty
    else { return [] }
    let others = try filters(
      asked.reading.conditions.filter { $0 != condition }, beside: asked.filters + rows, asked)
    return try values.compactMap { value in
      let own = Filter(field: condition.field, test: .anyOf([value]))
      let selection = try retriever.select(others + [own], for: asked.principals)
      return try ordered(selection, descending: false, limit: 1).first.map(retriever.item)
    }
  }

  /// The items that texts name, for each text: all of whose words stand in the title, or are values of the item.
  private func items(named texts: [String], _ asked: Asked) async throws -> [[CatalogueItem]] {
    var found: [[CatalogueItem]] = []
    for text in texts {
      try Task.checkCancellation()
      // “Dudo entre el X”: words before a name are no part of it. Whether they matter is seen when items are found.
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
