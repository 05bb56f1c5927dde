/// What a person wants of a catalogue.
struct Intent: Sendable {
  var name: String
  var action: CatalogueAction
  var patterns: [IntentPattern]
  var examples: [String]
  var reply: [String: String]

  /// The built-in intents with what a service declares of them, and the service's own.
  ///
  /// The order is that in which patterns are tried: the more special first.
  static func all(_ declared: [String: IntentSettings]) -> [Intent] {
    var intents = builtIn.map { intent -> Intent in
      guard let own = declared[intent.name] else { return intent }
      var intent = intent
      let patterns = own.patterns.compactMap(IntentPattern.init)
      intent.patterns = own.replaces ? patterns : patterns + intent.patterns
      intent.examples = own.replaces ? own.examples : own.examples + intent.examples
      intent.action = own.action ?? intent.action
      intent.reply.merge(own.reply) { $1 }
      return intent
    }
    let names = Set(intents.map(\.name))
    let others = declared.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }.map { name, own in
      Intent(
        name: name, action: own.action ?? (own.reply.isEmpty ? .ask : .reply),
        patterns: own.patterns.compactMap(IntentPattern.init), examples: own.examples, reply: own.reply)
    }
    intents.insert(contentsOf: others, at: 0)
    return intents
  }

  /// The names of the built-in ones.
  static var names: [String] { builtIn.map(\.name) }

  private init(
    name: String, action: CatalogueAction, patterns: [IntentPattern], examples: [String], reply: [String: String]
  ) {
    self.name = name
    self.action = action
    self.patterns = patterns
    self.examples = examples
    self.reply = reply
  }

  private init(_ name: String, _ action: CatalogueAction, _ patterns: [String], _ examples: [String] = []) {
    self.init(
      name: name, action: action, patterns: patterns.compactMap(IntentPattern.init), examples: examples, reply: [:])
  }

  private static let builtIn: [Intent] = [
    greeting, help, compare, average, cheapest, dearest, newest, oldest, count, recommend, details, search,
  ]

  private static let greeting: Intent = {
    var intent = Intent(
      "greeting", .reply,
      [
        "^hola$", "^hola buenas$", "^hola * buenos dias$", "^buenos dias$", "^buenas tardes$", "^buenas noches$",
        "^buenas$",
        "^hello$", "^hi$", "^hey$", "^hi there$", "^hello there$", "^good morning$", "^good afternoon$",
        "^good evening$",
        "^hola que tal$", "^saludos$", "^gracias$", "^muchas gracias$", "^thanks$", "^thank you$",
      ])
    intent.reply = [
      "es": "Hola. Pregúntame por productos: qué hay, cuánto cuesta, o qué se puede comparar.",
      "en": "Hello. Ask me about products: what there is, what it costs, or what to compare.",
    ]
    return intent
  }()

  private static let help: Intent = {
    var intent = Intent(
      "help", .reply,
      [
        "^ayuda$", "^help$", "^help me$", "^que puedes hacer$", "^que sabes hacer$", "^como funciona esto$",
        "^como funcionas$", "^what can you do$", "^how does this work$", "^what can i ask$", "^que puedo preguntar*$",
      ],
      [
        "¿Qué puedes hacer por mí?", "¿Cómo se usa este asistente?", "What can you help me with?",
        "How do I use this assistant?",
      ])
    intent.reply = [
      "es":
        "Puedo buscar productos por marca, categoría, precio y otros datos, comparar precios, decir cuánto cuesta uno y recomendar.",
      "en":
        "I can search products by brand, category, price and other fields, compare prices, tell what one costs and recommend.",
    ]
    return intent
  }()

  private static let compare = Intent(
    "compare", .compare,
    [
      "compar*", "compare", "comparison", "versus", "vs", "diferencia* de precio", "diferencia* entre",
      "difference between",
      "price difference", "que * mas barat* * o", "cual * mas barat* * o", "cual * mas car* * o",
      "cual * cuesta menos * o",
      "which * cheaper * or", "which * costs less * or", "is * cheaper than", "es mas barat* * que", "side by side",
      "frente a", "o * cual * mas barat*",
    ],
    [
      "Compara el precio de estos dos productos", "¿Qué diferencia de precio hay entre uno y otro?",
      "Compare the prices of these two products", "Which of the two is cheaper?",
    ])

  private static let cheapest = Intent(
    "cheapest", .cheapest,
    [
      "mas barat*", "mas economic*", "menor precio", "precio mas bajo", "precio minimo", "cheapest", "least expensive",
      "minimum price",
      "lowest price", "lowest priced", "most affordable", "cuesta* menos", "costs least", "costs the least",
    ],
    ["¿Cuál es el más barato?", "What is the cheapest one?"])

  private static let dearest = Intent(
    "dearest", .dearest,
    [
      "mas car*", "mayor precio", "precio mas alto", "most expensive", "highest price", "highest priced",
      "maximum price", "precio maximo", "priciest",
      "cuesta* mas", "dearest",
    ],
    ["¿Cuál es el más caro?", "What is the most expensive one?"])

  private static let newest = Intent(
    "newest", .newest,
    [
      "mas nuev*", "mas recient*", "mas modern*", "newest", "latest", "most recent*", "ultimo", "ultima", "ultimos",
      "ultimas",
    ],
    ["¿Cuál es el más nuevo?", "What is the newest one?"])

  private static let oldest = Intent(
    "oldest", .oldest,
    [
      "mas antigu*", "mas viej*", "oldest", "earliest", "least recent*", "released first", "came out first",
      "salio primero",
    ],
    ["¿Cuál es el más antiguo?", "What is the oldest one?"])

  private static let average = Intent(
    "average", .average,
    [
      "precio medio", "precio promedio", "media de precio*", "promedio de precio*", "coste medio", "cuesta* de media",
      "cuesta* en promedio", "average price", "mean price", "average cost", "cost* on average", "cost* * on average",
    ])

  private static let count = Intent(
    "count", .count,
    [
      "cuantos", "cuantas", "cuantos hay", "how many", "numero de", "number of", "cantidad de", "^count", "^cuenta",
    ],
    ["¿Cuántos productos hay?", "How many products are there?"])

  private static let recommend = Intent(
    "recommend", .recommend,
    [
      "recomiend*", "recomend*", "recommend*", "aconsej*", "suger*", "suggest*", "me conviene*", "cual elijo",
      "que elijo",
      "que me compro", "que compro", "should i buy", "should i get", "advise", "advice on", "which * best for",
      "mejor* * para", "best * for", "what would you",
    ],
    [
      "¿Qué me recomiendas?", "Necesito consejo para elegir un producto", "What do you recommend?",
      "Help me choose a product",
    ])

  private static let details = Intent(
    "details", .details,
    [
      "cuanto cuesta", "cuanto cuestan", "cuanto vale", "cuanto valen", "que precio tiene*", "que vale",
      "a cuanto esta*",
      "precio del", "precio de la", "precio de el", "precio de", "cual es el precio", "how much", "what does * cost",
      "what is the price", "what s the price", "price of", "price for", "caracteristicas de*", "detalles de*",
      "ficha de*",
      "details of", "details about", "details on", "specs of", "specifications of", "informacion sobre",
      "information about",
      "tell me about", "hablame de*", "datos de*",
    ],
    [
      "¿Cuánto cuesta este producto?", "Dame los detalles de este modelo", "How much does this product cost?",
      "Tell me about this model",
    ])

  private static let search = Intent(
    "search", .search,
    [
      "me interes*", "busco", "buscar", "busca", "buscando", "buscame", "quiero", "quisiera", "querria", "necesito",
      "muestra*",
      "muestrame",
      "ensena*", "mostrar", "lista", "listame", "listado", "dame", "ver", "hay", "teneis", "tienen", "tienes",
      "vendeis",
      "venden", "encuentra*", "find", "search", "show", "list", "looking for", "i want", "i need", "i d like",
      "give me",
      "do you have", "do you sell", "are there", "any", "get me", "que * teneis", "que * hay", "what * do you have",
      "which * do you have", "display",
    ],
    [
      "Busco un producto de una marca por menos de un precio", "Muéstrame los productos de esta categoría",
      "Show me products of this brand under a price", "I am looking for a product in this category",
    ])
}
