import AcervoTesting
import Connectors
import Corpus
import HTTPClient
import Indexing
import Pipelines
import Snapshots
import Testing

/// Readers of a site that fails and changes at once: nobody reads what neither the snapshot before nor the site allows, and
/// when the site is well again, everybody reads what it says.
@Suite(.timeLimit(.minutes(30))) struct FaultyReadersFuzzTests {
  private static let kinds: [LabFault.Kind] = [
    .tooMany(.seconds(1)), .status(500), .status(502), .maintenance(seconds: 1), .cut(after: 40), .hangUp, .loginPage,
    .unauthorized, .forbidden, .notFound, .invalidUTF8,
  ]
  private static let routes: [LabRoute?] = [
    nil, .spaces, .spacePages, .spacePermissions, .contentSearch, .restrictions, .groupMembers, .pages, .page,
  ]

  /// Changes that move no version, and some that do.
  private static func change(_ site: inout LabSite, _ random: inout SeededGenerator) throws {
    let pages = site.list(statuses: [.current]).map(\.id)
    let groups = site.groups.map(\.id).filter { $0 != site.everybody && $0 != site.indexers }
    let users = site.users.keys.sorted()
    func readers() -> LabSite.Subjects {
      var readers = LabSite.Subjects(users: [site.indexer])
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        readers.users.insert(users.randomElement(using: &random) ?? "")
      }
      if let group = groups.randomElement(using: &random), Bool.random(using: &random) { readers.groups.insert(group) }
      return readers
    }
    guard let page = pages.randomElement(using: &random) else { return }
    switch Int.random(in: 0..<7, using: &random) {
    case 0..<2: try site.restrict(page, to: readers())
    case 2: try site.restrict(page, to: nil)
    case 3: try site.edit(page)
    case 4:
      guard let group = groups.randomElement(using: &random) else { return }
      try site.members(of: group, Set(users.filter { _ in Bool.random(using: &random) } + [site.indexer]))
    case 5:
      guard let space = site.spaces.randomElement(using: &random) else { return }
      var allowed = readers()
      allowed.groups.insert(site.indexers)
      if Bool.random(using: &random) { allowed.groups.insert(site.everybody) }
      try site.permit(space: space.key, to: allowed)
    default:
      let space = site.contents[page]?.space
      let below = pages.filter { other in
        site.contents[other]?.space == space && other != page && !site.ancestors(other).contains(page)
      }
      try site.move(page, below: below.randomElement(using: &random))
    }
  }

  @Test func `A site that fails widens nothing`() async throws {
    let client = try HTTPClient()
    var (rounds, published, compared, widened) = (0, 0, 0, 0)
    for var random in FuzzRounds(6, seed: 3) {
      rounds += 1
      let deployment: ConfluenceSettings.Deployment = random.seed % 2 == 0 ? .cloud : .dataCenter
      let wiki = try IndexedLab(deployment, pages: 30, seed: random.seed, client: client)
      defer { wiki.lab.stop() }
      _ = try await wiki.run(at: 1_795_000_000)
      for step in 1...3 {
        let before = try wiki.readers()
        let edits = Int.random(in: 1...6, using: &random)
        let seeded = random
        try wiki.lab.change { site in
          var dice = seeded
          for _ in 0..<edits { try Self.change(&site, &dice) }
        }
        for _ in 0..<100 { _ = random.next() }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          wiki.lab.fault(
            LabFault(
              Self.kinds[Int.random(in: 0..<Self.kinds.count, using: &random)],
              on: Self.routes[Int.random(in: 0..<Self.routes.count, using: &random)],
              skipping: Int.random(in: 0...6, using: &random),
              perMille: [100, 400, 1_000].randomElement(using: &random) ?? 100))
        }
        let report = try? await wiki.run(at: 1_795_000_000 + Int64(step) * 3600)
        if case .published = report?.outcome { published += 1 }
        let after = try wiki.readers()
        for (page, readers) in after {
          for reader in readers where !(before[page]?.contains(reader) ?? false) {
            compared += 1
            if !wiki.lab.site.mayRead(page, as: reader) {
              widened += 1
              Issue.record("seed \(random.seed), step \(step): \(reader) may read page \(page), which they never could")
            }
          }
        }
        wiki.lab.mend()
      }
      let report = try await wiki.run(at: 1_795_090_000)
      #expect(report.incomplete == [], "seed \(random.seed)")
      #expect(try wiki.faults() == [], "seed \(random.seed)")
    }
    print(
      "readers: \(rounds) sites, \(published) published while they failed, \(compared) new readers, \(widened) widened")
  }
}
