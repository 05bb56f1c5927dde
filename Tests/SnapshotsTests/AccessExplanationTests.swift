import AcervoTesting
import Corpus
import Snapshots
import Testing

@Suite struct AccessExplanationTests {
  private static func principals(_ names: String...) -> Set<Principal> { Set(names.compactMap(Principal.init)) }

  private func snapshot(_ access: AccessRule, _ origins: [String], in sample: SampleCollection) throws -> Snapshot {
    let writer = try sample.writer()
    var document = SampleCollection.document(1, access: access)
    document.accessOrigins = origins
    try writer.append(document, chunks: SampleCollection.chunks(1, of: 1))
    var groups: [Principal: Set<Principal>] = [:]
    groups[try #require(Principal("group:staff"))] = Self.principals("user:ana", "user:bo")
    groups[try #require(Principal("group:board"))] = Self.principals("user:eva")
    try writer.put(groups: groups)
    _ = try writer.publish(SampleCollection.description(), keep: 1)
    return try sample.collection.openCurrent()
  }

  private static let rule = AccessRule.allOf([
    principals("group:staff"), principals("user:ana", "group:board", "group:ghost"),
  ])

  @Test func `Each set says by whom it is met, or whom it needs`() throws {
    let sample = try SampleCollection()
    let snapshot = try snapshot(Self.rule, ["space SUP", "page 5 “People”"], in: sample)
    let ana = try AccessExplanation(of: 0, as: Self.principals("user:ana"), in: snapshot)
    #expect(ana.isAllowed && ana.parts.allSatisfy(\.isMet) && ana.groups == Self.principals("group:staff"))
    #expect(
      ana.text == """
        “Página 1” https://help.example/page-10001
        asked by  user:ana
        in        group:staff
        yes       space SUP: group:staff
        yes       page 5 “People”: user:ana
        so        may read it

        """)
    let bo = try AccessExplanation(of: 0, as: Self.principals("user:bo"), in: snapshot)
    #expect(!bo.isAllowed)
    #expect(
      bo.text == """
        “Página 1” https://help.example/page-10001
        asked by  user:bo
        in        group:staff
        yes       space SUP: group:staff
        no        page 5 “People”: needs group:board (1 member) or group:ghost (not known: nobody is in it) or user:ana
        so        may not read it

        """)
    #expect(bo.json["allowed"] == .bool(false))
    let sets = try #require(bo.json["sets"]?.array)
    #expect(sets.map { $0["met"] } == [.bool(true), .bool(false)])
    #expect(sets.last?["origin"]?.string == "page 5 “People”")
    #expect(
      sets.last?["readers"]?.array?[1].text()
        == #"{"principal":"group:ghost","held":false,"members":null,"unknown":true}"#
    )
  }

  @Test(arguments: [
    (AccessRule.open, "yes       open: everybody may read it", true),
    (.closed, "no        closed: its readers are not fully known, so nobody may read it", false),
    (.allOf([]), "no        its rule names nobody", false),
    (.allOf([[]]), "no        a set of its rule: needs somebody, and names nobody", false),
  ])
  func `Rules without names are said in words`(access: AccessRule, line: String, allowed: Bool) throws {
    let sample = try SampleCollection()
    let explanation = try AccessExplanation(of: 0, as: [], in: snapshot(access, [], in: sample))
    #expect(explanation.isAllowed == allowed)
    #expect(explanation.text.contains("asked by  somebody unknown\n" + line + "\n"))
  }
}
