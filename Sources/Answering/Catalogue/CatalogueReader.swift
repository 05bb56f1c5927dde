internal import Corpus
internal import Retrieval
internal import TextAnalysis

/// Understands a question as one about a catalogue, or finds that it is none.
struct CatalogueReader {
  private let vocabulary: CatalogueVocabulary
  private let language: String
  private let tokens: [QuestionToken]
  /// Whether whoever asks may know that a value is there.
  private let isVisible: (_ field: String, _ value: String) throws -> Bool
  /// What each token was understood as.
  private var taken: Set<Int> = []
  private var conditions: [(place: Int, condition: CatalogueQuery.Condition)] = []
  private var named: [String: [String]] = [:]
  private var excluded: [String: [String]] = [:]
  private var words: [String] = []

  init(
    _ question: String, language: String, _ vocabulary: CatalogueVocabulary,
    isVisible: @escaping (_ field: String, _ value: String) throws -> Bool
  ) {
    self.vocabulary = vocabulary
    self.language = language
    self.isVisible = isVisible
    tokens = QuestionTokens(question, language: language).tokens
  }

  /// What was read before an intent is sought.
  struct Reading {
    var filters: [Filter]
    var named: [String: [String]]
    /// By field: values that items must not have.
    var excluded: [String: [String]]
    var conditions: [CatalogueQuery.Condition]
    /// The intent whose pattern matches, and the places of the words that did.
    var intent: Intent?
    /// The words that are not understood, without stop words and those of the intent.
    var rest: [String]
    /// What may name items behind the intent's first word, parted where two things are compared.
    var mentions: [String]
    /// The same of what stands before it.
    var leading: [String]
    /// Whether the question asks how something is done, or about what no row tells: delivery, repair, refunds.
    var asksHow: Bool
    /// Whether it begins as questions do that ask whether or where something can be done.
    var asksWhether: Bool
    /// The share of its words, stop words left out, that were understood.
    var understood: Double
  }

  /// Reads conditions, the intent's words and what is left.
  mutating func read() throws -> Reading {
    try readValues(protecting: quantities())
    try readAmounts()
    readDates()
    let masked = tokens.indices.filter { !tokens[$0].isSign }
    words = masked.map { taken.contains($0) ? "#" : tokens[$0].folded }
    let matched = intent()
    let intentTokens = Set((matched?.places ?? []).map { masked[$0] })
    let content = masked.filter { !isStopWord(tokens[$0].folded) && !intentTokens.contains($0) }
    let rest = content.filter { !taken.contains($0) }
    let understood =
      content.isEmpty ? (taken.isEmpty ? 0 : 1) : Double(content.count - rest.count) / Double(content.count)
    let ordered = conditions.sorted { $0.place < $1.place }.map(\.condition)
    return Reading(
      filters: filters(ordered), named: named, excluded: excluded, conditions: ordered, intent: matched?.intent,
      rest: rest.map { tokens[$0].text },
      mentions: mentions(in: (intentTokens.min() ?? 0)..<tokens.count, without: intentTokens),
      leading: mentions(in: 0..<(intentTokens.min() ?? 0), without: []),
      asksHow: matches(Self.howPatterns), asksWhether: matches(Self.whetherPatterns), understood: understood)
  }

  // MARK: Values

  /// The places of numbers that belong to amounts: no value takes them.
  private func quantities() -> Set<Int> {
    Set(
      AmountReader(tokens).phrases().filter { $0.isMoney || $0.hasCue }.flatMap { phrase in
        phrase.range.filter { tokens[$0].number != nil }
      })
  }

  private mutating func readValues(protecting protected: Set<Int>) throws {
    var place = 0
    // Where the last value ended that items must not have.
    var negatedEnd: Int?
    while place < tokens.count {
      guard !tokens[place].isSign, let names = vocabulary.names[tokens[place].form],
        let (name, end) = try match(names, at: place, protected)
      else {
        place += 1
        continue
      }
      let isNegated = self.isNegated(place) || goesOn(from: negatedEnd, to: place)
      if isNegated { negatedEnd = end }
      if isNegated {
        excluded[name.field, default: []].append(name.value)
        let test = Filter.Test.anyOf([.keyword(name.value)])
        conditions.append((place, .init(field: name.field, test: test, isNegated: true)))
      } else if !named[name.field, default: []].contains(name.value) {
        named[name.field, default: []].append(name.value)
        conditions.append((place, .init(field: name.field, test: .anyOf([.keyword(name.value)]))))
      }
      for token in place..<end where !tokens[token].isSign { taken.insert(token) }
      takeFieldName(before: place)
      place = end
    }
  }

