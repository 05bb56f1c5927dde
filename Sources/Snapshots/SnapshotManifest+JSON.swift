internal import Corpus

extension SnapshotManifest {
  /// As the file writes it; members in this order.
  var members: JSONValue {
    var members: [JSONValue.Member] = [
      .init("format", .integer(Int64(Self.formatVersion))),
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
    return .object(members)
  }

  /// Reads a manifest file.
  init(file: String) throws(SnapshotError) {
    let bytes = try FileSystem.read(file, limit: 16 << 20)
    let json: JSONValue
    do {
      json = try JSONValue(parsing: bytes)
    } catch {
      throw .damaged(file, "it is not JSON: \(error)")
    }
    try Self.checkFormat(json, file)
    func member<Value>(_ name: String, _ value: Value?) throws(SnapshotError) -> Value {
      guard let value else { throw .damaged(file, "“\(name)” is missing or of another type") }
      return value
    }
    func count(_ name: String, in json: JSONValue) throws(SnapshotError) -> Int {
      try member(name, json[name]?.int.flatMap { $0 >= 0 ? $0 : nil })
    }
    id = try member("id", json["id"]?.string)
    collection = try member("collection", json["collection"]?.string)
    created = try member("created", json["created"]?.string.flatMap(Moment.seconds))
    parent = json["parent"]?.string
    pipeline = try member("pipeline", json["pipeline"]?.string.flatMap(ContentHash.init(hex:)))
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
    sources = []
    for source in try member("sources", json["sources"]?.array) {
      sources.append((try member("sources.id", source["id"]?.string), try count("documents", in: source)))
    }
  }

  private static func checkFormat(_ json: JSONValue, _ file: String) throws(SnapshotError) {
    guard let format = json["format"]?.int else { throw .damaged(file, "“format” is missing or not a number") }
    guard format != formatVersion else { return }
    throw SnapshotError(
      .otherFormat, file, "the snapshot has format \(format), this program reads format \(formatVersion)",
      mend: format > formatVersion ? "install a newer Acervo" : "index again with this version of Acervo")
  }
}
