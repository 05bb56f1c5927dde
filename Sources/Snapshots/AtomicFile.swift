/// Small files that a reader finds whole, the old one or the new, also after a power failure.
public enum AtomicFile {
  /// Replaces a file's content: written beside it, flushed, moved into place, the folder flushed.
  ///
  /// The file beside it has the name with `.tmp` behind it: what a writer left that was killed is overwritten by the
  /// next one. One process writes a file at a time.
  ///
  /// - Parameters:
  ///   - text: the whole content.
  ///   - path: the file.
  ///   - isPrivate: whether nobody but its owner may read it (mode 0600); it stays with the owner that it has.
  /// - Throws: `SnapshotError` naming the file and the system's reason.
  public static func write(_ text: String, to path: String, isPrivate: Bool = false) throws {
    let temporary = path + ".tmp"
    FileSystem.removeFile(temporary)
    do {
      try FileSystem.write(Array(text.utf8), to: temporary, mode: isPrivate ? 0o600 : 0o644)
      if isPrivate { FileSystem.giveAway(temporary, toOwnerOf: path) }
      try FileSystem.move(temporary, to: path)
    } catch {
      FileSystem.removeFile(temporary)
      throw error
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try FileSystem.flush(folder.isEmpty ? "/" : folder)
  }
}
