internal import Connectors
internal import Corpus

/// A group as a source told of it: all its members.
struct GroupRecord: Sendable, Hashable {
  var source: String
  var group: Principal
  /// Users, and groups whose members it takes in.
  var members: Set<Principal>

  var key: [UInt8] { Self.key(source: source, group: group) }

  /// Under what the state keeps a group: names may be longer than a key.
  static func key(source: String, group: Principal) -> [UInt8] { PageRecord.key(source: source, url: group.name) }
}

extension GroupRecord {
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.write(source)
    writer.write(group.name)
    writer.write(list: members.sorted()) { $0.write($1.name) }
    return writer.bytes
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) {
    var reader = ByteReader(bytes)
    source = try reader.text()
    group = try reader.principal()
    members = Set(try reader.list { reader throws(ByteCodingError) in try reader.principal() })
  }
}

extension StateFile {
  /// The groups that sources told of, in the order of their keys.
  func groupRecords() throws -> [GroupRecord] {
    guard let groups else { return [] }
    var records: [GroupRecord] = []
    try forEach(in: groups) { _, value in records.append(try GroupRecord(value)) }
    return records
  }
}

extension RunLedger {
  /// What is to be changed of the groups that the state knows, when all sources have ended.
  ///
  /// A group is as its source told it in this run. One of which it did not tell is forgotten when its listing ran to
  /// its end; otherwise it stays as it was known, unless a page's rule named it in this run: that page must not meet
  /// members from another time.
  ///
  /// - Parameters:
  ///   - known: what the state has.
  ///   - sources: the ids of the pipeline's sources.
  /// - Returns: changes in the order of sources and groups.
  func groupChanges(known: [GroupRecord], sources: [String]) -> [StateFile.Change] {
    let (told, named, listings) = (toldGroups, namedGroups, listings)
    var changes: [StateFile.Change] = []
    for record in known where told[record.source]?[record.group] == nil {
      let isWhole = listings[record.source].map { $0.cutShort == nil } ?? false
      let isNamed = named[record.source]?.contains(record.group) ?? false
      if isWhole || isNamed || !sources.contains(record.source) { changes.append(.removedGroup(key: record.key)) }
    }
    let before = Dictionary(known.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    for source in sources {
      for (group, members) in (told[source] ?? [:]).sorted(by: { $0.key < $1.key }) {
        let record = GroupRecord(source: source, group: group, members: members)
        if before[record.key] != record { changes.append(.group(record)) }
      }
    }
    return changes
  }
}
