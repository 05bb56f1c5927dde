internal import FoundationEssentials

/// Data that nobody in the project wrote, kept beside the repository by its developers and not shipped with it.
///
/// Tests that need a file say so by name and are skipped where it is absent:
/// `@Test(.enabled(if: DevelopmentData.has("url/cases.json"), "needs shared/data/url"))`.
public enum DevelopmentData {
  /// The folder `../shared/data`, seen from the main checkout or from a working tree elsewhere.
  private static let folder: String? = {
    let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    var candidates = [package.dropLast().joined(separator: "/") + "/shared/data"]
    if let named = ProcessInfo.processInfo.environment["ACERVO_DEVELOPMENT_DATA"] { candidates.insert(named, at: 0) }
    // A linked working tree has a file `.git` that names the main checkout: gitdir: MAIN/.git/worktrees/NAME.
    let pointer = package.joined(separator: "/") + "/.git"
    if let text = try? String(contentsOfFile: pointer, encoding: .utf8), text.hasPrefix("gitdir: ") {
      let main = text.dropFirst(8).split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
      candidates.append(main.dropLast().joined(separator: "/") + "/shared/data")
    }
    return candidates.first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// Whether a file or folder is there.
  public static func has(_ path: String) -> Bool {
    guard let folder else { return false }
    return FileManager.default.fileExists(atPath: folder + "/" + path)
  }

  /// A file's bytes.
  public static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: (folder ?? "") + "/" + path)))
  }
}
