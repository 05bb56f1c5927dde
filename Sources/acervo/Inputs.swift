internal import FoundationEssentials
internal import Glibc
internal import Terminal

/// Reads what a single-stage tool works on.
enum Inputs {
  /// 256 MB: far above any page, far below any machine's memory.
  private static let limit = 256 << 20

  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  static var workingFolder: String { FileManager.default.currentDirectoryPath }

  /// A file's bytes, or standard input's for `-`.
  static func bytes(_ path: String) throws -> [UInt8] {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw InputError(description: "cannot read \(path): \(String(cString: strerror(errno)))", code: .missingInput)
    }
    defer { if path != "-" { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw InputError(description: "cannot read \(path): \(String(cString: strerror(errno)))", code: .missingInput)
      }
      bytes.append(contentsOf: buffer[..<count])
      guard bytes.count <= limit else {
        throw InputError(description: "\(path) is larger than \(limit >> 20) MB\n  mend: give a smaller part of it")
      }
    }
  }

  /// The lines of a file or of standard input, as they come, without their breaks; empty ones left out.
  static func forEachLine(_ path: String, _ body: (_ number: Int, String) async throws -> Void) async throws {
    let file = path == "-" ? fdopen(STDIN_FILENO, "r") : fopen(path, "r")
    guard let file else {
      throw InputError(description: "cannot read \(path): \(String(cString: strerror(errno)))", code: .missingInput)
    }
    defer { if path != "-" { fclose(file) } }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    var number = 0
    while true {
      let count = getline(&line, &capacity, file)
      guard count >= 0, let start = line else { return }
      number += 1
      let bytes = UnsafeRawBufferPointer(start: start, count: count)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw InputError(description: "\(path):\(number): not UTF-8")
      }
      let trimmed = text.trimmingSuffix { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
      if !trimmed.isEmpty { try await body(number, String(trimmed)) }
    }
  }
}

extension StringProtocol {
  fileprivate func trimmingSuffix(while condition: (Character) -> Bool) -> SubSequence {
    var end = endIndex
    while end > startIndex, condition(self[index(before: end)]) { end = index(before: end) }
    return self[startIndex..<end]
  }
}
