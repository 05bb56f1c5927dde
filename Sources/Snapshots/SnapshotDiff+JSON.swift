public import Corpus

extension SnapshotDiff {
  /// For programs; lists are in the order of addresses.
  public var json: JSONValue {
    [
      "from": .string(before.id), "to": .string(after.id),
      "pipeline_changed": .bool(before.pipeline != after.pipeline),
      "settings": .array(
        settings.map {
          [
            "name": .string($0.name), "before": $0.before.map { .string($0) } ?? .null,
            "after": $0.after.map { .string($0) } ?? .null,
          ]
        }), "embedder_changed": .bool(before.embedder != after.embedder),
      "added": .array(added.map(\.json)), "removed": .array(removed.map(\.json)),
      "moved": .array(
        moved.map { ["from": .string($0.from.url), "to": .string($0.to.url), "title": .string($0.to.title)] }),
      "changed": .array(
        changed.map {
          [
            "url": .string($0.page.url), "title": .string($0.page.title), "title_before": .string($0.titleBefore),
            "parts": .array($0.parts.map { .string($0.rawValue) }),
          ]
        }),
      "access": .array(
        access.map {
          [
            "url": .string($0.page.url), "title": .string($0.page.title), "change": .string($0.change.rawValue),
            "before": $0.before.json, "after": $0.after.json,
          ]
        }),
      "groups": .array(
        groups.map { group in
          [
            "group": .string(group.group.name), "added": .array(group.added.map { .string($0.name) }),
            "removed": .array(group.removed.map { .string($0.name) }),
          ]
        }),
      "chunks": [
        "before": .integer(Int64(before.chunks)), "after": .integer(Int64(after.chunks)),
        "kept": .integer(Int64(chunksKept)), "embedded": .integer(Int64(chunksEmbedded)),
      ],
    ]
  }
}

extension SnapshotDiff.Page {
  fileprivate var json: JSONValue { ["url": .string(url), "title": .string(title)] }
}

extension AccessRule {
  /// `"open"`, `"closed"`, or a list of sets, of each of which one principal is needed.
  public var json: JSONValue {
    switch self {
    case .open: .string("open")
    case .closed: .string("closed")
    case .allOf(let sets): .array(sets.map { .array($0.sorted().map { .string($0.name) }) })
    }
  }
}
