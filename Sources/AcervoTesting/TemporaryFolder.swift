internal import Foundation

/// A folder that lives as long as this value.
public final class TemporaryFolder: Sendable {
  /// The folder's absolute path.
  public let path: String

  /// Makes an empty folder.
  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/acervo-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file below the folder, making the folders between.
  @discardableResult
  public func write(_ text: String, to relativePath: String) throws -> String {
    try write(Array(text.utf8), to: relativePath)
  }

  /// Writes a file below the folder, making the folders between.
  @discardableResult
  public func write(_ bytes: [UInt8], to relativePath: String) throws -> String {
    let file = path + "/" + relativePath
    let folder = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}
