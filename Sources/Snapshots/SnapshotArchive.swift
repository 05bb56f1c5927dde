internal import Corpus
internal import Glibc

/// A snapshot as one file for another machine: a tar file of the snapshot's files, in a fixed order.
///
/// Nothing is compressed: vectors do not shrink, and whoever sends the file can pipe it through what they like.
enum SnapshotArchive {
  /// The files of a snapshot in the order in which they stand in the archive; the manifest says what the index must be,
  /// so it comes first.
  static let files = [Layout.manifestName, Layout.signatureName, Layout.gateName, Layout.indexName]
  /// The longest of the small files, in bytes.
  static let smallLimit = SnapshotManifest.maximumBytes
}

extension CollectionFolder {
  /// Writes a snapshot as a tar file, which `importSnapshot` reads.
  ///
  /// The same snapshot gives the same bytes. What is read is hashed on its way: a damaged snapshot ends the writing with
  /// an error, and what was written is no archive then.
  ///
  /// - Parameters:
  ///   - id: the snapshot.
  ///   - write: takes the bytes, piece by piece.
  /// - Throws: `SnapshotError`, and what `write` throws.
  public func export(_ id: String, to write: (UnsafeRawBufferPointer) throws -> Void) throws {
    let folder = try folder(ofSnapshot: id)
    let manifest = try manifest(ofSnapshot: id)
    func put(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
    for name in SnapshotArchive.files {
      let path = folder + "/" + name
      guard FileSystem.isFile(path) else { continue }
      let header = TarHeader(
        name: "\(self.name)/\(id)/\(name)", count: try FileSystem.size(path), modified: manifest.created)
      try put(try header.bytes)
      var hasher = ContentHasher()
      var count = 0
      try FileSystem.stream(path) { piece in
        hasher.update(raw: piece)
        count += piece.count
        try write(piece)
      }
      let hash = hasher.finish()
      guard count == header.count, name != Layout.indexName || hash == manifest.indexHash else {
        throw SnapshotError.damaged(path, "it is not what its manifest says; the archive is not whole")
      }
      try put([UInt8](repeating: 0, count: header.padding))
    }
    try put([UInt8](repeating: 0, count: 2 * TarHeader.size))
  }

  /// Reads what `export` wrote and puts the snapshot into the folder of its collection; `current` does not move.
  ///
  /// Names in the archive are compared with the few that can be there and never used as paths. Everything is verified in
  /// a temporary folder, which is renamed into place when nothing was wrong. A snapshot of that id that is there already
  /// stays, and is verified likewise.
  ///
  /// - Parameters:
  ///   - snapshots: the folder of all collections.
  ///   - keys: the public keys of which one must have signed the manifest; none: no signature is asked for.
  ///   - source: what to call the archive in errors.
  ///   - read: fills a buffer and returns the number of bytes; 0 at the end.
  /// - Returns: the manifest, and whether the snapshot was not there before.
  /// - Throws: `SnapshotError`, and what `read` throws; nothing is left behind then.
  public static func importSnapshot(
    into snapshots: String, signedBy keys: [VerifyingKey] = [], source: String,
    from read: (UnsafeMutableRawBufferPointer) throws -> Int
  ) throws -> (SnapshotManifest, isNew: Bool) {
    try withoutActuallyEscaping(read) { read in
      var input = ArchiveReader(source: source, read: read)
      let (header, bytes) = try input.small()
      guard let header, header.name.hasSuffix("/" + Layout.manifestName) else {
        throw input.damaged("it does not begin with a snapshot's manifest")
      }
      let manifest = try SnapshotManifest(bytes: bytes, file: source)
      guard Layout.isSnapshotID(manifest.id), manifest.id.hasSuffix(manifest.indexHash.hex.prefix(12)) else {
        throw input.damaged("“\(manifest.id)” is no id of a snapshot with this content")
      }
      let collection = try CollectionFolder(snapshots: snapshots, collection: manifest.collection)
      let prefix = "\(collection.name)/\(manifest.id)/"
      guard header.name == prefix + Layout.manifestName else {
        throw input.damaged("“\(header.name.prefix(200))” does not fit its manifest")
      }
      let wasThere = FileSystem.isFolder(collection.path)
      try FileSystem.makeFolder(collection.path)
      let (temporary, lock) = try FileSystem.makeTemporaryFolder(in: collection.path)
      defer { FileSystem.unlock(lock) }
      do {
        try FileSystem.write(bytes, to: temporary + "/" + Layout.manifestName)
        try input.unpack(into: temporary, prefix: prefix, manifest, signedBy: keys)
        try Snapshot.verify(folder: temporary, signedBy: keys)
        try FileSystem.flush(temporary)
        let place = collection.path + "/" + manifest.id
        guard !FileSystem.isFolder(place) else {
          try FileSystem.removeFolder(temporary)
          return (try Snapshot.verify(folder: place, signedBy: keys), false)
        }
        try FileSystem.move(temporary, to: place)
        try FileSystem.flush(collection.path)
        return (manifest, true)
      } catch {
        try? FileSystem.removeFolder(temporary)
        // Goes only while it is empty: another import may have come into it.
        if !wasThere { rmdir(collection.path) }
        throw error
      }
    }
  }
}

/// Reads the entries of an archive from a stream.
private struct ArchiveReader {
  let source: String
  let read: (UnsafeMutableRawBufferPointer) throws -> Int

