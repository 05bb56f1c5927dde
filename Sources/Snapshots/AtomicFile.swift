/// Small files that a reader finds whole, the old one or the new, also after a power failure.
public enum AtomicFile {
  /// Replaces a file's content: written beside it, flushed, moved into place, the folder flushed.
  ///
  /// - Throws: `SnapshotError` naming the file and the system's reason.
  public static func write(_ text: String, to path: String) throws {
    let temporary = path + ".\(UInt64.random(in: 0 ... .max)).tmp"
    do {
      try FileSystem.write(Array(text.utf8), to: temporary)
      try FileSystem.move(temporary, to: path)
    } catch {
      FileSystem.removeFile(temporary)
      throw error
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    try FileSystem.flush(folder.isEmpty ? "/" : folder)
  }
}
