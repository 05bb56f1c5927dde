/// What a source knows of a page beside its bytes: can change while the bytes stay.
public struct DocumentFacts: Sendable, Hashable {
  /// A title the source knows better than the page, if any.
  public var title: String?
  /// A language the source knows (BCP 47), if any.
  public var language: String?
  /// Who may read the page; closed unless the source says otherwise.
  public var access: AccessRule
  /// What each set of `access` stands for, in their order, for people who ask why; or none.
  ///
  /// “space SUP”, “page 12 “Salaries””, “this page”. No part of the rule: it decides nothing.
  public var accessOrigins: [String]
  /// When the source says that the page changed, in seconds since 1970; nil when it does not say.
  public var modified: Int64?
  /// The titles above the page, from the top (a site's breadcrumbs, a space and its ancestors).
  public var breadcrumbs: [String]
  /// Filterable fields by name: `space`, `label`, `author` and whatever the pipeline declares.
  public var fields: [String: [FieldValue]]

  /// Makes facts; by default nothing is known, and nobody may read the page.
  public init(
    title: String? = nil, language: String? = nil, access: AccessRule = .closed, accessOrigins: [String] = [],
    modified: Int64? = nil, breadcrumbs: [String] = [], fields: [String: [FieldValue]] = [:]
  ) {
    self.title = title
    self.language = language
    self.access = access
    self.accessOrigins = accessOrigins
    self.modified = modified
    self.breadcrumbs = breadcrumbs
    self.fields = fields
  }
}