  private func match(
    _ names: [CatalogueVocabulary.Name], at start: Int, _ protected: Set<Int>
  ) throws -> (CatalogueVocabulary.Name, Int)? {
    for name in names {
      var place = start
      var isFull = true
      for form in name.forms {
        while place < tokens.count, tokens[place].isSign, place > start { place += 1 }
        guard place < tokens.count, tokens[place].form == form, !protected.contains(place) else {
          isFull = false
          break
        }
        place += 1
      }
      guard isFull, !isAccident(name, start), try isVisible(name.field, name.value) else { continue }
      return (name, place)
    }
    return nil
  }

  /// Whether a value's only word is a word that any question may have: it counts only as the value is written.
  private func isAccident(_ name: CatalogueVocabulary.Name, _ place: Int) -> Bool {
    guard name.forms.count == 1 else { return false }
    let word = tokens[place]
    if word.number != nil { return !hasName(of: name.field, before: place) }
    guard isStopWord(word.folded) || word.folded.count == 1 else { return false }
    return word.text != name.value || word.text == word.text.lowercased()
  }

  /// Whether a value is named as one that items must not have: “que no sean de HP”, “other than HP”.
  private func isNegated(_ place: Int) -> Bool {
    var end = place
    for _ in 0..<4 {
      let before = tokens[..<end].suffix(3).map(\.folded)
      if Self.negations.contains(where: { before.count >= $0.count && before.suffix($0.count).elementsEqual($0) }) {
        return true
      }
      guard end > 0, Self.besides.contains(tokens[end - 1].folded) else { return false }
      end -= 1
    }
    return false
  }

  /// Whether a list of values goes on: “que no sean HP, LG o Dell”.
  private func goesOn(from end: Int?, to place: Int) -> Bool {
    guard let end, end < place else { return false }
    return tokens[end..<place].allSatisfy { Self.listWords.contains($0.folded) || Self.besides.contains($0.folded) }
  }

  private static let negations: [[String]] = [
    ["no", "sea"], ["no", "sean"], ["excepto"], ["menos", "los"], ["menos", "las"], ["salvo"], ["not"], ["except"],
    ["other", "than"], ["no", "de"], ["without"], ["sin"], ["excluding"], ["but", "no"], ["distinto", "de"],
    ["distintos", "de"], ["distinta", "de"], ["distintas", "de"], ["no", "quiero"], ["pero", "no"], ["ni"], ["nor"],
    ["neither"], ["aparte", "de"], ["apart", "from"], ["besides"], ["t", "want"], ["not", "want"],
  ]
  /// Words between a negation and its value that say nothing.
  private static let besides: Set<String> = [
    "de", "la", "el", "los", "las", "marca", "the", "a", "an", "from", "by", "brand", "made", "of", "ni", "any",
    "ningun",
    "ninguna",
  ]
  private static let listWords: Set<String> = ["o", "u", "y", "e", "ni", "or", "and", "nor", ","]

  private mutating func takeFieldName(before place: Int) {
    for entity in vocabulary.entities.values {
      for name in entity.names where name.count <= place {
        let range = place - name.count..<place
        if zip(tokens[range], name).allSatisfy({ $0.form == $1 }) { taken.formUnion(range) }
      }
    }
    if place > 0, tokens[place - 1].folded == "de" || tokens[place - 1].folded == "la", place > 1 {
      let before = place - 1
      for entity in vocabulary.entities.values {
        for name in entity.names where name.count == 1 && tokens[before - 1].form == name[0] {
          taken.insert(before - 1)
        }
      }
    }
  }

  private func hasName(of field: String, before place: Int) -> Bool {
    guard let entity = vocabulary.entities[field] else { return false }
    let before = tokens[..<place].suffix(5).map(\.form)
    return entity.names.contains { name in name.count == 1 && before.contains(name[0]) }
  }

  // MARK: Amounts

