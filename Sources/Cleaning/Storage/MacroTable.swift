/// How a macro of Confluence's is read: by its name, which decides what it means.
enum MacroTreatment: Equatable {
  /// Code or other text that stands as it was typed.
  case verbatim
  /// A box with a kind, a title and a body.
  case panel(PanelKind?)
  /// A body under a title: folded parts, tabs, steps.
  case titled
  /// Its body stands for itself.
  case body
  /// A word in a coloured box: its title.
  case status
  /// A place that links lead to.
  case anchor
  /// Another page's body, or its title where that is not at hand.
  case include
  /// A file that the page shows.
  case file
  /// Something shown from another address.
  case address
  /// A person.
  case person
  /// An issue of Jira's, or a list of them.
  case issue
  /// A formula or a diagram in words: the source.
  case source
  /// A drawing known by its name.
  case drawing
  /// Made when the page is shown, from other pages: only a short mark stays.
  case dynamic
  /// Nothing for readers of text.
  case ignored

  /// The kind of a panel, as the editor shows it.
  enum PanelKind: String {
    case info, note, warning, error, success, tip
  }

  /// The treatment of a macro; nil for one that is not known.
  ///
  /// The names of storage format and those that people see differ: what is stored as `note` is shown as a warning,
  /// `warning` as an error and `tip` as a success.
  static func of(_ name: String) -> MacroTreatment? {
    if let known = table[name] { return known }
    if name.hasPrefix("mermaid") { return .source }
    if name.hasPrefix("scroll-") { return .body }
    return nil
  }

  private static let table: [String: MacroTreatment] = {
    var table: [String: MacroTreatment] = [
      "info": .panel(.info), "note": .panel(.warning), "warning": .panel(.error), "tip": .panel(.success),
      "panel": .panel(nil), "auimessage": .panel(.info), "alert": .panel(.warning), "status": .status,
      "anchor": .anchor, "profile": .person, "userlister": .dynamic, "jira": .issue, "jiraissues": .issue,
      "drawio": .drawing, "inc-drawio": .drawing, "gliffy": .drawing, "html": .ignored, "style": .ignored,
    ]
    for (treatment, names) in [
      (.verbatim, ["code", "paste-code-macro", "noformat", "code-block"]),
      (.titled, ["expand", "ui-expand", "ui-tab", "ui-step", "cloak", "tab", "localtab"]),
      (
        .body,
        [
          "section", "column", "div", "span", "center", "ui-tabs", "ui-steps", "toc-zone", "excerpt", "details",
          "sv-translation", "table-filter", "pivot-table", "table-chart", "chart", "table-plus", "tabs-group",
          "tabs-page", "localtabgroup", "unmigrated-wiki-markup", "sv-attachment", "align", "composition-setup",
        ]
      ),
      (.include, ["include", "excerpt-include"]),
      (.file, ["view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia"]),
      (.address, ["widget", "iframe", "html-include", "widget-connector"]),
      (
        .source,
        [
          "markdown", "mathblock", "mathinline", "latex", "plantuml", "plantumlrender", "eazy-math-inline",
          "easy-math-block", "eazy-math-block", "easy-math-inline", "mathjax-block-macro", "mathjax-inline-macro",
        ]
      ),
      (
        .dynamic,
        [
          "toc", "children", "pagetree", "pagetreesearch", "livesearch", "recently-updated", "contentbylabel",
          "blog-posts", "popular-labels", "tasks-report-macro", "roadmap", "detailssummary", "gallery", "attachments",
          "content-report-table", "recently-updated-dashboard", "listlabels", "space-attachments", "change-history",
          "contributors", "contributors-summary", "navmap", "index", "spaces-list", "related-labels", "labels-list",
          "calendar", "create-from-template", "favpages", "jirachart", "rss", "network", "excerpt-list", "toc-page",
        ]
      ),
    ] as [(MacroTreatment, [String])] {
      for name in names { table[name] = treatment }
    }
    return table
  }()
}
