import AcervoTesting
import Corpus

/// Confluence's rule, written down a second time: people, groups, spaces and a tree of pages, asked page by page.
///
/// It knows nothing of rules as sets: who may read a page is answered by walking up from it.
struct WikiModel {
  struct Restriction {
    var users: Set<Int> = []
    var groups: Set<String> = []
  }

  struct Space {
    var key: String
    /// Nil: whoever comes, known or not.
    var viewers: Restriction?
  }

  struct Page {
    var id: Int
    var space: Int
    var parent: Int?
    /// Of this page alone; nil where it has none.
    var restriction: Restriction?
    /// Whether its restrictions could not be read: nobody may see it, nor what stands below.
    var isUnreadable = false
    var language: String
  }

  /// Who asks: a user, or a program that was given a group's name.
  enum Person: Hashable {
    case user(Int)
    case member(String)
    case stranger
  }

  var userCount: Int
  /// Users and groups in each group; one that is missing here could not be read.
  var groups: [String: (users: Set<Int>, groups: Set<String>)]
  var spaces: [Space]
  var pages: [Page]

  private func isIn(_ person: Person, _ group: String, _ passed: Set<String> = []) -> Bool {
    if case .member(let own) = person, own == group { return true }
    guard let members = groups[group], !passed.contains(group) else { return false }
    if case .user(let number) = person, members.users.contains(number) { return true }
    return members.groups.contains { isIn(person, $0, passed.union([group])) }
  }

  private func passes(_ person: Person, _ restriction: Restriction) -> Bool {
    if case .user(let number) = person, restriction.users.contains(number) { return true }
    return restriction.groups.contains { isIn(person, $0) }
  }

  /// Whether somebody may see a page: the space, every page above it, and the page itself.
  func mayRead(_ person: Person, _ page: Page) -> Bool {
    if let viewers = spaces[page.space].viewers, !passes(person, viewers) { return false }
    var place: Page? = page
    while let current = place {
      if current.isUnreadable { return false }
      if let restriction = current.restriction, !passes(person, restriction) { return false }
      place = current.parent.map { pages[$0] }
    }
    return true
  }
}

extension WikiModel {
  /// A wiki of some pages in one to three spaces.
  static func random(_ random: inout SeededGenerator) -> WikiModel {
    let users = Int.random(in: 2...6, using: &random)
    let names = (0..<Int.random(in: 1...5, using: &random)).map { "g\($0)" }
    func some<Element>(_ all: [Element], _ share: Double, _ random: inout SeededGenerator) -> [Element] {
      all.filter { _ in Double.random(in: 0..<1, using: &random) < share }
    }
    func restriction(_ random: inout SeededGenerator) -> Restriction {
      // One that names nobody at all is not a restriction that Confluence keeps.
      while true {
        let found = Restriction(
          users: Set(some(Array(0..<users), 0.25, &random)), groups: Set(some(names + ["ghost"], 0.25, &random)))
        if !found.users.isEmpty || !found.groups.isEmpty { return found }
      }
    }
    var groups: [String: (users: Set<Int>, groups: Set<String>)] = [:]
    for name in names where Int.random(in: 0..<6, using: &random) > 0 {
      groups[name] = (
        Set(some(Array(0..<users), 0.4, &random)),
        Int.random(in: 0..<4, using: &random) == 0 ? Set(some(names, 0.4, &random)) : []
      )
    }
    let spaces = (0..<Int.random(in: 1...3, using: &random)).map { number in
      Space(key: "S\(number)", viewers: Int.random(in: 0..<3, using: &random) == 0 ? nil : restriction(&random))
    }
    var pages: [Page] = []
    for id in 0..<Int.random(in: 5...24, using: &random) {
      let space = Int.random(in: 0..<spaces.count, using: &random)
      let above = pages.filter { $0.space == space }
      pages.append(
        Page(
          id: id, space: space,
          parent: Int.random(in: 0..<4, using: &random) == 0 ? nil : above.randomElement(using: &random)?.id,
          restriction: Int.random(in: 0..<3, using: &random) == 0 ? restriction(&random) : nil,
          isUnreadable: Int.random(in: 0..<15, using: &random) == 0,
          language: Bool.random(using: &random) ? "en" : "es"))
    }
    return WikiModel(userCount: users, groups: groups, spaces: spaces, pages: pages)
  }

  /// Everybody worth asking as.
  var people: [Person] {
    (0..<userCount).map { .user($0) } + groups.keys.sorted().map { .member($0) } + [.stranger]
  }
}
