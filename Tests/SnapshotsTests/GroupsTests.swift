import AcervoTesting
import Corpus
@testable import Snapshots
import Testing

@Suite struct GroupsTests {
  private static func principals(_ names: String...) -> Set<Principal> { Set(names.compactMap(Principal.init)) }

  private static func groups(_ members: [String: [String]]) -> [Principal: Set<Principal>] {
    members.reduce(into: [:]) { groups, entry in
      guard let group = Principal(entry.key) else { return }
      groups[group] = Set(entry.value.compactMap(Principal.init))
    }
  }

  private func publish(
    _ groups: [String: [String]], at created: Int64 = 1_800_000_000, to sample: SampleCollection
  ) throws -> Snapshot {
    let writer = try sample.filledWriter(documents: 5)
    try writer.put(groups: Self.groups(groups))
    let (manifest, _) = try writer.publish(SampleCollection.description(created: created), keep: 5)
    return try Snapshot(folder: sample.collection.folder(ofSnapshot: manifest.id))
  }

  @Test func `Somebody holds their own principals and those of their groups`() throws {
    let sample = try SampleCollection()
    let snapshot = try publish(
      ["group:a": ["user:ana", "user:bo"], "group:b": ["user:bo"], "group:nobody": []], to: sample)
    #expect(try snapshot.principals(of: Self.principals("user:ana")) == Self.principals("user:ana", "group:a"))
    #expect(try snapshot.principals(of: Self.principals("user:bo")) == Self.principals("user:bo", "group:a", "group:b"))
    #expect(try snapshot.principals(of: Self.principals("user:c")) == Self.principals("user:c"))
    // Whoever comes with a group's own name, such as a program's key, holds it.
    #expect(
      try snapshot.principals(of: Self.principals("user:ana", "group:z"))
        == Self.principals("user:ana", "group:a", "group:z"))
    #expect(try snapshot.principals(of: []) == [])
    #expect(
      try snapshot.groups()
        == Self.groups(["group:a": ["user:ana", "user:bo"], "group:b": ["user:bo"], "group:nobody": []]))
    try Snapshot.verify(folder: snapshot.folder)
  }

  @Test func `Of many members each has their own groups`() throws {
    let sample = try SampleCollection()
    var groups: [String: [String]] = [:]
    for user in 0..<1000 {
      for group in [user % 7, user % 11 + 20] { groups["group:\(group)", default: []].append("user:\(user)") }
    }
    let snapshot = try publish(groups, to: sample)
    for user in 0..<1000 {
      let expected = Self.principals("user:\(user)", "group:\(user % 7)", "group:\(user % 11 + 20)")
      #expect(try snapshot.principals(of: Self.principals("user:\(user)")) == expected)
    }
  }

  @Test func `The same memberships give the same bytes, others do not`() throws {
    let (one, two) = (try SampleCollection(), try SampleCollection())
    let first = try publish(["group:a": ["user:x", "user:y"], "group:b": ["user:y"]], to: one)
    let same = try publish(["group:b": ["user:y"], "group:a": ["user:y", "user:x"]], to: two)
    #expect(first.manifest.indexHash == same.manifest.indexHash)
    let other = try publish(["group:a": ["user:x"], "group:b": ["user:y"]], at: 1_800_000_001, to: one)
    #expect(first.manifest.indexHash != other.manifest.indexHash)
    let diff = try SnapshotDiff(from: first, to: other)
    #expect(!diff.isEmpty && diff.access.isEmpty && diff.changed.isEmpty)
    #expect(diff.groups.map(\.group.name) == ["group:a"])
    #expect(diff.groups.first?.removed.map(\.name) == ["user:y"] && diff.groups.first?.added.isEmpty == true)
    #expect(diff.json["groups"]?.text() == #"[{"group":"group:a","added":[],"removed":["user:y"]}]"#)
    #expect(try SnapshotDiff(from: other, to: first).groups.first?.added.map(\.name) == ["user:y"])
  }

  @Test func `Members that refer to no group are found by verifying`() throws {
    let sample = try SampleCollection()
    let snapshot = try publish(["group:a": ["user:ana"], "group:b": ["user:ana"]], to: sample)
    var index = try FileBytes.read(snapshot.folder + "/index.mdb")
    let record = [8] + Array("user:ana".utf8) + [2, 0, 1]
    let place = try #require(index.indices.first { index[$0...].starts(with: record) })
    let copy = try TemporaryFolder()
    for (numbers, reason) in [([0, 7], "no group 7"), ([1, 0], "out of order"), ([1, 1], "out of order")] {
      index.replaceSubrange(place + 10..<place + 12, with: numbers.map { UInt8($0) })
      // The hashes are checked by whoever verifies; what is read without must not be trusted either.
      try copy.write(try FileBytes.read(snapshot.folder + "/manifest.json"), to: "manifest.json")
      try copy.write(index, to: "index.mdb")
      let error = #expect(throws: SnapshotError.self) { try Snapshot(folder: copy.path).verifyRecords() }
      #expect(error?.code == .damaged && error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }
  }

  @Test func `A rule's origins are one for each of its sets`() throws {
    let sample = try SampleCollection()
    var document = SampleCollection.document(1, access: SampleCollection.access(2))
    document.accessOrigins = ["space SUP", "this page"]
    let writer = try sample.writer()
    try writer.append(document, chunks: SampleCollection.chunks(1, of: 1))
    _ = try writer.publish(SampleCollection.description(), keep: 1)
    #expect(try sample.collection.openCurrent().document(0).accessOrigins == ["space SUP", "this page"])
    document.accessOrigins = ["space SUP"]
    let error = #expect(throws: SnapshotError.self) {
      try sample.writer().append(document, chunks: SampleCollection.chunks(1, of: 1))
    }
    #expect(error?.code == .refused)
  }
}
