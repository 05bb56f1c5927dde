/// One storage-format construct as pages on a real site hold it, and what a reader of the page sees of it.
///
/// The rows follow the macros, links, images and lists of the storage format; the words are ours.
public struct LabMacro: Sendable {
  /// What the construct is called: the macro's name or a word of ours.
  public let name: String
  /// The markup.
  public let storage: String
  /// Words that a reader sees, each in one piece.
  public let shows: [String]
  /// Words that no reader sees: parameters, ids, fallbacks.
  public let hides: [String]

  init(_ name: String, _ storage: String, shows: [String], hides: [String] = []) {
    self.name = name
    self.storage = storage
    self.shows = shows
    self.hides = hides
  }

  /// A macro with parameters and a body of markup.
  static func rich(
    _ name: String, _ parameters: [(String, String)] = [], _ body: String, shows: [String], hides: [String] = []
  ) -> LabMacro {
    LabMacro(
      name, open(name, parameters) + "<ac:rich-text-body>\(body)</ac:rich-text-body></ac:structured-macro>",
      shows: shows, hides: hides)
  }

  /// A macro with parameters and a body of plain text.
  static func plain(
    _ name: String, _ parameters: [(String, String)] = [], _ body: String, shows: [String], hides: [String] = []
  ) -> LabMacro {
    LabMacro(
      name,
      open(name, parameters) + "<ac:plain-text-body><![CDATA[\(body)]]></ac:plain-text-body></ac:structured-macro>",
      shows: shows, hides: hides)
  }

  /// A macro with parameters alone.
  static func bare(
    _ name: String, _ parameters: [(String, String)] = [], shows: [String] = [], hides: [String] = []
  ) -> LabMacro {
    LabMacro(name, open(name, parameters) + "</ac:structured-macro>", shows: shows, hides: hides)
  }

  private static func open(_ name: String, _ parameters: [(String, String)]) -> String {
    let head =
      #"<ac:structured-macro ac:name="\#(name)" ac:schema-version="1" "#
      + #"ac:macro-id="5f1c0e1a-7d0c-4b57-9a51-c0ffee5e1f00" ac:local-id="0badcafe-0001">"#
    return parameters.reduce(head) { text, parameter in
      text + #"<ac:parameter ac:name="\#(parameter.0)">\#(parameter.1)</ac:parameter>"#
    }
  }

  /// All rows.
  public static let all: [LabMacro] = blocks + inline + gone + markup

