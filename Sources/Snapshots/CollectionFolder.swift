public import Corpus

/// The folder of one collection: its snapshots and which of them is current.
public struct CollectionFolder: Sendable, Equatable {
  /// The collection's name.
  public let name: String
  /// The folder.
  public let path: String

  /// Names the folder of a collection, which need not be there yet.
  ///
  /// - Throws: `SnapshotError` for a name that is not `[a-z0-9-]{1,64}`.
  public init(snapshots: String, collection: String) throws {
    guard Self.isName(collection) else {
      throw SnapshotError(
        .refused, snapshots, "“\(collection)” is no collection's name",
        mend: "use 1 to 64 lower-case letters, digits and hyphens")
    }
    name = collection
    path = snapshots + "/" + collection
  }

  /// Whether a text can name a collection: `[a-z0-9-]{1,64}`.
  static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  }

  /// The collections below a folder that have a current snapshot, in the order of their names.
  ///
  /// One whose `current` cannot be read is among them: opening it says what is wrong, and the others are not held up.
  ///
  /// - Throws: `SnapshotError` when there is no such folder or it cannot be listed.
  public static func all(in snapshots: String) throws -> [CollectionFolder] {
    guard FileSystem.isFolder(snapshots) else {
      throw SnapshotError(
        .missing, snapshots, "there is no such folder", mend: "check the path, or publish with “acervo index” first")
    }
    return try FileSystem.names(in: snapshots).compactMap { name in
      guard let folder = try? CollectionFolder(snapshots: snapshots, collection: name),
        FileSystem.isFolder(folder.path)
      else { return nil }
      do { return try folder.currentID() == nil ? nil : folder } catch { return folder }
    }
  }

  /// The ids of the published snapshots, newest first.
  public func snapshotIDs() throws -> [String] {
    try FileSystem.names(in: path).filter(Layout.isSnapshotID).reversed()
  }

  /// The id that `current` points to; nil before the first publish.
  public func currentID() throws -> String? {
    guard let target = try FileSystem.target(ofLink: path + "/" + Layout.currentName) else { return nil }
    guard Layout.isSnapshotID(target) else {
      throw SnapshotError.damaged(path + "/" + Layout.currentName, "it points to “\(target)”, which is no snapshot")
    }
    return target
  }

  /// The folder of a snapshot.
  ///
  /// - Throws: `SnapshotError` for a text that is no snapshot's id or a snapshot that is not there.
  public func folder(ofSnapshot id: String) throws -> String {
    guard Layout.isSnapshotID(id), FileSystem.isFolder(path + "/" + id) else {
      throw SnapshotError(
        .missing, path, "there is no snapshot “\(id)”", mend: "list them with “acervo snapshots list”")
    }
    return path + "/" + id
  }

  /// What a snapshot is, without opening its index.
  public func manifest(ofSnapshot id: String) throws -> SnapshotManifest {
    try SnapshotManifest(file: try folder(ofSnapshot: id) + "/" + Layout.manifestName)
  }

  /// Whether a snapshot's manifest carries the signature that a key gives it (Ed25519 has one for the same bytes).
  ///
  /// - Throws: `SnapshotError` for a snapshot or a manifest that is not there, `KeyError` for a key that cannot sign.
  public func isSigned(_ id: String, by key: SigningKey) throws -> Bool {
    let folder = try folder(ofSnapshot: id)
    let manifest = try FileSystem.read(folder + "/" + Layout.manifestName, limit: SnapshotManifest.maximumBytes)
    // No signature, or one that is no 64 bytes, is not this one.
    return (try? FileSystem.read(folder + "/" + Layout.signatureName, limit: 64)) == (try key.signature(of: manifest))
  }

  /// Opens the current snapshot.
  public func openCurrent(verifiesContent: Bool = false, signedBy keys: [VerifyingKey] = []) throws -> Snapshot {
    guard let id = try currentID() else {
      throw SnapshotError(
        .missing, path, "the collection has no current snapshot", mend: "publish one with “acervo index”")
    }
    return try Snapshot(folder: try folder(ofSnapshot: id), verifiesContent: verifiesContent, signedBy: keys)
  }

  /// Makes a published snapshot the current one: a roll-back, or its undoing.
  public func makeCurrent(_ id: String) throws {
    _ = try folder(ofSnapshot: id)
    try FileSystem.link(path + "/" + Layout.currentName, to: id)
    try FileSystem.flush(path)
  }

  /// What a gate said of a snapshot when it was made; nil where there was none.
  public func gate(ofSnapshot id: String) throws -> JSONValue? {
    let file = try folder(ofSnapshot: id) + "/" + Layout.gateName
    let bytes: [UInt8]
    do throws(SnapshotError) {
      bytes = try FileSystem.read(file, limit: 16 << 20)
    } catch {
      if error.code == .missing { return nil }
      throw error
    }
    guard let json = try? JSONValue(parsing: bytes) else { throw SnapshotError.damaged(file, "it is not JSON") }
    return json
  }

  /// Whether a gate refused a snapshot: it is there to be looked at.
  public func isRefused(_ id: String) throws -> Bool {
    try gate(ofSnapshot: id)?["passed"]?.bool == false
  }

  /// The snapshot to go back to: the one that the current one replaced, else the newest before it that no gate refused.
  ///
  /// - Throws: `SnapshotError` when there is none.
  public func previousID() throws -> String {
    guard let current = try currentID() else {
      throw SnapshotError(.missing, path, "the collection has no current snapshot", mend: "name the snapshot to go to")
    }
    let older = try snapshotIDs().filter { $0 < current }
    if let parent = (try? manifest(ofSnapshot: current))?.parent, older.contains(parent) { return parent }
    guard let previous = try older.first(where: { try !isRefused($0) }) else {
      throw SnapshotError(
        .missing, path, "there is no snapshot before “\(current)”", mend: "list them with “acervo snapshots list”")
    }
    return previous
  }

  /// Removes old snapshots beyond a number; never the current one.
  ///
  /// Candidates that a gate refused do not count: the newest stays until something newer is current.
  /// A program that has a removed snapshot mapped keeps its pages until it lets go.
  ///
  /// - Parameters:
  ///   - keep: how many of the newest stay, at least 1.
  ///   - since: snapshots made at this moment (seconds since 1970) or later stay, whatever their number.
  /// - Returns: the ids removed.
  /// - Throws: `SnapshotError` naming what could not be removed.
  @discardableResult
  public func prune(keep: Int, since: Int64 = .max) throws -> [String] {
    let current = try currentID()
    let limit = Moment.compact(since)
    let published = try snapshotIDs().filter { try !isRefused($0) }
    var removed: [String] = []
    for id in published.dropFirst(max(keep, 1)) where id != current && id < limit {
      try erase(id)
      removed.append(id)
    }
    return try removed + removeOldCandidates()
  }

  /// Removes the refused candidates that nobody needs to look at any more.
  @discardableResult
  func removeOldCandidates() throws -> [String] {
    let current = try currentID()
    let refused = try snapshotIDs().filter { try isRefused($0) && $0 != current }
    let old = refused.enumerated().filter { $0.offset > 0 || $0.element < current ?? "" }.map(\.element)
    for id in old { try erase(id) }
    return old
  }

  /// Gone for readers in one step, before its files go one by one.
  private func erase(_ id: String) throws {
    let doomed = path + "/" + Layout.temporaryPrefix + "removed-" + id
    try FileSystem.move(path + "/" + id, to: doomed)
    try FileSystem.removeFolder(doomed)
  }

  /// Removes what writers left behind that died; a living writer's folder is locked and stays.
  ///
  /// - Returns: the names removed.
  @discardableResult
  public func removeLeftovers() throws -> [String] {
    var removed: [String] = []
    for name in try FileSystem.names(in: path) where name.hasPrefix(Layout.temporaryPrefix) {
      guard let lock = FileSystem.lock(path + "/" + name) else { continue }
      defer { FileSystem.unlock(lock) }
      try FileSystem.removeFolder(path + "/" + name)
      removed.append(name)
    }
    // Links on their way to be `current`, with the number of the process that made them.
    for name in try FileSystem.names(in: path) where name.hasPrefix(Layout.currentName + ".") {
      let parts = name.split(separator: ".")
      guard parts.count == 3, let process = Int32(parts[1]), !FileSystem.isAlive(process) else { continue }
      FileSystem.removeFile(path + "/" + name)
      removed.append(name)
    }
    return removed
  }
}