  func damaged(_ reason: String) -> SnapshotError {
    SnapshotError(
      .damaged, source, reason, mend: "make it anew with “acervo snapshots export”, and copy it whole")
  }

  /// So many bytes; fewer are an error.
  private func fill(_ buffer: UnsafeMutableRawBufferPointer) throws {
    var filled = 0
    while filled < buffer.count {
      let count = try read(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      guard count > 0 else { throw damaged("it ends too early") }
      filled += count
    }
  }

  private func bytes(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes { try fill($0) }
    return bytes
  }

  private func header() throws -> TarHeader? {
    do {
      return try TarHeader(try bytes(TarHeader.size))
    } catch let error as ByteCodingError {
      throw damaged(error.description)
    }
  }

  /// An entry that is read whole; nil at the archive's end.
  mutating func small() throws -> (TarHeader?, [UInt8]) {
    guard let header = try header() else { return (nil, []) }
    return (header, try content(header))
  }

  private func content(_ header: TarHeader) throws -> [UInt8] {
    guard header.count <= SnapshotArchive.smallLimit else {
      throw damaged("“\(header.name.prefix(200))” is longer than \(SnapshotArchive.smallLimit) bytes")
    }
    let content = try bytes(header.count)
    _ = try bytes(header.padding)
    return content
  }

  /// Everything behind the manifest, in its order and each once; the signature is checked before the index is written.
  mutating func unpack(
    into folder: String, prefix: String, _ manifest: SnapshotManifest, signedBy keys: [VerifyingKey]
  ) throws {
    var expected = SnapshotArchive.files.dropFirst()[...]
    while let header = try header() {
      guard let name = expected.first(where: { header.name == prefix + $0 }) else {
        throw damaged("“\(header.name.prefix(200))” is nothing that can stand there")
      }
      expected = expected.drop { $0 != name }.dropFirst()
      guard name == Layout.indexName else {
        let content = try content(header)
        guard name != Layout.gateName || (try? JSONValue(parsing: content)) != nil else {
          throw damaged("“\(Layout.gateName)” is not JSON")
        }
        try FileSystem.write(content, to: folder + "/" + name)
        continue
      }
      _ = try SnapshotManifest(file: folder + "/" + Layout.manifestName, signedBy: keys)
      guard header.count == manifest.indexBytes else {
        throw damaged("its index has \(header.count) bytes, its manifest says \(manifest.indexBytes)")
      }
      try FileSystem.write(to: folder + "/" + name, count: header.count) { buffer in try fill(buffer) }
      _ = try bytes(header.padding)
    }
    guard expected.isEmpty else { throw damaged("it holds no index") }
  }
}
