internal import Corpus
internal import Retrieval
internal import Snapshots

/// Words, figures and citations.
extension CatalogueAnswerer {
  /// An answer that shows items.
  func composed(
    _ query: CatalogueQuery, _ items: [CatalogueItem], total: Int, _ asked: Asked, summary: String? = nil
  ) throws -> CatalogueAnswer {
    let wording = CatalogueWording(language: asked.language, vocabulary: vocabulary)
    let conditions = wording.conditions(query)
    var lines: [String] = []
    var citations: [Citation] = []
    if let summary {
      lines.append(summary)
    } else if total == 0 {
      lines.append(wording.nothing(conditions))
    } else {
      let heading = wording.heading(query.action, total: total, shown: items.count, conditions)
      if !heading.isEmpty { lines.append(heading) }
    }
    for item in items {
      citations.append(try citation(of: item))
      lines.append(line(item, number: citations.count, query.action, wording))
    }
    if query.action == .compare, let verdict = verdict(items, wording) { lines.append(verdict) }
    if !asked.reading.readAs.isEmpty { lines.append("(\(wording.readAs(asked.reading.readAs)))") }
    if !asked.reading.preface.isEmpty { lines.append(wording.passedOver(asked.reading.preface)) }
    var answer = Answer(
      text: lines.joined(separator: "\n"), language: asked.language, citations: citations, sources: items.map(\.url),
      isAnswered: true)
    answer.provider = Answer.catalogue
    return CatalogueAnswer(answer: answer, query: query, total: total, items: items)
  }

  private func line(_ item: CatalogueItem, number: Int, _ action: CatalogueAction, _ wording: CatalogueWording)
    -> String
  {
    let own = Set(item.fields.keys)
    let usual = action == .details || action == .compare ? own.sorted() : []
    let wanted = vocabulary.settings.shows.isEmpty ? usual : vocabulary.settings.shows
    var parts: [String] = []
    if let price = vocabulary.price, let values = item.fields[price] {
      parts.append(values.map { wording.text($0, field: price) }.joined(separator: ", "))
    }
    for field in wanted where field != vocabulary.price && own.contains(field) && vocabulary.entities[field] != nil {
      let values = (item.fields[field] ?? []).map { wording.text($0, field: field) }.joined(separator: ", ")
      parts.append("\(vocabulary.label(field, language: wording.language)): \(values)")
    }
    let tail = parts.isEmpty ? "" : ": " + parts.joined(separator: "; ")
    return (action == .details ? "" : "- ") + item.title + tail + " [\(number)]"
  }

  private func verdict(_ items: [CatalogueItem], _ wording: CatalogueWording) -> String? {
    guard let price = vocabulary.price else { return nil }
    let prices = items.map { item -> Double? in
      guard case .number(let figure)? = item.fields[price]?.first else { return nil }
      return figure
    }
    let known = prices.compactMap { $0 }
    guard known.count == items.count, let least = known.min(), let place = prices.firstIndex(of: least) else {
      return nil
    }
    if Set(known).count == 1 { return wording.same }
    return wording.cheapest(items[place].title, number: place + 1)
  }

  // MARK: Citations

  /// Where an item's price, or the item itself, stands in its text.
  private func citation(of item: CatalogueItem) throws -> Citation {
    let snapshot = retriever.snapshot
    let numbers = snapshot.chunkNumbers(ofDocument: item.document)
    var price: Double?
    if let field = vocabulary.price, case .number(let figure)? = item.fields[field]?.first { price = figure }
    var first: (chunk: Chunk, number: Int)?
    for number in numbers {
      let chunk = try snapshot.chunk(number)
      first = first ?? (chunk, number)
      let lines = chunk.text.split(separator: "\n")
      if let price, let line = lines.first(where: { Self.holds(price, $0) }) {
        return Self.citation(item, chunk, number, quote: String(line))
      }
    }
    guard let first else { return Self.citation(item, nil, 0, quote: "") }
    let line = first.chunk.text.split(separator: "\n").first.map(String.init) ?? ""
    return Self.citation(item, first.chunk, first.number, quote: line)
  }

  private static func citation(_ item: CatalogueItem, _ chunk: Chunk?, _ number: Int, quote: String) -> Citation {
    Citation(
      url: item.url, title: item.title, heading: chunk?.headingPath.joined(separator: " › ") ?? "",
      anchor: chunk?.anchor, quote: quote.count > 500 ? String(quote.prefix(500)) : quote, score: 1, chunk: number)
  }

  /// Whether a number stands in a line, in whichever way it is written.
  private static func holds(_ price: Double, _ line: Substring) -> Bool {
    for language in ["es", "en"] {
      let tokens = QuestionTokens(String(line), language: language).tokens
      if tokens.contains(where: { $0.number == price }) { return true }
    }
    return line.contains("\(price)")
  }
}
