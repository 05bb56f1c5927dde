internal import Corpus
internal import Retrieval
internal import TextAnalysis

/// Understands a question as one about a catalogue, or finds that it is none.
///
/// Each word is accounted for: as a value, an amount, a date, an operator of one of these, a word of the intent, or one that
/// says nothing (`QuestionWords`). What is left makes the question one that is not wholly understood.
struct CatalogueReader {
  let vocabulary: CatalogueVocabulary
  let tokens: [QuestionToken]
  /// The first second of the day on which it is asked.
  let today: Int64
  /// Values by words that mean them without being their names.
  private let alike: [String: ValueLikeness.Name]
  /// Words that need no explanation: those of the example that told the intent.
  let familiar: Set<String>
  /// Whether whoever asks may know that a value is there.
  private let isVisible: (_ field: String, _ value: String) throws -> Bool
  /// The places of what was understood.
  var taken: Set<Int> = []
  var pieces: [Piece] = []
  /// Words that were read as values without being their names.
  private var readAs: [ReadAs] = []

  /// A condition and where it stands.
  struct Piece {
    var range: Range<Int>
    var condition: CatalogueQuery.Condition
    var isKeyword: Bool { if case .anyOf = condition.test { true } else { false } }
  }

  /// A word that was read as a value without being its name.
  struct ReadAs: Equatable {
    var word: String
    var value: String
  }

  init(
    _ question: String, language: String, _ vocabulary: CatalogueVocabulary, today: Int64,
    alike: [String: ValueLikeness.Name] = [:], familiar: Set<String> = [],
    isVisible: @escaping (_ field: String, _ value: String) throws -> Bool
  ) {
    self.vocabulary = vocabulary
    self.today = today
    self.alike = alike
    self.familiar = familiar
    self.isVisible = isVisible
    tokens = QuestionTokens(question, language: language).tokens
  }

  /// What was read.
  struct Reading {
    /// All of which hold, in the order of the question.
    var conditions: [CatalogueQuery.Condition] = []
    /// Of which one holds beside them; none: nothing is left to choose.
    var alternatives: [[CatalogueQuery.Condition]] = []
    var readAs: [ReadAs] = []
    /// The intent whose pattern matches.
    var intent: Intent?
    /// How many items are wanted: “los tres más baratos”.
    var limit: Int?
    /// The field whose values are asked for: “¿qué marcas hay?”.
    var askedField: String?
    /// Words that are not understood.
    var unknown: [QuestionToken] = []
    /// Whether signs, numbers and words that limit, join or turn round were all understood.
    var isSound = true
    /// Words before the wish that are not understood, and tell how somebody came to it.
    var preface = ""
    /// What may name items behind the intent's first word, parted where two things are compared.
    var mentions: [String] = []
    /// The same of what stands before it.
    var leading: [String] = []
    /// Whether the question asks how something is done, or about what no row tells: delivery, repair, refunds.
    var asksHow = false
    /// Whether nothing is left that is not understood.
    var isWhole: Bool { unknown.isEmpty && isSound }
    var hasConditions: Bool { !conditions.isEmpty || !alternatives.isEmpty }
  }

  /// Reads conditions, the intent's words and what is left.
  mutating func read() throws -> Reading {
    try readValues(protecting: quantities())
    try readPartOfCategory()
    readAmounts()
    readDates()
    var reading = Reading()
    let isGrouped = group(into: &reading)
    takeFieldNames()
    let masked = tokens.indices.filter { !tokens[$0].isSign }
    let words = masked.map { taken.contains($0) ? "#" : tokens[$0].folded }
    let matched = intent(words)
    let intentTokens = Set((matched?.places ?? []).map { masked[$0] })
    reading.intent = matched?.intent
    reading.readAs = readAs
    readLimit(into: &reading, intentTokens)
    readAskedField(into: &reading)
    account(into: &reading, intentTokens)
    if !isGrouped { reading.isSound = false }
    let first = intentTokens.min() ?? 0
    reading.mentions = mentions(in: first..<tokens.count, without: intentTokens)
    reading.leading = mentions(in: 0..<first, without: [])
    reading.asksHow = matches(Self.howPatterns)
    return reading
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
    // Where the last value ended that items must not have, and its field.
    var negated: (end: Int, field: String)?
    while place < tokens.count {
      guard !tokens[place].isSign, let (name, end) = try match(at: place, protected) else {
        place += 1
        continue
      }
      var start = place
      var isNegated = false
      if let negation = negation(before: place) {
        (start, isNegated) = (negation, true)
      } else if let negated, negated.field == name.field, isList(negated.end..<place) {
        (start, isNegated) = (negated.end, true)
      }
      if isNegated { negated = (end, name.field) }
      let test = Filter.Test.anyOf([.keyword(name.value)])
      pieces.append(
        Piece(range: start..<end, condition: .init(field: name.field, test: test, isNegated: isNegated)))
      taken.formUnion(start..<end)
      place = end
    }
  }

