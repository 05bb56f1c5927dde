import Connectors
import Corpus

/// The model as a source would tell it: each page with its rule, each group that could be read with its members.
struct WikiSource: Source {
  let id = "wiki"
  var wiki: WikiModel

  /// A word that no other page has: in its address, its title and its text.
  static func marker(_ page: WikiModel.Page) -> String { "mark\(1000 + page.id)x" }

  static func url(_ page: WikiModel.Page) -> String {
    "https://wiki.example/\(marker(page))?pageId=\(page.id)"
  }

  static func principals(_ person: WikiModel.Person) -> Set<Principal> {
    switch person {
    case .user(let number): Set(["user:\(number)"].compactMap(Principal.init))
    case .member(let group): Set(["group:\(group)"].compactMap(Principal.init))
    case .stranger: []
    }
  }

  private static func set(_ restriction: WikiModel.Restriction) -> Set<Principal> {
    Set((restriction.users.map { "user:\($0)" } + restriction.groups.map { "group:\($0)" }).compactMap(Principal.init))
  }

  private func facts(_ page: WikiModel.Page) -> DocumentFacts {
    var sets: [Set<Principal>] = []
    var origins: [String] = []
    var isKnown = true
    if let viewers = wiki.spaces[page.space].viewers {
      sets.append(Self.set(viewers))
      origins.append("space \(wiki.spaces[page.space].key)")
    }
    var place: WikiModel.Page? = page
    while let current = place {
      if current.isUnreadable { isKnown = false }
      if let restriction = current.restriction {
        sets.append(Self.set(restriction))
        origins.append(current.id == page.id ? "this page" : "page \(current.id)")
      }
      place = current.parent.map { wiki.pages[$0] }
    }
    let access: AccessRule = isKnown ? sets.isEmpty ? .open : .allOf(sets) : .closed
    return DocumentFacts(
      title: "About \(Self.marker(page))", language: page.language, access: access,
      accessOrigins: isKnown ? origins : [], fields: ["space": [.keyword(wiki.spaces[page.space].key)]])
  }

  private func body(_ page: WikiModel.Page) -> String {
    let marker = Self.marker(page)
    return page.language == "en"
      ? "<main><p>The lever of \(marker) opens the gate number \(page.id) with \(marker)code, as everybody knows.</p></main>"
      : "<main><p>La palanca de \(marker) abre la puerta número \(page.id) con \(marker)code, como todos saben.</p></main>"
  }

  func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    for (name, members) in wiki.groups {
      guard let group = Principal("group:\(name)") else { continue }
      let names = members.users.map { "user:\($0)" } + members.groups.map { "group:\($0)" }
      try await emit(.group(group, members: Set(names.compactMap(Principal.init))))
    }
    let known = Set(try memory.pages())
    for page in wiki.pages {
      let url = Self.url(page)
      let document = Document(
        source: id, url: url, mediaType: .html, body: Array(body(page).utf8), facts: facts(page))
      try await emit(known.contains(url) ? .unchanged(url: url, facts(page)) : .document(document, nil))
    }
    return SourceListing()
  }
}
