internal import Settings

extension ConfluenceSettings {
  private typealias Field = SettingsField<ConfluenceSettings>

  static let definition = SettingsObject(
    initial: ConfluenceSettings(url: ""),
    fields: [
      Field(
        "url", \.url, .webAddress, isRequired: true,
        "The site's address, such as https://acme.atlassian.net or that of a Data Center with its path."),
      Field(
        "deployment", \.deployment, .choice(), shapesResult: false,
        "What kind of site it is; “auto” finds it out."),
      Field(
        "user", \.user, .string(), shapesResult: false,
        "Whose token it is (an e-mail address in the cloud); without it the token is sent as a bearer's."),
      Field("token", \.token, .secret, "An API, OAuth or personal access token, as ${NAME}."),
      Field(
        "spaces", \.spaces, .list(of: .string(needs: "a space's key"), count: 0...10_000),
        "Keys of the spaces; without it, all current ones that the account sees."),
      Field(
        group: "include",
        [
          Field(
            "labels", \.labels, .list(of: .string(needs: "a label"), count: 0...1000),
            "Only pages with one of these labels."),
          Field("archived", \.archived, .boolean, "Whether archived pages are read."),
          Field("comments", \.comments, .boolean, "Whether comments are read with their pages."),
          Field(
            "attachments", \.attachments, .choice(), "Whether attachments that have a text are read."),
          Field("blogposts", \.blogposts, .boolean, "Whether blog posts are read."),
        ], "What of a space is read."),
      Field(
        "access", \.access, .choice(),
        "“restrictions” lets those read a page who may read it in Confluence, “public” everybody."),
      Field(
        "recheck", \.recheck, .duration(in: 0...604_800), shapesResult: false,
        "How long readers and labels of pages that did not change are taken as they were; 0s reads them in every run."),
      Field(
        group: "limits",
        [
          Field("time", \.maximumTime, .duration(in: 1...2_592_000), shapesResult: false, "At most so long in all."),
          Field(
            "wait", \.maximumWait, .duration(in: 0...86_400), shapesResult: false,
            "A site that asks to wait longer is left for the next run."),
        ], "Where reading ends at the latest."),
      Field(
        group: "polite",
        [
          Field(
            "concurrency", \.concurrency, .integer(in: 1...16), shapesResult: false,
            "At most so many requests to the site at a time.")
        ], "How the site is treated."),
    ]
  ) { settings, node, reader in
    if settings.token == nil, settings.access == .restrictions {
      reader.report(
        atKey: "access", of: node,
        "“access: restrictions” needs a “token”: without an account nobody's rights can be asked",
        mend: "add token: \"${CONFLUENCE_API_TOKEN}\", or write access: public")
    }
    if settings.token == nil, settings.user != nil {
      reader.report(
        atKey: "user", of: node, "“user” stands without a “token”",
        mend: "add token: \"${CONFLUENCE_API_TOKEN}\", or leave “user” out")
    }
    if Set(settings.spaces).count != settings.spaces.count {
      reader.report(atKey: "spaces", of: node, "“spaces” names a space twice", mend: "name each once")
    }
  }
}
