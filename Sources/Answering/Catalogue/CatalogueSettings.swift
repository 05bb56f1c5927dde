/// How questions about a collection of items (rows of a table: products, flats, courses) are understood and answered.
public struct CatalogueSettings: Sendable, Equatable {
  /// The collection.
  public var collection: String
  /// The field that groups items; nil: the one called `category`, `categoria`, `type` or `tipo`.
  public var category: String?
  /// The field with what an item costs; nil: the one called `price`, `precio`, `importe` or `amount`.
  public var price: String?
  /// The currency of prices (ISO 4217); EUR by default.
  public var currency: String
  /// More on the fields that questions name, by field; fields that are not here are known by their names and values.
  public var entities: [String: EntitySettings]
  /// More on the intents, by name: those that are built in, and others.
  public var intents: [String: IntentSettings]
  /// The fields that answers show beside the title, in this order; empty: the price and every other one.
  public var shows: [String]
  /// How many items an answer lists at most; 5 by default.
  public var items: Int
  /// The cosine from which a question has the intent of an example sentence; 0.6 by default.
  public var likeness: Double

  /// The names of the intents that are there without being declared.
  public static var builtInIntents: [String] { Intent.names }

  /// Makes settings with the defaults.
  public init(
    collection: String, category: String? = nil, price: String? = nil, currency: String = "EUR",
    entities: [String: EntitySettings] = [:], intents: [String: IntentSettings] = [:], shows: [String] = [],
    items: Int = 5, likeness: Double = 0.6
  ) {
    self.collection = collection
    self.category = category
    self.price = price
    self.currency = currency
    self.entities = entities
    self.intents = intents
    self.shows = shows
    self.items = items
    self.likeness = likeness
  }
}

/// What a field is called in questions.
public struct EntitySettings: Sendable, Equatable {
  /// The field's names in questions and answers, the first one shown: by language (`es`, `en`).
  public var names: [String: [String]]
  /// Other words for a value, by the value as rows have it.
  public var synonyms: [String: [String]]
  /// What stands behind a number of this field: `GB`, `pulgadas`.
  public var units: [String]
  /// Whether questions are matched against the field at all; yes by default.
  public var isUsed: Bool

  /// Makes settings with the defaults.
  public init(
    names: [String: [String]] = [:], synonyms: [String: [String]] = [:], units: [String] = [], isUsed: Bool = true
  ) {
    self.names = names
    self.synonyms = synonyms
    self.units = units
    self.isUsed = isUsed
  }
}

/// How an intent is told, and what is done about it.
public struct IntentSettings: Sendable, Equatable {
  /// What is done; nil: what the built-in intent of the same name does.
  public var action: CatalogueAction?
  /// Words that tell it: see `IntentPattern`.
  public var patterns: [String]
  /// Sentences that have it.
  public var examples: [String]
  /// What is answered, by language (`es`, `en`), where the action is `reply`.
  public var reply: [String: String]
  /// Whether the built-in patterns and examples of the same name are left out.
  public var replaces: Bool

  /// Whether a text is a pattern: it has a word, and at most three gaps.
  public static func isPattern(_ text: String) -> Bool { IntentPattern(text) != nil }

  /// Makes settings with the defaults.
  public init(
    action: CatalogueAction? = nil, patterns: [String] = [], examples: [String] = [], reply: [String: String] = [:],
    replaces: Bool = false
  ) {
    self.action = action
    self.patterns = patterns
    self.examples = examples
    self.reply = reply
    self.replaces = replaces
  }
}

/// What is done about a question.
public enum CatalogueAction: String, Sendable, Hashable, CaseIterable {
  /// The items that meet the conditions are listed.
  case search
  /// A few of them that fit the question best.
  case recommend
  /// Named items, or the cheapest of each named value, side by side.
  case compare
  /// One item with its fields.
  case details
  /// The items that cost least.
  case cheapest
  /// The items that cost most.
  case dearest
  /// The items that came last.
  case newest
  /// The items that came first.
  case oldest
  /// How many items meet the conditions.
  case count
  /// What they cost on average.
  case average
  /// The values that they have in a field.
  case values
  /// A fixed text.
  case reply
  /// The ordinary way: the question is answered from the pages.
  case ask
}
