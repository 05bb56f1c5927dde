internal import Markup

/// What a body in storage format refers to by names: people, pages, and pages whose bodies stand in it.
struct StorageReferences: Sendable, Equatable {
  /// Account ids, user keys, user names.
  var people: Set<String> = []
  /// Pages that links name; those without a space are of the page's own.
  var pages: Set<ContentNames.Name> = []
  /// Pages that are included, whole or in an excerpt.
  var included: Set<ContentNames.Name> = []

  /// So many of each are looked for at most: a page of references only is no page.
  private static let maximum = 5_000

  /// Finds the references of a body.
  ///
  /// - Parameters:
  ///   - storage: the body.
  ///   - space: the key of its space.
  init(_ storage: String, space: String) {
    // Most bodies refer to nothing: the parser is for those that do.
    guard storage.utf8.contains(UInt8(ascii: "<")), storage.contains("<ri:") || storage.contains("ri:") else { return }
    let text = #"<root xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">"# + storage + "</root>"
    guard let page = try? MarkupDocument.xml(Array(text.utf8), limits: .init()), page.count > 0 else { return }
    for node in 0..<page.count where !page.isText(node) {
      switch page.name(of: node) {
      case "ri:user":
        guard people.count < Self.maximum else { continue }
        for name in ["ri:account-id", "ri:userkey", "ri:username"] {
          if let person = page.value(named: name, in: node), !person.isEmpty { people.insert(person) }
        }
      case "ri:page", "ri:blog-post":
        guard pages.count < Self.maximum, let title = page.value(named: "ri:content-title", in: node), !title.isEmpty
        else { continue }
        let name = ContentNames.Name(space: page.value(named: "ri:space-key", in: node) ?? space, title: title)
        pages.insert(name)
        if Self.isIncluded(node, page) { included.insert(name) }
      default: break
      }
    }
  }

  /// Whether a reference stands in the parameter of a macro that shows another page.
  private static func isIncluded(_ node: MarkupNode, _ page: MarkupDocument) -> Bool {
    var node = node
    while let parent = page.parent(of: node) {
      let name = page.name(of: parent)
      if name == "ac:structured-macro" || name == "ac:macro" {
        let macro = page.value(named: "ac:name", in: parent) ?? ""
        return ["include", "excerpt-include", "include-page", "excerptinclude"].contains(macro)
      }
      // Deeper than a parameter's link the reference is text of the macro's.
      guard name == "ac:parameter" || name == "ac:link" || name == "ac:default-parameter" else { return false }
      node = parent
    }
    return false
  }
}
