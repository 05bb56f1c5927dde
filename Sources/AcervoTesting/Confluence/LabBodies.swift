/// Storage-format bodies made up from a content's id, version and seed: the same in every run, made when asked for.
enum LabBodies {
  /// The body of a page or blog post.
  ///
  /// Its first sentence names id and version and stands on no other page, so that a search for it finds the page or
  /// shows that it is gone.
  static func body(of content: LabSite.Content, in site: LabSite) -> String {
    var random = SeededGenerator(seed: content.seed)
    var text = "<p>\(mark(of: content)) \(sentence(&random))</p>"
    let count = 2 + Int(random.next() % 4)
    for section in 0..<count {
      text += "<h\(2 + section % 2)>\(pick(headings, &random))</h\(2 + section % 2)>"
      for _ in 0..<(1 + random.next() % 3) {
        text += "<p>\(sentence(&random)) \(sentence(&random)) \(sentence(&random))</p>"
      }
      text += pick(LabMacro.all, &random).storage
    }
    return text
  }

  /// The sentence that stands on one version of one page alone.
  static func mark(of content: LabSite.Content) -> String {
    "Record L\(content.id) revision \(content.version.number)."
  }

  static func pick<Element>(_ list: [Element], _ random: inout SeededGenerator) -> Element {
    list[Int(random.next() % UInt64(list.count))]
  }

  static func sentence(_ random: inout SeededGenerator) -> String {
    let words = random.next() % 4 == 0 ? spanish : english
    return pick(words.0, &random) + " " + pick(words.1, &random) + " " + pick(words.2, &random) + "."
  }

  static let headings = [
    "Before you start", "Steps", "What can go wrong", "Background", "Antes de empezar", "Preguntas frecuentes",
    "Limits",
    "Contacts", "History", "Settings &amp; options", "Resumen", "Checks",
  ]
  private static let english = (
    [
      "The pump", "A technician", "The night shift", "Every site office", "The supplier", "Our ticket queue",
      "The backup",
    ],
    ["checks", "replaces", "documents", "asks for", "never touches", "restarts", "signs off"],
    [
      "the <strong>main valve</strong> before noon", "a spare seal from the <em>north store</em>",
      "two forms and one <code>config.yaml</code>", "the alarm within 15 minutes", "the report of the week",
      "each meter twice a year",
    ]
  )
  private static let spanish = (
    ["La bomba", "El equipo de soporte", "Cada oficina", "El proveedor", "La contraseña", "El turno de noche"],
    ["revisa", "cambia", "documenta", "necesita", "reinicia", "aprueba"],
    [
      "la <strong>válvula principal</strong> por la mañana", "una junta nueva del almacén",
      "el informe de la semana", "la alarma en 15 minutos", "los contadores dos veces al año",
    ]
  )
}