  private static let blocks: [LabMacro] = [
    plain(
      "code", [("language", "swift"), ("title", "Restart.swift"), ("linenumbers", "true"), ("theme", "Midnight")],
      "let ready = pumps < 4 && valve > 0\nprint(\"restarted\")",
      shows: ["Restart.swift", "let ready = pumps < 4 && valve > 0", "print(\"restarted\")"], hides: ["Midnight"]),
    plain(
      "paste-code-macro", [("language", "bash")], "sudo systemctl restart pumps", shows: ["systemctl restart pumps"]),
    plain("noformat", [("nopanel", "true")], "raw   log  line 17", shows: ["raw   log  line 17"], hides: ["nopanel"]),
    LabMacro(
      "code with ]]>",
      #"<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a[b[0]]]]><![CDATA[>c]]></ac:plain-text-body>"#
        + "</ac:structured-macro>",
      shows: ["a[b[0]]>c"]),
    rich(
      "info", [("title", "Opening hours")], "<p>The desk opens at nine.</p>", shows: ["Opening hours", "opens at nine"]),
    rich(
      "note", [("icon", "false")], "<p>Keys are at the porter.</p>", shows: ["Keys are at the porter"], hides: ["false"]
    ),
    rich("warning", [], "<p>Never open both valves.</p>", shows: ["Never open both valves"]),
    rich("tip", [("title", "Shortcut")], "<p>Press the blue lever.</p>", shows: ["Shortcut", "blue lever"]),
    rich(
      "panel",
      [
        ("title", "Contacts"), ("bgColor", "#DEEBFF"), ("panelIcon", ":telephone_receiver:"),
        ("panelIconId", "1f4de"), ("panelIconText", "📞"),
      ],
      "<p>Ring extension 4711.</p>", shows: ["Contacts", "extension 4711"], hides: ["#DEEBFF", "1f4de"]),
    rich(
      "auimessage", [("title", "Maintenance"), ("type", "hint")], "<p>Tonight at ten.</p>",
      shows: ["Maintenance", "Tonight at ten"], hides: ["hint"]),
    rich("alert", [("title", "Moved"), ("type", "Warning")], "<p>See the new hall.</p>", shows: ["See the new hall"]),
    rich(
      "expand", [("title", "More about seals")], "<p>Seals last a year.</p>",
      shows: ["More about seals", "Seals last a year"]),
    rich(
      "ui-expand", [("title", "Older seals"), ("expanded", "true")], "<p>Rubber ones crack.</p>",
      shows: ["Older seals", "Rubber ones crack"]),
    rich(
      "excerpt", [("hidden", "true"), ("name", "summary"), ("atlassian-macro-output-type", "BLOCK")],
      "<p>Pumps in one sentence.</p>", shows: ["Pumps in one sentence"], hides: ["BLOCK"]),
    rich(
      "details", [("id", "facts"), ("hidden", "false")],
      "<table><tbody><tr><th>Owner</th><td>Plant office</td></tr><tr><th>Pressure</th><td>7 bar</td></tr></tbody></table>",
      shows: ["Owner", "Plant office", "Pressure", "7 bar"]),
    rich(
      "toc-zone", [("maxLevel", "3"), ("location", "top")], "<h3>Zone heading</h3><p>Zone text.</p>",
      shows: ["Zone heading", "Zone text"]),
    rich(
      "section", [("border", "true")],
      #"<ac:structured-macro ac:name="column"><ac:parameter ac:name="width">37%</ac:parameter><ac:rich-text-body><p>Left column words.</p></ac:rich-text-body></ac:structured-macro>"#,
      shows: ["Left column words"], hides: ["37%"]),
    rich(
      "div", [("class", "boxed-x9")], "<p>Words in a division.</p>", shows: ["Words in a division"], hides: ["boxed-x9"]
    ),
    rich("center", [], "<p>Words in the middle.</p>", shows: ["Words in the middle"]),
    rich(
      "ui-tabs", [],
      #"<ac:structured-macro ac:name="ui-tab"><ac:parameter ac:name="title">Tab for night</ac:parameter><ac:rich-text-body><p>Night shift notes.</p></ac:rich-text-body></ac:structured-macro>"#,
      shows: ["Tab for night", "Night shift notes"]),
    rich(
      "ui-steps", [],
      #"<ac:structured-macro ac:name="ui-step"><ac:rich-text-body><p>First turn the key.</p></ac:rich-text-body></ac:structured-macro>"#,
      shows: ["First turn the key"]),
    rich("cloak", [("id", "hide-77")], "<p>Uncloaked words.</p>", shows: ["Uncloaked words"], hides: ["hide-77"]),
    rich("sv-translation", [("language", "es")], "<p>La bomba arranca sola.</p>", shows: ["La bomba arranca sola"]),
    rich("scroll-ignore", [("scroll-pdf", "true")], "<p>Only on the screen.</p>", shows: ["Only on the screen"]),
    rich(
      "table-filter", [("column", "Site"), ("hash", "a81f44")],
      "<table><tbody><tr><th>Site</th></tr><tr><td>North hall</td></tr></tbody></table>", shows: ["North hall"],
      hides: ["a81f44"]),
    rich(
      "chart", [("type", "pie"), ("width", "512")],
      "<table><tbody><tr><th>Day</th><th>Starts</th></tr><tr><td>Monday</td><td>23</td></tr></tbody></table>",
      shows: ["Monday", "23"], hides: ["512"]),
    plain("markdown", [], "## Markdown heading\n\n* a starred item", shows: ["Markdown heading", "a starred item"]),
    plain("mathblock", [("alignment", "left-aligned")], "E = m c^2", shows: ["E = m c^2"], hides: ["left-aligned"]),
    plain("plantuml", [], "Alice -> Bob: hello pump", shows: ["Alice -> Bob: hello pump"]),
    plain("mermaid-cloud", [("toolbar", "bottom")], "graph TD; Tank-->Pump;", shows: ["Tank-->Pump"]),
    rich(
      "vendor-unheard-of", [("mode", "xyzzy-3")], "<p>Body of a macro that nobody knows.</p>",
      shows: ["Body of a macro that nobody knows"], hides: ["xyzzy-3"]),
  ]

