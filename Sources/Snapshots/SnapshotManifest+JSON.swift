public import Corpus

extension SnapshotManifest {
  /// As the file writes it; members in this order.
  ///
  /// - Parameter blocks: whether the hashes of blocks are told; people do not want to read them.
  /// - Returns: an object.
  public func json(blocks: Bool = true) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("format", .integer(Int64(format))),
      .init("id", .string(id)),
      .init("collection", .string(collection)),
      .init("created", .string(Moment.text(created))),
      .init("parent", parent.map(JSONValue.string) ?? .null),
      .init("pipeline", .string(pipeline.hex)),
      .init("embedder", embedder?.json ?? .null),
    ]
    if let secondEmbedder { members.append(.init("second_embedder", secondEmbedder.json)) }
    members += [
      .init("languages", .array(languages.map(JSONValue.string))),
      .init("documents", .integer(Int64(documents))),
      .init("chunks", .integer(Int64(chunks))),
      .init("index_bytes", .integer(Int64(indexBytes))),
      .init("index_sha256", .string(indexHash.hex)),
      .init(
        "sources", .array(sources.map { ["id": .string($0.id), "documents": .integer(Int64($0.documents))] })),
    ]
    if let stages { members.append(.init("stages", stages)) }
    if blocks, !blockHashes.isEmpty {
      members.append(.init("index_blocks", .array(blockHashes.map { .string($0.hex) })))
    }
    return .object(members)
  }

  /// Reads a manifest file.
  ///
  /// - Parameters:
  ///   - file: its path.
  ///   - keys: the keys of which one must have signed it; none: no signature is asked for.
  /// - Throws: `SnapshotError` naming the file.
  init(file: String, signedBy keys: [VerifyingKey] = []) throws(SnapshotError) {
    let bytes = try FileSystem.read(file, limit: Self.maximumBytes)
    if !keys.isEmpty { try Self.checkSignature(of: bytes, beside: file, by: keys) }
    try self.init(bytes: bytes, file: file)
  }

  /// The longest manifest, in bytes: that of an index of 64 GiB has 5 MB.
  static let maximumBytes = 16 << 20

  /// The signature stands in a file of its own: 64 bytes over the manifest's bytes as they are.
  private static func checkSignature(
    of bytes: [UInt8], beside file: String, by keys: [VerifyingKey]
  ) throws(SnapshotError) {
    let path = file.dropLast(Layout.manifestName.count) + Layout.signatureName
    let signature: [UInt8]
    do throws(SnapshotError) {
      signature = try FileSystem.read(String(path), limit: 64)
    } catch  where error.code == .missing {
      throw SnapshotError(
        .untrusted, file, "it is not signed, and a signature is required",
        mend: "publish with “publish.sign”, or go back to a signed snapshot")
    }
    guard keys.contains(where: { $0.accepts(signature, of: bytes) }) else {
      throw SnapshotError(
        .untrusted, file, "its signature is not by \(keys.count == 1 ? "the" : "a") required key",
        mend: "give the public key that belongs to “publish.sign”, or restore the snapshot from where it was published")
    }
  }

  /// Reads a manifest's bytes; `file` is for messages.
  init(bytes: [UInt8], file: String) throws(SnapshotError) {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw .damaged(file, "it is not JSON: \(error)")
    }
    format = try Self.format(json, file)
    func member<Value>(_ name: String, _ value: Value?) throws(SnapshotError) -> Value {
      guard let value else { throw .damaged(file, "“\(name)” is missing or of another type") }
      return value
    }
    func count(_ name: String, in json: JSONValue) throws(SnapshotError) -> Int {
      try member(name, json[name]?.int.flatMap { $0 >= 0 ? $0 : nil })
    }
    id = try member("id", json["id"]?.string)
    collection = try member("collection", json["collection"]?.string)
    created = try member("created", json["created"]?.string.flatMap { Moment.seconds($0) })
    parent = json["parent"]?.string
    pipeline = try member("pipeline", json["pipeline"]?.string.flatMap(ContentHash.init(hex:)))
    stages = json["stages"]
    func fingerprint(_ name: String) throws(SnapshotError) -> EmbedderFingerprint? {
      guard let described = json[name], described != .null else { return nil }
      return try member(name, EmbedderFingerprint(json: described))
    }
    embedder = try fingerprint("embedder")
    secondEmbedder = try fingerprint("second_embedder")
    languages = try member("languages", json["languages"]?.array).compactMap(\.string)
    documents = try count("documents", in: json)
    chunks = try count("chunks", in: json)
    indexBytes = try count("index_bytes", in: json)
    indexHash = try member("index_sha256", json["index_sha256"]?.string.flatMap(ContentHash.init(hex:)))
    blockHashes = try Self.blocks(json["index_blocks"], of: indexBytes, file)
    sources = []
    for source in try member("sources", json["sources"]?.array) {
      sources.append((try member("sources.id", source["id"]?.string), try count("documents", in: source)))
    }
  }

  private static func blocks(
    _ json: JSONValue?, of bytes: Int, _ file: String
  ) throws(SnapshotError) -> [ContentHash] {
    guard let json else { return [] }
    let hashes = json.array?.compactMap { $0.string.flatMap(ContentHash.init(hex:)) } ?? []
    let blocks = bytes / blockBytes + (bytes % blockBytes > 0 ? 1 : 0)
    guard bytes >= 0, hashes.count == json.array?.count, hashes.count == blocks else {
      throw .damaged(file, "“index_blocks” are not the hashes of \(bytes) bytes")
    }
    return hashes
  }

  private static func format(_ json: JSONValue, _ file: String) throws(SnapshotError) -> Int {
    guard let format = json["format"]?.int else { throw .damaged(file, "“format” is missing or not a number") }
    try check(format: format, file, "snapshot")
    return format
  }

  /// Refuses a format that this program does not read.
  static func check(format: Int, _ path: String, _ what: String) throws(SnapshotError) {
    let readable = readableVersions
    guard !readable.contains(format) else { return }
    throw SnapshotError(
      .otherFormat, path,
      "the \(what) has format \(format), this program reads formats \(readable.lowerBound) to \(readable.upperBound)",
      mend: format > readable.upperBound ? "install a newer Acervo" : "index again with this version of Acervo")
  }
}