  private mutating func readAmounts() throws {
    for phrase in AmountReader(tokens).phrases() {
      guard !phrase.range.contains(where: { taken.contains($0) && tokens[$0].number != nil }),
        let field = field(of: phrase)
      else { continue }
      let test: Filter.Test
      switch phrase.bounds {
      case .atMost(let value, let isStrict): test = .range(nil, .number(isStrict ? value.nextDown : value))
      case .atLeast(let value, let isStrict): test = .range(.number(isStrict ? value.nextUp : value), nil)
      case .between(let low, let high): test = .range(.number(low), .number(high))
      case .about(let value): test = .range(.number(value * 0.9), .number(value * 1.1))
      case .exactly(let value): test = .range(.number(value), .number(value))
      }
      let isStrict =
        switch phrase.bounds {
        case .atMost(_, true), .atLeast(_, true): true
        default: false
        }
      conditions.append((phrase.range.lowerBound, .init(field: field, test: test, isStrict: isStrict)))
      var end = phrase.range.upperBound
      if let unit = phrase.unit, vocabulary.entities[field]?.units.contains(unit) == true { end += 1 }
      taken.formUnion(phrase.range.lowerBound..<min(end, tokens.count))
      takeFieldName(before: phrase.range.lowerBound)
      takeFieldName(behind: end)
    }
  }

  private mutating func takeFieldName(behind place: Int) {
    var start = place
    while start < tokens.count, ["de", "of"].contains(tokens[start].folded) { start += 1 }
    guard start < tokens.count else { return }
    for entity in vocabulary.entities.values where entity.names.contains([tokens[start].form]) { taken.insert(start) }
  }

  /// Which number is meant: by its currency, its unit, a name beside it, or, behind a limit, the price.
  private func field(of phrase: AmountPhrase) -> String? {
    let numbers = vocabulary.entities.values.filter { $0.kind == .number }.sorted { $0.field < $1.field }
    if phrase.isMoney { return vocabulary.price }
    if let unit = phrase.unit {
      let fitting = numbers.filter { $0.units.contains(unit) }
      let called = fitting.first { isNamed($0, near: phrase) } ?? fitting.first
      if let called { return called.field }
    }
    if let called = numbers.first(where: { isNamed($0, near: phrase) }) { return called.field }
    guard phrase.hasCue, let price = vocabulary.price, !isYear(phrase) else { return nil }
    // “menos de 30 días”: a word behind the number says what is counted.
    guard let unit = phrase.unit, !isStopWord(unit), vocabulary.names[QuestionTokens.singular(unit)] == nil else {
      return price
    }
    return nil
  }

  private func isYear(_ phrase: AmountPhrase) -> Bool {
    guard let last = phrase.range.last, tokens[last].text.count == 4, let number = tokens[last].number else {
      return false
    }
    return (1990...2100).contains(number) && vocabulary.entities.values.contains { $0.kind == .date }
  }

  private func isNamed(_ entity: CatalogueVocabulary.Entity, near phrase: AmountPhrase) -> Bool {
    let before = tokens[max(0, phrase.range.lowerBound - 3)..<phrase.range.lowerBound].map(\.form)
    let behind = tokens[phrase.range.upperBound..<min(tokens.count, phrase.range.upperBound + 3)].map(\.form)
    let inside = tokens[phrase.range].map(\.form)
    return entity.names.contains { name in
      guard name.count == 1 else { return false }
      return before.contains(name[0]) || behind.contains(name[0]) || inside.contains(name[0])
    }
  }

  // MARK: Dates

  private mutating func readDates() {
    let dates = vocabulary.entities.values.filter { $0.kind == .date }.sorted { $0.field < $1.field }
    guard let field = dates.first(where: { $0.field != "date" }) ?? dates.first else { return }
    for phrase in DateReader(tokens, besides: taken).phrases() {
      let test = Filter.Test.range(phrase.from.map { .date($0) }, phrase.to.map { .date($0) })
      conditions.append((phrase.range.lowerBound, .init(field: field.field, test: test)))
      taken.formUnion(phrase.range)
      takeFieldName(before: phrase.range.lowerBound)
    }
  }

  // MARK: Conditions

  /// One filter a keyword field with all its values; conditions on numbers stay as they are.
  private func filters(_ conditions: [CatalogueQuery.Condition]) -> [Filter] {
    var filters: [Filter] = []
    for condition in conditions where !condition.isNegated {
      if case .anyOf(let values) = condition.test {
        if let place = filters.firstIndex(where: { $0.field == condition.field }),
          case .anyOf(let others) = filters[place].test
        {
          filters[place].test = .anyOf(others + values)
          continue
        }
      }
      filters.append(Filter(field: condition.field, test: condition.test))
    }
    return filters
  }

  // MARK: Intent

