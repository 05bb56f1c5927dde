import Corpus
import Markup
import Testing

@testable import Cleaning

/// Confluence's storage format as text: what each of its elements leaves.
@Suite struct StorageFormatTests {
  private func clean(_ storage: String) throws -> CleanDocument {
    try Cleaner().clean(
      Document(
        source: "s", url: "https://acme.example/wiki/p", mediaType: .confluenceStorage, body: Array(storage.utf8)))
  }

  private func clean(_ envelope: StorageEnvelope) throws -> CleanDocument {
    try Cleaner().clean(
      Document(
        source: "s", url: "https://acme.example/wiki/p", mediaType: .confluenceStorage, body: envelope.encoded))
  }

  private func text(_ storage: String) throws -> String { try clean(storage).text }

  private func macro(_ name: String, _ parameters: [String: String] = [:], _ body: String = "") -> String {
    let inner = parameters.sorted { $0.key < $1.key }
      .map { "<ac:parameter ac:name=\"\($0.key)\">\($0.value)</ac:parameter>" }.joined()
    return "<ac:structured-macro ac:name=\"\(name)\" ac:macro-id=\"11-22\">\(inner)\(body)</ac:structured-macro>"
  }

  private func rich(_ body: String) -> String { "<ac:rich-text-body>\(body)</ac:rich-text-body>" }
  private func plain(_ body: String) -> String { "<ac:plain-text-body><![CDATA[\(body)]]></ac:plain-text-body>" }

  // MARK: - Macros

  @Test func `code stands as it was typed, with its language and title`() throws {
    let page = try clean(
      macro(
        "code", ["language": "swift", "title": "Main.swift", "theme": "Midnight"], plain("let a = b < c && d\n  x()")))
    #expect(page.text == "Main.swift\n\nlet a = b < c && d\n  x()")
    #expect(page.blocks.last?.kind == .code(language: "swift"))
  }

  @Test func `code that holds the end of CDATA is joined`() throws {
    let body = "<ac:plain-text-body><![CDATA[a]]]]><![CDATA[>b]]></ac:plain-text-body>"
    #expect(try text(macro("noformat", [:], body)) == "a]]>b")
  }