  /// The value that is named at a place, and where its name ends.
  private mutating func match(
    at start: Int, _ protected: Set<Int>
  ) throws -> (name: CatalogueVocabulary.Name, end: Int)? {
    let form = tokens[start].form
    if let found = try match(vocabulary.names[form] ?? [], at: start, protected) { return found }
    // “negras” is a form of “negro”.
    if form.hasSuffix("a"), let names = vocabulary.names[String(form.dropLast()) + "o"],
      let found = try match(names, at: start, protected)
    {
      return found
    }
    let word = tokens[start].folded
    guard !QuestionWords.isInert(word), !QuestionWords.isOperator(word), !vocabulary.intentWords.contains(word) else {
      return nil
    }
    if let name = alike[word], try isVisible(name.field, name.value) {
      readAs.append(ReadAs(word: tokens[start].text, value: name.value))
      return (.init(forms: [form], field: name.field, value: name.value), start + 1)
    }
    guard let near = Spelling.nearest(form, among: vocabulary.firstForms), let names = vocabulary.names[near],
      let found = try match(names, at: start, protected)
    else { return nil }
    readAs.append(ReadAs(word: tokens[start].text, value: found.0.value))
    return found
  }

  private func match(
    _ names: [CatalogueVocabulary.Name], at start: Int, _ protected: Set<Int>
  ) throws -> (CatalogueVocabulary.Name, Int)? {
    for name in names {
      var place = start
      var isFull = true
      for (number, form) in name.forms.enumerated() {
        while place < tokens.count, tokens[place].isSign, place > start { place += 1 }
        guard place < tokens.count, !protected.contains(place),
          number == 0 || tokens[place].form == form || Spelling.isNear(tokens[place].form, form)
        else {
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
    let isCommon = QuestionWords.isInert(word.folded) || QuestionWords.isOperator(word.folded)
    guard isCommon || word.folded.count == 1 else { return false }
    return word.text != name.value || word.text == word.text.lowercased()
  }

  private func hasName(of field: String, before place: Int) -> Bool {
    guard let entity = vocabulary.entities[field] else { return false }
    let before = tokens[..<place].suffix(5).map(\.form)
    return entity.names.contains { name in name.count == 1 && before.contains(name[0]) }
  }

  /// “relojes” where rows say “Relojes inteligentes”: a word of one category's names alone, where no category is named.
  private mutating func readPartOfCategory() throws {
    guard let category = vocabulary.category, !pieces.contains(where: { $0.condition.field == category }) else {
      return
    }
    for place in tokens.indices where !taken.contains(place) {
      let word = tokens[place]
      guard word.form.utf8.count >= 4, let value = vocabulary.partsOfCategories[word.form],
        !QuestionWords.isInert(word.folded), try isVisible(category, value)
      else { continue }
      let start = negation(before: place)
      let test = Filter.Test.anyOf([.keyword(value)])
      let condition = CatalogueQuery.Condition(field: category, test: test, isNegated: start != nil)
      pieces.append(Piece(range: (start ?? place)..<place + 1, condition: condition))
      taken.formUnion((start ?? place)...place)
      return
    }
  }

  // MARK: Negations

  /// Where the words begin that name a value as one that items must not have: “que no sean de HP”, “other than HP”.
  private func negation(before place: Int) -> Int? {
    var end = place
    var found: Int?
    for _ in 0..<8 {
      // “No sean ni de HP” negates once.
      if let start = Self.negations.lazy.compactMap({ self.start(of: $0, before: end) }).first {
        (found, end) = (start, start)
        continue
      }
      // “any brand but Philips”: elsewhere “but” is no more than a comma.
      if end > 1, ["but", "menos"].contains(tokens[end - 1].folded),
        isFieldName(end - 2) || Self.everything.contains(tokens[end - 2].folded)
      {
        return end - 1
      }
      guard end > 0, Self.negationFillers.contains(tokens[end - 1].folded) || isFieldName(end - 1) else { return found }
      end -= 1
    }
    return found
  }

  private func start(of words: [String], before end: Int) -> Int? {
    guard words.count <= end, zip(tokens[(end - words.count)..<end], words).allSatisfy({ $0.folded == $1 }) else {
      return nil
    }
    let start = end - words.count
    // “but not”, “pero no” say it once.
    return start > 0 && tokens[start - 1].folded == "but" ? start - 1 : start
  }

  private static let negations: [[String]] = [
    ["other", "than"], ["rather", "than"], ["instead", "of"], ["distinto", "de"], ["distintos", "de"],
    ["distinta", "de"], ["distintas", "de"], ["aparte", "de"], ["apart", "from"], ["menos", "los"], ["menos", "las"],
    ["menos", "el"], ["menos", "la"], ["no"], ["not"], ["t"], ["excepto"], ["except"], ["salvo"], ["excluding"],
    ["without"], ["sin"], ["besides"], ["unlike"], ["ni"], ["nor"], ["neither"],
  ]
  private static let everything: Set<String> = [
    "todo", "todos", "todas", "toda", "cualquiera", "all", "any", "anything", "everything", "every",
  ]
  /// Words between a negation and its value that say nothing.
  private static let negationFillers: Set<String> = [
    "de", "la", "el", "los", "las", "the", "a", "an", "un", "una", "from", "by", "made", "of", "ni", "any", "ningun",
    "ninguna", "sea", "sean", "es", "son", "fuera", "fuesen", "be", "is", "are", "quiero", "want", "en", "in", "for",
    "hecho", "hechos",
  ]

  // MARK: Lists

  /// Whether a list of values goes on between two of them: “HP, LG o Dell”.
  func isList(_ range: Range<Int>) -> Bool {
    guard range.contains(where: { Self.joints.contains(tokens[$0].folded) }) else { return false }
    return range.allSatisfy { place in
      Self.joints.contains(tokens[place].folded) || Self.negationFillers.contains(tokens[place].folded)
        || isFieldName(place)
    }
  }

  static let joints: Set<String> = ["o", "u", "y", "e", "ni", "or", "and", "nor", ",", "/", "&", ";"]

  // MARK: Fields

  /// Whether a field's name stands at a place.
  func isFieldName(_ place: Int) -> Bool {
    tokens.indices.contains(place) && vocabulary.fieldForms.contains(tokens[place].form)
  }

  /// Takes names of fields that stand beside a condition on them: “de la marca HP”, “8 GB de RAM”.
  private mutating func takeFieldNames() {
    let places = tokens.indices.filter { !taken.contains($0) && isFieldName($0) }
    for place in places {
      for piece in pieces {
        let isCalled = vocabulary.entities[piece.condition.field]?.names.contains([tokens[place].form]) ?? false
        let range = piece.range
        let between =
          place < range.lowerBound ? place + 1..<range.lowerBound : range.upperBound..<max(range.upperBound, place)
        guard isCalled, between.count <= 4 else { continue }
        if between.allSatisfy({ taken.contains($0) || QuestionWords.isInert(tokens[$0].folded) || tokens[$0].isSign }) {
          taken.insert(place)
        }
      }
    }
  }

  /// The keyword field that a question asks the values of: “¿qué marcas hay?”.
  private mutating func readAskedField(into reading: inout Reading) {
    let asking: Set<String> = ["que", "which", "what", "cuales"]
    for place in tokens.indices where !taken.contains(place) && place > 0 {
      let name = [tokens[place].form]
      let fields = vocabulary.entities.values.filter { $0.kind == .keyword && $0.names.contains(name) }
      guard let field = fields.min(by: { $0.field < $1.field }), reading.intent?.action ?? .search == .search,
        tokens[..<place].suffix(2).contains(where: { asking.contains($0.folded) })
      else { continue }
      reading.askedField = field.field
      taken.insert(place)
      return
    }
  }

  // MARK: Intent

  private func intent(_ words: [String]) -> (intent: Intent, places: [Int])? {
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

  /// “Los tres más baratos”: a small number, before what is understood.
  private mutating func readLimit(into reading: inout Reading, _ intentTokens: Set<Int>) {
    let free = tokens.indices.filter { !taken.contains($0) && !intentTokens.contains($0) }
    let numbers = free.compactMap { place in NumberWords.number(in: tokens, at: place).map { (place, $0.end, $0.value) }
    }
    guard numbers.count == 1, let (place, end, value) = numbers.first, end == place + 1, (1...20).contains(value),
      let limit = Int(exactly: value), end < tokens.count, !tokens[place].isGlued, !tokens[end].isGlued
    else { return }
    let next = (end..<tokens.count).first { !QuestionWords.isInert(tokens[$0].folded) || intentTokens.contains($0) }
    guard next.map({ taken.contains($0) || intentTokens.contains($0) || isSuperlative($0) }) ?? true else { return }
    reading.limit = limit
    taken.insert(place)
  }

  private func isSuperlative(_ place: Int) -> Bool {
    ["mas", "most", "least"].contains(tokens[place].folded)
  }
}
