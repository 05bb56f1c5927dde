public import Corpus

extension CleanDocument {
  /// The document as JSON: `title`, `language`, `canonical_url`, `attributes`, `text`, `blocks`, and `macros` where there
  /// are any.
  ///
  /// A block has its `kind`, `start` and `end` (bytes of `text`), and where there are any `level`, `depth`, `language`,
  /// `anchor` and `links` (`start`, `end`, `target`).
  public var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("title", .string(title)), .init("language", language.map { .string($0) } ?? .null),
      .init("canonical_url", canonicalURL.map { .string($0) } ?? .null),
      .init(
        "attributes",
        .object(attributes.sorted { $0.key < $1.key }.map { .init($0.key, .array($0.value.map { .string($0) })) })),
      .init("text", .string(text)),
      .init("blocks", .array(blocks.map(\.json))),
    ]
    if !macros.isEmpty { members.append(.init("macros", macros.json)) }
    return .object(members)
  }
}

extension Block {
  /// The block's members, absent ones left out.
  fileprivate var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("kind", .string(kind.name)), .init("start", .integer(Int64(range.start))),
      .init("end", .integer(Int64(range.end))),
    ]
    switch kind {
    case .heading(let level): members.append(.init("level", .integer(Int64(level))))
    case .listItem(let depth): members.append(.init("depth", .integer(Int64(depth))))
    case .code(let language?): members.append(.init("language", .string(language)))
    default: break
    }
    if let anchor { members.append(.init("anchor", .string(anchor))) }
    if !links.isEmpty {
      let values = links.map { link -> JSONValue in
        [
          "start": .integer(Int64(link.range.start)), "end": .integer(Int64(link.range.end)),
          "target": .string(link.target),
        ]
      }
      members.append(.init("links", .array(values)))
    }
    return .object(members)
  }
}

extension Block.Kind {
  fileprivate var name: String {
    switch self {
    case .heading: "heading"
    case .paragraph: "paragraph"
    case .listItem: "list_item"
    case .tableRow: "table_row"
    case .code: "code"
    case .quote: "quote"
    case .term: "term"
    case .definition: "definition"
    case .caption: "caption"
    }
  }
}