  @Test(arguments: [
    ("info", "Info"), ("note", "Warning"), ("warning", "Error"), ("tip", "Success"),
  ])
  func `a panel says the kind that people see`(stored: String, shown: String) throws {
    #expect(try text(macro(stored, [:], rich("<p>Body</p>"))) == "\(shown):\n\nBody")
    #expect(
      try text(macro(stored, ["title": "Mind", "icon": "false"], rich("<p>Body</p>"))) == "\(shown): Mind\n\nBody")
  }

  @Test func `a panel's kind is told in the page's language`() throws {
    var envelope = StorageEnvelope(body: macro("note", [:], rich("<p>No lo apagues.</p>")))
    envelope.language = "es"
    let page = try clean(envelope)
    #expect(page.text == "Advertencia:\n\nNo lo apagues.")
    #expect(page.language == "es")
  }

  @Test func `folded and hidden parts are content`() throws {
    #expect(try text(macro("expand", ["title": "More"], rich("<p>Inside</p>"))) == "More\n\nInside")
    #expect(try text(macro("excerpt", ["hidden": "true"], rich("<p>Inside</p>"))) == "Inside")
  }

  @Test func `a status is its title, in its line`() throws {
    #expect(
      try text("<p>State: \(macro("status", ["colour": "Green", "title": "DONE"])) now</p>") == "State: [DONE] now")
    #expect(try text("<p>a\(macro("status", ["colour": "Green"]))</p>") == "a")
  }

  @Test func `page properties read as key and value`() throws {
    let table = "<table><tbody><tr><th>Owner</th><td>Ops</td></tr><tr><th>Due</th><td>May</td></tr></tbody></table>"
    #expect(try text(macro("details", ["id": "x"], rich(table))) == "Owner: Ops\nDue: May")
  }

  @Test(arguments: ["toc", "children", "contentbylabel", "attachments"])
  func `what is made when the page is shown leaves a mark`(name: String) throws {
    #expect(try text("<p>a</p>" + macro(name, ["depth": "3", "maxLevel": "2"]) + "<p>b</p>") == "a\n\n[\(name)]\n\nb")
  }

  @Test func `an issue is its key, a query a mark`() throws {
    #expect(try text("<p>See \(macro("jira", ["key": "OPS-12", "serverId": "1-2"]))</p>") == "See OPS-12")
    #expect(try text(macro("jira", ["jqlQuery": "project = OPS", "columns": "key"])) == "[jira]")
  }

  @Test func `an unknown macro gives its bodies and no parameter`() throws {
    #expect(try text(macro("acme-box", ["secret": "param"], rich("<p>Body</p>"))) == "Body")
    let page = try clean(macro("acme-code", ["secret": "param"], plain("a\n  b")))
    #expect(page.text == "a\n  b")
    #expect(page.blocks.map(\.kind) == [.code(language: nil)])
    #expect(try text("<p>x</p>" + macro("acme-empty", ["secret": "param"])) == "x")
  }

  @Test func `macros of old pages read alike`() throws {
    let old =
      "<ac:macro ac:name=\"code\"><ac:default-parameter>java</ac:default-parameter>\(plain("int a;"))</ac:macro>"
    let page = try clean(old)
    #expect(page.text == "int a;")
    #expect(page.blocks.map(\.kind) == [.code(language: "java")])
  }

  @Test func `the report counts what became of each macro`() throws {
    let page = try clean(
      macro("code", [:], plain("x")) + macro("code", [:], plain("y")) + macro("jira", ["key": "A-1"]) + macro("html"))
    #expect(
      page.macros
        == MacroReport(counts: [
          "code": .init(rendered: 2), "jira": .init(reduced: 1), "html": .init(dropped: 1),
        ]))
  }

  // MARK: - Links, people, images

  @Test func `links carry their label and the resolved address`() throws {
    var envelope = StorageEnvelope(
      body: """
        <p><ac:link ac:anchor="Back"><ri:page ri:content-title="Deploy guide" ri:space-key="OPS"/>
        <ac:plain-text-link-body><![CDATA[roll <back>]]></ac:plain-text-link-body></ac:link>,
        <ac:link><ri:page ri:content-title="Home"/></ac:link>, <ac:link ac:anchor="top"/>, <ac:link/>,
        <ac:link><ri:page ri:content-title="Unknown"/><ac:link-body>an <em>other</em></ac:link-body></ac:link>,
        <ac:link><ri:attachment ri:filename="plan 2026.pdf"/></ac:link></p>
        """)
    envelope.base = "https://acme.example/wiki"
    envelope.id = "77"
    envelope.space = "ENG"
    envelope.pages = [
      .init(space: "OPS", title: "Deploy guide", url: "https://acme.example/wiki/d"),
      .init(space: "ENG", title: "Home", url: "https://acme.example/wiki/h"),
    ]
    let page = try clean(envelope)
    #expect(page.text == "roll <back>, Home, top, , an other, plan 2026.pdf")
    #expect(
      page.blocks.flatMap(\.links).map(\.target) == [
        "https://acme.example/wiki/d#Back", "https://acme.example/wiki/h", "https://acme.example/wiki/p#top",
        "https://acme.example/wiki/download/attachments/77/plan%202026.pdf",
      ])
  }

  @Test func `people go by their names`() throws {
    let mention = "<p>Ask <ac:link><ri:user ri:account-id=\"5b10ac\"/></ac:link>.</p>"
    var envelope = StorageEnvelope(body: mention)
    envelope.people = ["5b10ac": "Ana \"A.\" <Díaz> & Co"]
    #expect(try clean(envelope).text == "Ask @Ana \"A.\" <Díaz> & Co.")
    #expect(try text(mention) == "Ask @user.")
  }

  @Test func `images say their caption and what they show, not their file's name`() throws {
    let image = """
      <ac:image ac:width="760" ac:alt="Traffic by hour"><ri:attachment ri:filename="t.png"/>\
      <ac:caption><p>Figure 2: traffic</p></ac:caption></ac:image>
      """
    #expect(try text(image) == "Traffic by hour\n\nFigure 2: traffic")
    for name in ["t.png", "Screenshot 2026-02-03 at 9.41.07 PM.png", "스크린샷 오후 5.30.02.PNG"] {
      let image = "<p>a</p><ac:image ac:alt=\"\(name)\"><ri:attachment ri:filename=\"t.png\"/></ac:image>"
      #expect(try text(image) == "a", "\(name)")
    }
    let named = "<p>a</p><ac:image ac:alt=\"Plan of 2026\"><ri:attachment ri:filename=\"Plan of 2026\"/></ac:image>"
    #expect(try text(named) == "a")
  }

  @Test func `dates, signs and marked words are text`() throws {
    let storage = """
      <p>Due <time datetime="2026-03-31"/>: <ac:emoticon ac:name="tick" ac:emoji-fallback=":check_mark:"/>
      <ac:emoticon ac:name="blue-star" ac:emoji-shortname=":party:" ac:emoji-fallback="🎉"/>
      <ac:emoticon ac:name="blue-star" ac:emoji-shortname=":our_logo:" ac:emoji-fallback=":our_logo:"/>
      <ac:emoticon ac:name="blue-star"/>
      <ac:emoticon ac:emoji-shortname=":custom_thing:" ac:emoji-fallback=":custom_thing:"/>
      un<ac:inline-comment-marker ac:ref="b7d1">break</ac:inline-comment-marker>able
      <ac:placeholder>Type here</ac:placeholder></p>
      """
    #expect(try text(storage) == "Due 2026-03-31: ✓ 🎉 our logo ★ custom thing unbreakable")
  }

  // MARK: - Tasks, layouts, tables, the new editor

  @Test func `tasks show whether they are done and nest`() throws {
    let storage = """
      <ac:task-list><ac:task><ac:task-id>4</ac:task-id><ac:task-uuid>6f</ac:task-uuid>\
      <ac:task-status>incomplete</ac:task-status><ac:task-body><span>Order disks</span>\
      <ac:task-list><ac:task><ac:task-id>5</ac:task-id><ac:task-status>complete</ac:task-status>\
      <ac:task-body>Ask</ac:task-body></ac:task></ac:task-list></ac:task-body></ac:task></ac:task-list>
      """
    #expect(try text(storage) == "- [ ] Order disks\n- [x] Ask")
  }

  @Test func `cells of a layout follow each other`() throws {
    let storage = """
      <ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell>A</ac:layout-cell>\
      <ac:layout-cell><p>B</p></ac:layout-cell></ac:layout-section></ac:layout>
      """
    #expect(try text(storage) == "A\n\nB")
  }

  @Test func `numbers of rows are left out, macros in cells are not`() throws {
    let storage = """
      <table><colgroup><col/></colgroup><tbody><tr><th class="numberingColumn"/><th>Name</th><th>State</th></tr>\
      <tr><td class="numberingColumn">1</td><td>db</td><td>\(macro("status", ["title": "UP"]))</td></tr></tbody></table>
      """
    #expect(try text(storage) == "Name: db; State: [UP]")
  }

  @Test func `the new editor's nodes are read once`() throws {
    let storage = """
      <ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>\
      <ac:adf-content><p>Only on Mondays.</p></ac:adf-content></ac:adf-node>\
      <ac:adf-fallback><div class="panel"><p>Only on Mondays.</p></div></ac:adf-fallback></ac:adf-extension>
      """
    #expect(try text(storage) == "Note:\n\nOnly on Mondays.")
    let fallback = "<ac:adf-extension><ac:adf-fallback><p>Else</p></ac:adf-fallback></ac:adf-extension>"
    #expect(try text(fallback) == "Else")
  }

  // MARK: - Other pages

  @Test func `an included page is read once, in its own space`() throws {
    let include = """
      <ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link>\
      <ri:page ri:content-title="Shared" ri:space-key="LIB"/></ac:link></ac:parameter></ac:structured-macro>
      """
    #expect(try text(include) == "Shared")
    var envelope = StorageEnvelope(body: include + "<p>after</p>")
    let shared = StorageEnvelope.Page(space: "LIB", title: "Shared", url: "https://acme.example/wiki/s")
    // Not well-formed, and it includes itself: neither may hurt the page around it.
    envelope.included = [shared: "<p>Common <b>words</p></acervo:included>" + include]
    #expect(try clean(envelope).text == "Common words\n\nShared\n\nafter")
  }

  @Test func `of an excerpt's page only the excerpt is taken`() throws {
    func excerpt(_ name: String?, _ words: String) -> String {
      macro("excerpt", name.map { ["name": $0] } ?? [:], rich("<p>\(words)</p>"))
    }
    func shown(_ name: String?, of body: String) throws -> String {
      var parameters = ["": "<ac:link><ri:page ri:content-title=\"Shared\" ri:space-key=\"LIB\"/></ac:link>"]
      parameters["name"] = name
      var envelope = StorageEnvelope(body: "<p>before</p>" + macro("excerpt-include", parameters))
      envelope.included = [.init(space: "LIB", title: "Shared", url: "https://acme.example/wiki/s"): body]
      return try clean(envelope).text
    }
    let page =
      "<p>Secret plans.</p>" + macro("info", [:], rich(excerpt("hours", "Open at nine."))) + excerpt(nil, "Us.")
    #expect(try shown("hours", of: page) == "before\n\nOpen at nine.")
    #expect(try shown(nil, of: page) == "before\n\nUs.")
    #expect(try shown(nil, of: excerpt("hours", "Open at nine.") + "<p>More.</p>") == "before\n\nOpen at nine.")
    #expect(try shown("other", of: page) == "before\n\nShared")
    #expect(try shown(nil, of: "<p>Secret plans.</p>") == "before\n\nShared")
  }

  @Test func `an address that several pages have is shown by the first of their titles`() throws {
    let url = "https://acme.example/wiki/s"
    var envelope = StorageEnvelope(body: "<p><a href=\"\(url)\">\(url)</a></p>")
    envelope.pages = Set((10..<40).map { StorageEnvelope.Page(space: "LIB", title: "Title \($0)", url: url) })
    #expect(try clean(envelope).text == "Title 10")
  }

  @Test func `a page that is included without end stops at the limit of a page`() throws {
    let include = macro("include", ["": "<ac:link><ri:page ri:content-title=\"Shared\"/></ac:link>"])
    var envelope = StorageEnvelope(body: String(repeating: include, count: 6))
    let words = String(repeating: "words ", count: 400)
    envelope.included = [.init(space: "", title: "Shared", url: "https://acme.example/wiki/s"): "<p>\(words)</p>"]
    var limits = MarkupDocument.Limits()
    limits.bytes = 6000
    let page = try StorageRewriter.rewritten(envelope.encoded, limits: limits).page
    let text = page.text(of: 0)
    #expect(text.split(separator: " ").count { $0.hasSuffix("words") } == 3 * 400)
    #expect(text.hasSuffix("SharedSharedShared"))
  }

  @Test func `comments follow under one heading, with who wrote them and what they are about`() throws {
    var envelope = StorageEnvelope(body: "<h1>Part</h1><p>Body</p>")
    envelope.people = ["7": "Bruno"]
    let broken = "<p>Which <b>button</p></acervo:comment>" + macro("toc", [:])
    envelope.comments = [
      .init(author: "Ana García", day: "2026-02-03", body: broken),
      .init(
        author: "Élise \"E\" & co", isAnswer: true,
        body: "<p>The <ac:link><ri:user ri:account-id=\"7\"/></ac:link> one.</p>"),
      .init(author: "", day: "2026-02-05", selection: "before\nnoon <b>", body: "<p>Is this so?</p>"),
      .init(author: "", body: ""),
    ]
    let page = try clean(envelope)
    #expect(
      page.text == """
        Part

        Body

        Comments

        Ana García, 2026-02-03:

        Which button

        [toc]

        Answer, Élise "E" & co:

        The @Bruno one.

        2026-02-05, on “before noon <b>”:

        Is this so?

        Comment:
        """)
    #expect(page.title.isEmpty)
    envelope.language = "es"
    #expect(try clean(envelope).text.contains("Comentarios\n\nAna García, 2026-02-03:"))
    #expect(try clean(envelope).text.contains("2026-02-05, sobre «before noon <b>»:"))
  }

  // MARK: - Bad input

  @Test(arguments: [
    ("<p>a & b &nbsp;c &unknown; 1 < 2</p>", "a & b c &unknown; 1 < 2"),
    ("<p>bell\u{7} &#1; &#xE9;</p>", "bell é"),
    ("<p>one<br>two</p><p>three</p>", "one\ntwo\n\nthree"),
    ("<p>open <ac:link><ri:page ri:content-title='T'/></p><p>next</p>", "open T\n\nnext"),
    ("plain words", "plain words"),
    ("<?xml version='1.0'?><p>a</p>", "a"),
  ])
  func `pages that are not well-formed lose no words`(storage: String, expected: String) throws {
    #expect(try text(storage) == expected)
  }

  @Test func `a hundred thousand open macros end`() throws {
    let open = "<ac:structured-macro ac:name=\"info\"><ac:rich-text-body>"
    let page = try clean(String(repeating: open, count: 100_000) + "<p>deep</p>")
    #expect(page.text.hasSuffix("deep"))
  }
}
