internal import Corpus
internal import Pipelines

/// Which fields a collection has, and where their values come from.
struct FieldRules {
  /// What each field's values are.
  let kinds: [String: FieldKind]
  private let declared: [String: FieldSettings]

  /// Where pages say what sources often know: the first name that a page has counts.
  private static let customary = ["author": ["author"], "label": ["labels", "tags", "article:tag"]]

  init(_ pipeline: PipelineFile) {
    declared = pipeline.index.fields
    kinds = pipeline.fieldKinds
  }

  /// The fields of a document: what the pipeline declares, else what its source knows, else what the page says.
  ///
  /// - Parameters:
  ///   - page: what the state knows of it.
  ///   - attributes: what the page says of itself.
  ///   - unreadable: counts values that are not of their field's kind, and so are left out.
  /// - Returns: values by field.
  func fields(
    of page: PageRecord, attributes: [String: [String]], unreadable: inout Int
  ) -> [String: [FieldValue]] {
    var fields = page.fields
    for (name, sources) in Self.customary where fields[name] == nil {
      let values = sources.lazy.compactMap { attributes[$0] }.first ?? []
      if !values.isEmpty { fields[name] = values.map { .keyword($0) } }
    }
    for (name, field) in declared {
      let written = attributes[field.attribute ?? name] ?? []
      let values = written.compactMap { FieldValue($0, as: field.kind) }
      unreadable += written.count - values.count
      if !values.isEmpty { fields[name] = values }
    }
    return fields
  }
}