  private static let inline: [LabMacro] = [
    LabMacro(
      "status",
      "<p>State: " + bare("status", [("title", "IN SERVICE"), ("colour", "Green"), ("subtle", "true")]).storage
        + " since May.</p>", shows: ["IN SERVICE", "since May"], hides: ["Green"]),
    LabMacro(
      "jira",
      "<p>See " + bare("jira", [("server", "System JIRA"), ("serverId", "7b2fe"), ("key", "PUMP-12")]).storage
        + ".</p>", shows: ["PUMP-12"], hides: ["System JIRA", "7b2fe"]),
    LabMacro(
      "mathinline", "<p>So " + bare("mathinline", [("body", "x^2 + y^2")]).storage + " holds.</p>", shows: ["holds"]),
    LabMacro(
      "anchor", "<p>" + bare("anchor", [("", "place-q7")]).storage + "Text at the anchor.</p>",
      shows: ["Text at the anchor"], hides: ["place-q7"]),
    bare(
      "view-file",
      [("name", #"<ri:attachment ri:filename="plan 2026.pdf" ri:version-at-save="1"/>"#), ("height", "250")],
      shows: ["plan 2026.pdf"], hides: ["250"]),
    bare(
      "widget", [("url", #"<ri:url ri:value="https://video.example/watch/pump"/>"#), ("width", "640px")], shows: [],
      hides: ["640px"]),
    LabMacro(
      "profile",
      "<p>Ask " + bare("profile", [("user", #"<ri:user ri:account-id="557058:lab-user-0003"/>"#)]).storage
        + " first.</p>", shows: ["first"], hides: ["557058:lab-user-0003"]),
    bare(
      "drawio",
      [("diagramName", "Pump hall"), ("diagramDisplayName", "Pump hall"), ("revision", "9"), ("contentVer", "41")],
      shows: [], hides: ["41"]),
    bare("include", [("", #"<ac:link><ri:page ri:content-title="Welcome" ri:version-at-save="1"/></ac:link>"#)]),
    bare(
      "excerpt-include", [("", #"<ac:link><ri:page ri:content-title="Welcome"/></ac:link>"#), ("nopanel", "true")],
      hides: ["true"]),
  ]

  /// What is made up when a page is looked at: a mark may stand for it, a parameter never.
  private static let gone: [LabMacro] = [
    bare(
      "toc", [("minLevel", "2"), ("maxLevel", "6"), ("exclude", "zz-none"), ("style", "disc")],
      hides: ["zz-none", "disc"]),
    bare("children", [("sort", "creation"), ("all", "true"), ("depth", "88")], hides: ["creation", "88"]),
    bare("pagetree", [("root", "@none-root")], hides: ["@none-root"]),
    bare("livesearch", [("placeholder", "zz find here")], hides: []),
    bare("recently-updated", [("types", "page, whiteboard"), ("max", "77")], hides: ["77"]),
    bare(
      "contentbylabel", [("cql", "label = \"zz-kb\" and space = currentSpace()"), ("showLabels", "false")],
      hides: ["zz-kb", "currentSpace"]),
    bare("detailssummary", [("cql", "label = \"zz-sum\""), ("headings", "Owner")], hides: ["zz-sum"]),
    bare("blog-posts", [("max", "66")], hides: ["66"]),
    bare("tasks-report-macro", [("spaceAndPage", "space:zz-ops")], hides: ["zz-ops"]),
    bare("gallery", [("columns", "99")], hides: ["99"]),
    bare("attachments", [("patterns", ".*zz")], hides: [".*zz"]),
  ]

  private static let markup: [LabMacro] = [
    LabMacro(
      "link to a page",
      #"<p>Read <ac:link ac:anchor="Rollback"><ri:page ri:content-title="Welcome" ri:version-at-save="3"/>"#
        + "<ac:plain-text-link-body><![CDATA[how to roll back <fast>]]></ac:plain-text-link-body></ac:link> first.</p>",
      shows: ["how to roll back <fast>"]),
    LabMacro(
      "link without text", #"<p>See <ac:link><ri:page ri:content-title="Welcome"/></ac:link>.</p>"#, shows: ["Welcome"]),
    LabMacro(
      "mention", #"<p>Owner: <ac:link><ri:user ri:account-id="557058:lab-user-0002"/></ac:link></p>"#,
      shows: ["Owner:"], hides: ["557058:lab-user-0002"]),
    LabMacro(
      "link to a file",
      #"<p><ac:link><ri:attachment ri:filename="plan 2026.pdf"><ri:page ri:content-title="Plans"/></ri:attachment>"#
        + "<ac:link-body>the <em>plan</em></ac:link-body></ac:link></p>",
      shows: ["the plan"]),
    LabMacro(
      "image",
      #"<ac:image ac:width="760" ac:alt="Traffic by hour" ac:custom-width="true"><ri:attachment ri:filename="traffic-7.png" "#
        + #"ri:version-at-save="1"/><ac:caption><p>Figure 2: traffic</p></ac:caption><ac:adf-mark key="border" "#
        + ##"border-size="1" border-color="#091e4224"/></ac:image>"##,
      shows: ["Traffic by hour", "Figure 2: traffic"], hides: ["760", "091e4224"]),
    LabMacro(
      "emoji",
      #"<p><ac:emoticon ac:name="tick" ac:emoji-shortname=":check_mark:" ac:emoji-id="atlassian-check_mark" "#
        + #"ac:emoji-fallback=":check_mark:"/> done <ac:emoticon ac:name="blue-star" ac:emoji-shortname=":rocket:" "#
        + #"ac:emoji-id="1f680" ac:emoji-fallback="🚀"/></p>"#,
      shows: ["✓", "done", "🚀"], hides: ["atlassian-check_mark", "1f680"]),
    LabMacro("date", #"<p>Due <time datetime="2026-03-31"/>.</p>"#, shows: ["2026-03-31"]),
    LabMacro(
      "marked word",
      #"<p>A half-<ac:inline-comment-marker ac:ref="b7d1-aa">marked</ac:inline-comment-marker>word.</p>"#,
      shows: ["half-markedword"], hides: ["b7d1-aa"]),
    LabMacro(
      "placeholder", #"<p><ac:placeholder ac:type="mention">zz type a name</ac:placeholder>Filled in.</p>"#,
      shows: ["Filled in"], hides: ["zz type a name"]),
    LabMacro(
      "tasks",
      "<ac:task-list><ac:task><ac:task-id>4</ac:task-id><ac:task-uuid>6f0d-77</ac:task-uuid><ac:task-status>incomplete"
        + #"</ac:task-status><ac:task-body><span class="placeholder-inline-tasks">Order disks <time datetime="2026-04-01"/>"#
        + "</span></ac:task-body></ac:task><ac:task><ac:task-id>5</ac:task-id><ac:task-status>complete</ac:task-status>"
        + "<ac:task-body>Sweep the hall</ac:task-body></ac:task></ac:task-list>",
      shows: ["Order disks", "2026-04-01", "Sweep the hall"], hides: ["6f0d-77", "incomplete"]),
    LabMacro(
      "layout",
      #"<ac:layout><ac:layout-section ac:type="two_left_sidebar" ac:breakout-mode="default"><ac:layout-cell><p>Cell on the "#
        + "left.</p></ac:layout-cell><ac:layout-cell><p>Cell on the right.</p></ac:layout-cell></ac:layout-section></ac:layout>",
      shows: ["Cell on the left", "Cell on the right"], hides: ["two_left_sidebar"]),
    LabMacro(
      "table",
      #"<table data-layout="default" data-table-width="760" ac:local-id="9a1b"><colgroup><col style="width: 340.0px;"/>"#
        + #"</colgroup><tbody><tr><th class="numberingColumn"/><th rowspan="2"><p>Valve</p></th><th colspan="2"><p>Setting</p></th>"#
        + ##"</tr><tr><td class="numberingColumn">1</td><td><p>Open</p></td><td data-highlight-colour="#e3fcef"><p>Shut</p></td>"##
        + "</tr><tr><td class=\"numberingColumn\">2</td><td><p>V-17</p></td><td><p>30°</p></td><td><p>90°</p></td></tr></tbody></table>",
      shows: ["Valve", "Setting", "Open", "Shut", "V-17", "30°"], hides: ["340.0px", "e3fcef", "9a1b"]),
    LabMacro(
      "note panel of the editor",
      #"<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content>"#
        + #"<p>Only on Mondays.</p></ac:adf-content></ac:adf-node><ac:adf-fallback><div class="panel conf-macro output-block">"#
        + "<p>Only on Mondays.</p></div></ac:adf-fallback></ac:adf-extension>",
      shows: ["Only on Mondays"]),
    LabMacro(
      "decisions",
      #"<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-node type="decision-item"><ac:adf-attribute key="state">"#
        + "DECIDED</ac:adf-attribute><ac:adf-content>We keep two pumps.</ac:adf-content></ac:adf-node></ac:adf-node>"
        + "<ac:adf-fallback><ul class=\"decision-list\"><li>We keep two pumps.</li></ul></ac:adf-fallback></ac:adf-extension>",
      shows: ["We keep two pumps"], hides: ["DECIDED"]),
    LabMacro(
      "entities", "<p>Caf&eacute;&nbsp;&mdash; 5&thinsp;&euro; &amp; &lt;b&gt;</p>", shows: ["Café", "—", "€ & <b>"]),
    LabMacro(
      "smart link",
      #"<p><a href="https://tracker.example/browse/PUMP-9" data-card-appearance="inline">https://tracker.example/browse/PUMP-9</a></p>"#,
      shows: []),
    LabMacro(
      "lists",
      "<ol start=\"3\"><li><p>Third step</p><ul><li><p>with a branch</p></li></ul></li><li><p>Fourth step</p></li></ol>",
      shows: ["Third step", "with a branch", "Fourth step"]),
    LabMacro(
      "quote", "<blockquote><p>Pumps never sleep.</p></blockquote><hr/><pre>as  it\n  was</pre>",
      shows: ["Pumps never sleep", "as  it"]),
    LabMacro(
      "old macro",
      #"<ac:macro ac:name="info"><ac:default-parameter>zz-old</ac:default-parameter><ac:rich-text-body><p>From an old page.</p></ac:rich-text-body></ac:macro>"#,
      shows: ["From an old page"], hides: ["zz-old"]),
    LabMacro("right to left", #"<p dir="rtl">مضخة المياه جاهزة</p>"#, shows: ["مضخة المياه جاهزة"]),
  ]
}