  private func intent() -> (intent: Intent, places: [Int])? {
    for intent in vocabulary.intents {
      for pattern in intent.patterns {
        if let places = pattern.match(words), !places.isEmpty { return (intent, places) }
      }
    }
    return nil
  }

  private func matches(_ patterns: [IntentPattern]) -> Bool {
    let folded = tokens.filter { !$0.isSign }.map(\.folded)
    return patterns.contains { $0.match(folded) != nil }
  }

  private static let howPatterns = [
    "^como", "^por que", "^porque", "^cuanto tarda*", "^cuanto tiempo", "^how do", "^how can", "^how to", "^how should",
    "^how long", "^how often", "^why", "devol*", "devuel*", "garantia", "warranty", "return policy", "refund*",
    "reembols*",
    "envio", "envios", "shipping", "deliver*", "reparar", "repair*", "averia*", "no funciona", "not working",
    "doesn t work", "does not work", "error", "configur*", "instal*", "actualiz*", "password", "contrasena", "factura*",
    "invoice*", "cancel*", "reset*", "manual", "no enciende", "won t turn on",
  ].compactMap(IntentPattern.init)

  private static let whetherPatterns = [
    "^donde", "^cuando", "^puedo", "^se puede", "^where", "^when", "^can i", "^do i", "^is it", "^should i", "^debo",
    "^tengo que", "^hay que", "^quien", "^who", "^is the", "^es posible", "^is there a way",
  ].compactMap(IntentPattern.init)

  private func isStopWord(_ word: String) -> Bool {
    Self.stopWords.contains(word)
  }

  private static let stopWords: Set<String> = {
    let lists = StopWords.words(for: "es").union(StopWords.words(for: "en")).map { Folding.fold($0) }
    return Set(lists).union([
      "favor", "please", "gracias", "thanks", "me", "podrias", "puedes", "could", "can", "would", "you", "algun",
      "alguna",
      "algunos", "algunas", "some", "any", "todos", "todas", "all", "producto", "productos", "product", "products",
      "articulo",
      "articulos", "item", "items", "modelo", "modelos", "model", "models", "one", "ones", "marca", "marcas", "brand",
      "brands", "precio", "price", "cueste", "cuesten", "costing", "valga", "that", "les", "os", "opcion", "opciones",
      "options", "option", "catalogo", "catalogue", "catalog", "tienda", "store", "shop", "disponible", "disponibles",
      "available", "s", "d", "m", "ll", "hola", "hello", "hi", "buenas",
    ])
  }()

  // MARK: Mentions

  /// Texts in which items may be named, parted where two things are compared.
  private func mentions(in range: Range<Int>, without left: Set<Int>) -> [String] {
    var parts: [[QuestionToken]] = [[]]
    for place in range {
      let token = tokens[place]
      // “E7196” is a name, and no “e” between two.
      let isPart = token.isGlued || (place + 1 < tokens.count && tokens[place + 1].isGlued && !tokens[place + 1].isSign)
      if [",", ";", ":"].contains(token.folded) || (!isPart && Self.joints.contains(token.folded)) {
        parts.append([])
      } else if !token.isSign, !left.contains(place) {
        parts[parts.count - 1].append(token)
      }
    }
    return parts.map(trimmed).filter { !$0.isEmpty }.map { part in
      // As it was written: “X200” is one word for the index.
      part.dropFirst().reduce(into: part.first?.text ?? "") { $0 += ($1.isGlued ? "" : " ") + $1.text }
    }
  }

  /// Without words at both ends that name nothing.
  private func trimmed(_ part: [QuestionToken]) -> ArraySlice<QuestionToken> {
    var part = part[...]
    while let first = part.first, isStopWord(first.folded) || Self.comparing.contains(first.folded) {
      part.removeFirst()
    }
    while let last = part.last, isStopWord(last.folded) || Self.comparing.contains(last.folded) { part.removeLast() }
    return part
  }

  private static let joints: Set<String> = [
    "que", "y", "e", "o", "u", "and", "or", "vs", "versus", "con", "with", "frente", "than", "against",
  ]
  private static let comparing: Set<String> = [
    "precio", "precios", "price", "prices", "compara", "comparar", "compare", "diferencia", "difference", "barato",
    "barata",
    "cheaper", "caro", "cara", "cual", "which", "cuesta", "cost", "costs", "menos", "mas", "less", "more", "entre",
    "between", "expensive", "tiene", "vale", "comparame", "comparacion", "comparison",
  ]
}
