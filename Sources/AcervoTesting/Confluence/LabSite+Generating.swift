extension LabSite {
  /// What a generated site is like.
  public struct Shape: Sendable {
    /// Pages over all spaces, current and archived; trashed ones and drafts come on top.
    public var pages = 200
    /// Decides everything made up.
    public var seed: UInt64 = 1
    /// Spaces with pages in them; 1 puts all into `ENG`.
    public var spaces = 3
    /// Blog posts over all spaces.
    public var blogPosts = 8
    /// Accounts beside the indexer's.
    public var users = 24
    /// Groups beside those of everybody and of the indexer.
    public var groups = 6
    /// Restricted pages among a hundred.
    public var restricted = 4
    /// Of these, how many in a hundred are hidden from the indexer.
    public var hidden = 10
    /// Archived pages among a hundred.
    public var archived = 2
    /// Pages in the trash, and as many drafts.
    public var trashed = 5
    /// Whether pages with strange titles are there, and a space that is closed to the indexer.
    public var hasOddities = true

    /// The default: 200 pages in 3 spaces.
    public init(pages: Int = 200, seed: UInt64 = 1) {
      self.pages = pages
      self.seed = seed
    }
  }

  /// A generated site: the same shape gives the same site.
  public init(_ shape: Shape) {
    self.init()
    var random = SeededGenerator(seed: shape.seed)
    // 2 January 2025, 03:04:05.678: everything generated is older than any test's first run.
    let start: Int64 = 1_735_787_045_678
    makePeople(shape, &random)
    var keys = ["ENG", "SUP", "~5b10a2844c20165700ede21g", "OPS", "HR", "QA"]
    while keys.count < shape.spaces { keys.append("S\(keys.count)") }
    keys = Array(keys.prefix(max(1, shape.spaces)))
    for (index, key) in keys.enumerated() {
      let name = key == "ENG" ? "Engineering" : key.hasPrefix("~") ? "Ana García" : "Space \(key)"
      let id = addSpace(
        key, name: name, type: key.hasPrefix("~") ? "personal" : index == 1 ? "knowledge_base" : "global",
        readers: Subjects(groups: index == 0 ? [everybody] : [everybody, indexers]), at: start + Int64(index) * 1_000)
      spaces[spaces.count - 1].labels = index == 0 ? ["team", "handbook"] : []
      let home = insert(.page, "Welcome", in: id, below: nil, at: start, &random)
      spaces[spaces.count - 1].home = home
    }
    makePages(shape, from: start, &random)
    makeBlogPosts(shape, from: start, &random)
    makeRestrictions(shape, &random)
    if shape.hasOddities { makeOddities(from: start, &random) }
    generation += 1
  }

  private mutating func makePeople(_ shape: Shape, _ random: inout SeededGenerator) {
    indexer = "557058:lab-indexer"
    everybody = "e0000000-0000-4000-8000-000000000001"
    indexers = "e0000000-0000-4000-8000-000000000002"
    addGroup("confluence-users", id: everybody)
    addGroup("search-indexers", id: indexers, members: [indexer])
    addUser("Search Indexer", accountID: indexer)
    let first = ["Ana", "Bruno", "Chloé", "David", "Élise", "Farid", "Grace", "Hugo", "Inés", "Jonas"]
    let last = ["García", "Novak", "O’Neill", "Suárez", "Weber", "Müller", "Da Silva", "Kim", "Okafor"]
    for number in 1...max(1, shape.users) {
      let name = first[number % first.count] + " " + last[(number / first.count + number) % last.count]
      addUser(name, accountID: "557058:lab-user-" + "\(number)".padded(to: 4))
    }
    let people = users.keys.sorted().filter { $0 != indexer }
    let names = ["ops", "support", "managers", "contractors", "night-shift", "auditors"]
    for number in 0..<shape.groups {
      let name = number < names.count ? names[number] : "team-\(number)"
      let id = "f3c10000-0000-4000-8000-" + "\(number + 1)".padded(to: 12)
      addGroup(name, id: id, members: Set(people.filter { _ in random.next() % 4 == 0 }))
    }
  }

  /// Puts a content in without looking for its space and without the changes' bookkeeping: thousands are made so.
  private mutating func insert(
    _ kind: Kind, _ title: String, in space: Int64, below parent: Int64?, at time: Int64,
    _ random: inout SeededGenerator
  ) -> Int64 {
    let id = takeID()
    let author = authors.isEmpty ? indexer : authors[Int(random.next() % UInt64(authors.count))]
    let versions = kind == .page ? 1 + Int(random.next() % 9) : 1
    let modified = time + Int64(versions - 1) * 86_400_000
    contents[id] = Content(
      id: id, kind: kind, title: title, space: space, parent: parent, position: Int(random.next() % 100_000),
      author: author, createdAt: time,
      version: Version(
        number: versions, createdAt: modified, author: author, message: versions == 3 ? "typos" : "",
        isMinor: versions == 4),
      labels: kind == .page || kind == .blogpost ? Self.labels(&random) : [], isLive: random.next() % 50 == 0,
      seed: random.next())
    order.append(id)
    return id
  }

  private var authors: [String] { Array(users.keys.sorted().prefix(8)) }

  private static func labels(_ random: inout SeededGenerator) -> [String] {
    let all = ["runbook", "kb", "faq", "howto", "draft-idea", "v2.1", "español"]
    return all.filter { _ in random.next() % 6 == 0 }
  }

  private mutating func makePages(_ shape: Shape, from start: Int64, _ random: inout SeededGenerator) {
    // What may be hung below, by space, with its depth.
    var open: [[(id: Int64, depth: Int)]] = spaces.map { space in space.home.map { [($0, 0)] } ?? [] }
    var count = spaces.count
    let subjects = ["pumps", "valves", "the night shift", "VPN access", "invoices", "meters", "seals", "contraseñas"]
    let kinds = ["Guide to", "How we handle", "FAQ about", "Runbook:", "Notes on", "Cómo usar", "Report on"]
    while count < shape.pages {
      let place = Int(random.next() % UInt64(spaces.count))
      let space = spaces[place].id
      let time = start + Int64(count) * 600_000
      var parent = open[place].isEmpty ? nil : LabBodies.pick(open[place], &random)
      if random.next() % 100 == 0 { parent = nil }
      let isFolder = random.next() % 25 == 0
      let title =
        "\(LabBodies.pick(kinds, &random)) \(LabBodies.pick(subjects, &random)) \(isFolder ? "folder " : "")\(count)"
      let id = insert(isFolder ? .folder : .page, title, in: space, below: parent?.id, at: time, &random)
      let depth = (parent?.depth ?? -1) + 1
      // One page in five gets children, so that trees have real widths and depths.
      if depth < 6, isFolder || random.next() % 5 == 0 { open[place].append((id, depth)) }
      if isFolder { continue }
      if random.next() % 100 < UInt64(shape.archived), parent != nil { contents[id]?.status = .archived }
      count += 1
      if random.next() % 40 == 0 {
        _ = insert(
          random.next() % 2 == 0 ? .whiteboard : .database, "Board \(count)", in: space, below: id, at: time, &random)
      }
      if random.next() % 30 == 0 { makeTalk(on: id, at: time, &random) }
      if random.next() % 25 == 0 { makeFile(on: id, at: time, &random) }
    }
    for number in 0..<shape.trashed {
      let space = spaces[number % spaces.count]
      let trashed = insert(.page, "Thrown away \(number)", in: space.id, below: space.home, at: start, &random)
      contents[trashed]?.status = .trashed
      let draft = insert(.page, "Draft \(number)", in: space.id, below: space.home, at: start, &random)
      contents[draft]?.status = .draft
    }
  }

  private mutating func makeTalk(on id: Int64, at time: Int64, _ random: inout SeededGenerator) {
    let first = comment(
      on: id, "<p>Which lever? \(LabBodies.sentence(&random))</p>", by: authors.last, at: time + 5_000)
    comment(on: id, "<p>The blue one.</p>", answering: first, by: authors.first, at: time + 9_000)
    comment(on: id, "<p>Is this still so?</p>", about: "before noon", by: authors.first, at: time + 12_000)
  }

  private mutating func makeFile(on id: Int64, at time: Int64, _ random: inout SeededGenerator) {
    switch random.next() % 4 {
    case 0:
      attach(
        "notes \(id).txt", Array("Notes on L\(id): \(LabBodies.sentence(&random))\n".utf8), type: "text/plain", to: id,
        at: time)
    case 1:
      attach("read+me 100%.md", Array("# Read me\n\nFile of L\(id).\n".utf8), type: "text/markdown", to: id, at: time)
    case 2:
      attach(
        "página.html", Array("<html><body><p>HTML file of L\(id)</p></body></html>".utf8), type: "text/html", to: id,
        at: time)
    default: attach("plan 2026.pdf", Array("%PDF-1.4 not really\n".utf8), type: "application/pdf", to: id, at: time)
    }
  }

  private mutating func makeBlogPosts(_ shape: Shape, from start: Int64, _ random: inout SeededGenerator) {
    for number in 0..<shape.blogPosts {
      let space = spaces[number % spaces.count].id
      _ = insert(
        .blogpost, "News of week \(number + 1)", in: space, below: nil, at: start + Int64(number) * 604_800_000, &random
      )
    }
  }

  private mutating func makeRestrictions(_ shape: Shape, _ random: inout SeededGenerator) {
    let homes = Set(spaces.compactMap(\.home))
    let named = groups.dropFirst(2).map(\.id)
    for id in order where contents[id]?.kind == .page && !homes.contains(id) {
      guard random.next() % 100 < UInt64(shape.restricted) else { continue }
      var readers = Subjects()
      if !named.isEmpty { readers.groups.insert(LabBodies.pick(named, &random)) }
      if random.next() % 3 == 0 { readers.users.insert(LabBodies.pick(authors, &random)) }
      if random.next() % 100 >= UInt64(shape.hidden) {
        readers.groups.insert(indexers)
      } else {
        readers.users.remove(indexer)
        if readers.isEmpty, let other = authors.first(where: { $0 != indexer }) { readers.users = [other] }
      }
      contents[id]?.readers = readers
      if random.next() % 4 == 0 { contents[id]?.editors = readers }
    }
  }

  /// Titles that clients have stumbled over, and a space that the indexer does not see.
  private mutating func makeOddities(from start: Int64, _ random: inout SeededGenerator) {
    let space = spaces[0]
    let titles = [
      "Release 🚀 “quotes” & ‘more’", "A/B tests: 50% faster?", "관리자 매뉴얼", "דף בעברית",
      "C:\\temp\\\"x\" <b>bold</b>", String(repeating: "long title ", count: 23) + "ab", "  spaces  inside  ",
      "plus+sign #hash %41", "Guide to pumps",
    ]
    for title in titles {
      _ = insert(.page, title, in: space.id, below: space.home, at: start, &random)
    }
    if spaces.count > 1 {
      _ = insert(.page, "Guide to pumps", in: spaces[1].id, below: spaces[1].home, at: start, &random)
    }
    let other = authors.first { $0 != indexer } ?? indexer
    let id = addSpace("SECRET", name: "Board matters", readers: Subjects(users: [other]), at: start)
    spaces[spaces.count - 1].home = insert(.page, "Board overview", in: id, below: nil, at: start, &random)
  }
}
