internal import Corpus
internal import Snapshots

/// What whoever runs the service may ask of it.
struct AdminRoutes: Sendable {
  let store: CollectionStore
  /// Looks into the folder and returns when that is done.
  let reload: @Sendable () async -> Void

  var all: [Route] { [reloadNow] }

  private var reloadNow: Route {
    let served = JSONSchema.object([
      .required("name", .text, "The collection's name."),
      .required("snapshot", .text, "The snapshot that answers now."),
    ])
    let refused = JSONSchema.object([
      .required("name", .text, "The collection's name."),
      .required("snapshot", .text, "The snapshot that was refused."),
      .required("error", .text, "Why."),
    ])
    let many = 0...1_000
    return Route(
      "POST", "/admin/reload", name: "reload",
      summary: "Looks for new snapshots now, tries refused ones again, and says what answers then.", scope: .admin,
      result: (
        "application/json",
        .object([
          .required("collections", .array(of: served, count: 0...1_000_000), "In the order of names."),
          .required("refused", .array(of: refused, count: many), "Snapshots that do not answer though published."),
        ])
      ),
      handler: .task { [store, reload] _, _ in
        await reload()
        let collections = store.served.map { served -> JSONValue in
          ["name": .string(served.manifest.collection), "snapshot": .string(served.manifest.id)]
        }
        let refused = store.refused.map { refusal -> JSONValue in
          [
            "name": .string(refusal.collection), "snapshot": .string(refusal.snapshot),
            "error": .string(refusal.reason),
          ]
        }
        return .json(["collections": .array(collections), "refused": .array(refused)])
      })
  }
}
