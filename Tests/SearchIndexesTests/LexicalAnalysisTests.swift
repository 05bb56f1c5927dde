import SearchIndexes
import Testing

/// What people type finds what pages say, in an index as it is published.
@Suite struct LexicalAnalysisTests {
  private struct Page {
    var text: String
    var title = ""
    var headings: [String] = []
    var language: String? = "en"
  }

  private static let pages: [Page] = [
    Page(text: "Error ERR-4012 means that a password has expired."),
    Page(text: "Error ERR-4013 means that the licence has expired."),
    Page(text: "Set max_connections in the configuration file before the server starts."),
    Page(text: "Use max and connections as two words of one sentence."),
    Page(text: "Run kubectl get pods to see what is deployed."),
    Page(text: "Release v1.2.3 mends the export; upgrade from 1.2.2 first."),
    Page(text: "Release v2.0.0 drops the old export."),
    Page(text: "Edit /etc/postgresql/15/main/pg_hba.conf and reload the cluster."),
    Page(text: #"On Windows the log lies in C:\ProgramData\Acervo\service.log until it is rotated."#),
    Page(text: "La configuración del servidor se guarda cada noche.", language: "es"),
    Page(text: "Restablezca la contraseña del usuario desde el portal.", language: "es"),
    Page(text: "Las conexiones simultáneas se limitan por usuario.", language: "es"),
    Page(text: "El año fiscal empieza en enero.", language: "es"),
    Page(text: "Steps for everybody.", title: "Rotating certificates"),
    Page(text: "Steps for everybody.", headings: ["Operations", "Decommissioning a tenant"]),
    Page(text: "Backups are written by the scheduler and verified by workers."),
    Page(text: "Der Schlüssel wird im Kundenportal verlängert.", language: "de"),
    Page(text: "L'abonnement est renouvelé automatiquement.", language: "fr"),
    Page(text: "The method getUserName of HTMLParser returns nothing."),
    Page(text: "Ｆｕｌｌ ｗｉｄｔｈ ﬁnancial words fold."),
  ]

  private let index: LexicalIndex

  init() throws {
    let sections = MemorySections()
    let writer = try LexicalIndexWriter { sections.put($0, $1, $2) }
    for page in Self.pages {
      try writer.append(text: page.text, title: page.title, headings: page.headings, language: page.language)
    }
    try writer.finish()
    index = try #require(try LexicalIndex(owner: sections, source: sections.get))
  }

  @Test(arguments: [
    ("ERR-4012", "ERR-4012"), ("err-4013", "ERR-4013"), ("what is 4012", "ERR-4012"),
    ("max_connections", "max_connections"), ("kubectl get", "kubectl"), ("kubectl get pods", "kubectl"),
    ("v1.2.3", "v1.2.3"), ("1.2.3", "v1.2.3"), ("upgrade to v2.0.0", "v2.0.0"),
    ("/etc/postgresql/15/main/pg_hba.conf", "pg_hba.conf"), ("pg_hba.conf", "pg_hba.conf"), ("pg_hba", "pg_hba.conf"),
    (#"C:\ProgramData\Acervo\service.log"#, "service.log"),
    ("configuracion", "configuración"), ("CONFIGURACIÓN", "configuración"), ("configuraciones", "configuración"),
    ("contrasena", "contraseña"), ("contraseñas", "contraseña"), ("conexion", "conexiones"),
    ("simultaneas", "conexiones"),
    ("ano fiscal", "año"), ("backup", "Backups"), ("verifying", "verified"), ("schedulers", "scheduler"),
    ("schluessel Schlüssel", "Schlüssel"), ("renouveler abonnement", "abonnement"),
    ("getUserName", "getUserName"), ("user name parser", "getUserName"), ("full width", "ｗｉｄｔｈ"),
    ("financial", "ﬁnancial"),
  ])
  func `a question finds its page first`(question: String, page: String) throws {
    let hits = try index.search(index.query(question), limit: 3)
    let found = hits.first.map { Self.pages[$0.chunk].text } ?? "nothing"
    #expect(found.contains(page), "\(question) found “\(found)”")
  }

  @Test func `whole names weigh more than their parts`() throws {
    let hits = try index.search(index.query("max_connections"), limit: 5)
    #expect(hits.map(\.chunk) == [2, 3])
    #expect(try index.search(index.query("ERR-4012"), limit: 5).map(\.chunk) == [0, 1])
  }

  @Test func `what stands in the title or the headings alone is found`() throws {
    #expect(try index.search(index.query("rotate the certificates"), limit: 1).map(\.chunk) == [13])
    #expect(try index.search(index.query("decommission tenants"), limit: 2).map(\.chunk) == [14])
  }

  @Test func `the title weighs more than the headings, and these as much as the text`() throws {
    let sections = MemorySections()
    let writer = try LexicalIndexWriter { sections.put($0, $1, $2) }
    try writer.append(text: "quota beta", title: "gamma", headings: ["delta"], language: "en")
    try writer.append(text: "alpha beta", title: "quota", headings: ["delta"], language: "en")
    try writer.append(text: "alpha beta", title: "gamma", headings: ["quota"], language: "en")
    try writer.finish()
    let index = try #require(try LexicalIndex(owner: sections, source: sections.get))
    let hits = try index.search(index.query("quota"), limit: 3)
    #expect(hits.map(\.chunk) == [1, 0, 2] && hits[1].score == hits[2].score)
  }

  @Test func `words that say nothing find nothing`() throws {
    for question in ["the of and", "de la que por", "How is it?"] {
      #expect(
        try index.search(index.query(question, language: question.hasPrefix("de") ? "es" : "en"), limit: 3).isEmpty)
    }
  }
}
