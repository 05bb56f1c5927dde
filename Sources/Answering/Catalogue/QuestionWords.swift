internal import TextAnalysis

/// What the words of a question say that name neither a value nor a number.
///
/// A question is answered from rows only where every word of it is accounted for. That needs to know which words say
/// nothing about the rows that are meant, and which ones must never be passed over.
enum QuestionWords {
  /// Whether a word says nothing about which rows are meant: articles, auxiliaries, courtesy, wishing, showing, having.
  static func isInert(_ folded: String) -> Bool {
    inert.contains(folded) || inertStems.contains { folded.hasPrefix($0) }
  }

  /// Whether a word turns round, limits or joins what stands beside it: passed over, it makes a figure wrong.
  static func isOperator(_ folded: String) -> Bool { operators.contains(folded) }

  /// Whether a wish or a question begins with a word.
  static func isRequest(_ folded: String) -> Bool { requests.contains(folded) }

  /// Whether a word tells of people or greets: what is said before the wish is then how somebody came to it.
  static func isOfPeople(_ folded: String) -> Bool { people.contains(folded) }

  /// Whether a word says that the thing is cheap, which a list by price shows by itself.
  static func isCheap(_ folded: String) -> Bool {
    folded.hasPrefix("barat") || folded.hasPrefix("economic") || folded == "cheap" || folded == "affordable"
      || folded == "inexpensive"
  }

  /// Whether a word says that something came into being at the date beside it.
  static func isOfDates(_ folded: String) -> Bool {
    ofDates.contains { folded.hasPrefix($0) } || datesExactly.contains(folded)
  }

  /// Words before a thing that something is to have or to be for.
  static let attributing: Set<String> = [
    "con", "with", "sin", "without", "para", "for", "having", "cuyo", "cuya", "whose",
  ]

  private static func words(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  static let operators = words(
    """
    no not sin without never nunca excepto except salvo but ni nor neither tampoco excluding menos aparte apart besides t
    distinto distinta distintos distintas other otro otra otros otras mas more less most least fewer mayor mayores menor
    menores mejor mejores best better peor peores worst max min maximo maxima minimo minima maximum minimum over under above
    below hasta entre between within o u or than up unlike instead rather
    """)

  private static let requests = words(
    """
    busco buscamos busca buscan buscar buscando buscame quiero queremos quiere quieren quisiera quisieramos querria queria
    necesito necesitamos necesita necesitan necesitaria muestra muestrame mostrar ensena ensename ensenar lista listame
    listado dame deme dime digame decirme indicarme indicame ponme pon filtra que cual cuales cuanto cuantos cuanta cuantas
    hay teneis tienen tienes tenemos tiene vendeis venden encuentra encuentrame compara comparame interesa interesan
    gustaria podria podrias podriais pide piden recomienda recomiendame
    find search show list looking want wants need needs like give get tell know what which how have sell carry compare
    asks wonder wondering display see
    """)

  private static let people = words(
    """
    yo mi mis me usted ustedes vosotros nos nuestro nuestra nuestros nuestras cliente clienta clientes usuario usuaria hola buenas buenos estimado
    estimada estimados estimadas senor senora senores disculpe disculpa disculpen disculpad perdon perdone perdona oye oiga
    consulta llamada caso ticket mira
    i my we our us you he she his her they their client customer caller user hello hi hey dear sorry excuse morning afternoon
    evening call
    """)

  private static let ofDates = [
    "released", "releas", "lanz", "salier", "salid", "anadid", "agregad", "aparec", "public", "incorporad", "llegad",
    "launch",
    "added", "introduc", "arriv", "estrenad",
  ]
  private static let datesExactly = words(
    "salio salen salgan sale came come coming out new nuevo nueva nuevos nuevas venta sold on fecha date dated")

  /// Interrogatives that ask for something else than rows, and words of degree.
  private static let telling = words(
    """
    donde cuando quien quienes como porque where when who whom why how muy very too tanto poco mucho muchos nada few own same
    off down further against contra through algo again once
    """)

  private static let inert: Set<String> = {
    let lists = StopWords.words(for: "es").union(StopWords.words(for: "en")).map { Folding.fold($0) }
    return Set(lists).subtracting(operators).subtracting(telling).union(carriers).union(requests).union(isolated)
  }()

  /// What is left of “isn't” and the like beside its “t”.
  private static let isolated = words(
    "s d m ll re ve isn aren don doesn wasn weren won didn haven hasn shouldn wouldn couldn")

  /// Verbs of wishing, showing, having and selling, in all their forms.
  private static let inertStems = [
    "estari", "podri", "pudier", "pudies", "quisi", "querri", "tendri", "gustari", "encantari", "interes", "busca",
    "busco",
    "busqu", "necesit", "muestr", "mostr", "ensen", "vende", "vendi", "ofrec", "dispon", "encontr", "encuentr",
    "pregunt",
    "indica", "agradec", "obten", "obtien", "queda", "consulta", "compra",
  ]

  private static let carriers = words(
    """
    pls plz thx porfa having name names title titles nombre nombres titulo titulos
    favor por please gracias muchas antemano thanks thank you saludo saludos cordial cordiales atentamente regards kind
    kindly sorry disculpe disculpa disculpen molestia perdon perdone hola hello hi hey buenas buenos dias tardes noches
    good morning afternoon evening dear estimado estimados team equipo oye oiga mira amable amables advance well greetings
    bother trouble grateful delighted love wonder wondering whether if si posible possible would could can may might will
    shall let podria podrias podriais podrian puede puedes podeis pueden puedo podemos pudiera pudieras pudieran pudiese
    quisiera querria gustaria encantaria interesa interesan interese interesado interesada interesados interested interest
    saber conocer know tell say ver see look looking at view check find found search searching show shows list lists give
    get got gimme lemme gonna wanna desde since buy buying purchase obtain want wants wanted need needs needed like likes after ask asks asking adquirir comprar
    comprarme compro comprando llevarme encontrar encuentro encontrais localizar consultar preguntar pregunta preguntaba
    mostrar mostrarme muestra muestrame muestren mostrad ensenar ensename ensenas ensenan ensenadme ensena ensenenme
    indicar indicarme indiqueme decir decirme digame deme dame dime ponme pon filtra pide piden vendeis venden vende vender
    vendan sell sells selling sold stock stocks stocked carry carries carried offer offers offering ofrecen ofreceis tengo
    tenga tengan tengas tengais teneis tener manejan manejais disponeis disponen dispone disponible disponibles available
    existe existen exist there here currently actualmente ahora right now moment momento today hoy catalogo catalogue catalog
    tienda store shop web surtido range oferta gama seccion section listado lista producto productos product products
    articulo articulos item items modelo modelos model models unidad unidades opcion opciones option options one ones thing
    things cosa cosas anything everything cualquiera cualquier cualesquiera todo toda todos todas entire whole total totales
    algun alguno alguna algunos algunas some any every each precio precios price prices priced coste costes cost costs
    costing costar cuesta cuestan cueste cuesten costara vale valen valga valgan sale salen salga salgan
    presupuesto budget gastar gastarme spend pagar pay dispuesto llamado llamada named called hecho hechos
    hecha hechas fabricado fabricados made make makes cuyo cuya cuyos cuyas being sea sean fuera fuese
    llamados cliente customer client clientes pero also tambien just only solo solamente unicamente both ambos ambas
    dentro referencia referencias resultado resultados results matching cumplan cumplen eso esto aquello aquellos
    aquellas vuestro vuestra vuestros vuestras ustedes usted vosotros os les le te se
    """)
}
