internal import Corpus

/// The names and keys of `index.mdb`; docs/snapshot-format.md draws them.
enum Layout {
  static let indexName = "index.mdb"
  static let manifestName = "manifest.json"
  static let signatureName = "manifest.sig"
  static let gateName = "gate.json"
  static let currentName = "current"
  static let temporaryPrefix = ".tmp-"

  static let meta = "meta"
  static let documents = "documents"
  static let members = "members"
  static let chunks = "chunks"
  static let rules = "rules"
  static let sectionPrefix = "section."

  /// Keys of `meta`, in their ascending order.
  enum Meta {
    static let counts = Array("counts".utf8)
    static let firstChunks = Array("documents.first_chunk".utf8)
    static let languageNumbers = Array("documents.language".utf8)
    static let ruleNumbers = Array("documents.rule".utf8)
    static let sourceNumbers = Array("documents.source".utf8)
    static let groups = Array("groups".utf8)
    static let languages = Array("languages".utf8)
    static let sections = Array("sections".utf8)
    static let sources = Array("sources".utf8)
  }

  /// The document's language is not known.
  static let noLanguage = Int(UInt32.max)

  /// Four bytes, big-endian, so that the order of keys is the order of numbers.
  static func key(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).bigEndian) { [UInt8]($0) }
  }

  /// Section names are lower-case words, so that they need no escaping anywhere.
  static func isSectionName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D }
  }

  /// Whether a name has the form `20261120T231500Z-3f9a1c0b7e21`.
  static func isSnapshotID(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard bytes.count == 29, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
      bytes[16] == UInt8(ascii: "-")
    else { return false }
    let digits = [0..<8, 9..<15].allSatisfy { bytes[$0].allSatisfy { (0x30...0x39).contains($0) } }
    return digits && bytes[17...].allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
