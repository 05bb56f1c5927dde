internal import Corpus
internal import Glibc
internal import SearchIndexes
internal import Snapshots
internal import Terminal

/// A snapshot's chunks and vectors, so that another store can be filled with the same.
enum DumpStage {
  private static let texts = Option(
    "texts", "FILE", help: "Where the texts go, one JSON string a line.", isRequired: true)
  private static let vectors = Option(
    "vectors", "FILE", help: "Where the vectors go: rows of 32-bit floats.", isRequired: true)
  private static let folder = Positional("SNAPSHOT", help: "The folder of one snapshot.")

  static let command = Command(
    "dump", "Writes the chunks and vectors of a snapshot.", positionals: [folder],
    options: [.value(texts), .value(vectors)])

  static func run(_ arguments: Arguments) throws -> JSONValue {
    let snapshot = try Snapshot(folder: arguments.positionals[0])
    let index = try VectorIndex(owner: snapshot) { try snapshot.section($0, part: $1) }
    guard let index else { throw ValueError("\(snapshot.folder) has no vectors") }
    let texts = try OutputFile(arguments[texts] ?? "")
    let vectors = try OutputFile(arguments[vectors] ?? "")
    for number in 0..<index.count {
      try texts.write(JSONValue.string(try snapshot.chunk(number).text).bytes + [UInt8(ascii: "\n")])
      try index.vector(chunk: number).withUnsafeBytes { try vectors.write(Array($0)) }
    }
    try texts.close()
    try vectors.close()
    return ["chunks": .integer(Int64(index.count)), "dimensions": .integer(Int64(index.dimensions))]
  }
}
