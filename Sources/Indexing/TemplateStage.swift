internal import Cleaning
internal import Corpus

/// Leaves out of each page what most pages of its site share: the step between all pages and the snapshot.
///
/// Cleaning and chunking see one page at a time, so their results are kept as if no page had neighbours. Here the
/// pages that the snapshot will hold are looked at together, and those that lose something are chunked and embedded
/// anew. What a page is left with depends on that set of pages alone, whatever the history.
struct TemplateStage {
  let state: StateFile
  let stage: PageStage

  /// What the pages of each source share.
  func learn(_ pages: [PageRecord]) throws -> [String: SiteTemplates] {
    var learners: [String: SiteTemplates.Learner] = [:]
    for page in pages {
      try Task.checkCancellation()
      learners[page.source, default: .init()].add(try cleaned(page).document, url: page.url)
    }
    return learners.mapValues { $0.templates() }.filter { !$0.value.isEmpty }
  }

  /// A page as the snapshot takes it, where that is not as the state has it, with what is still to be computed for it.
  func settled(_ page: PageRecord, _ templates: [String: SiteTemplates]) throws -> (PageRecord, PreparedPage?)? {
    guard let templates = templates[page.source] else { return nil }
    var clean = try cleaned(page)
    guard let remaining = templates.remaining(of: clean.document, url: page.url) else { return nil }
    clean.document = remaining
    return try stage.settle(page, as: clean)
  }

  private func cleaned(_ page: PageRecord) throws -> CleanedPage {
    guard let cleaned = try state.result(.clean, page.cleanKey, { try StageResults.decodePage($0) }) else {
      throw IndexingError(
        .storage,
        "the state has lost the cleaned form of \(page.url)\n  mend: move state.mdb of this collection away and run "
          + "again")
    }
    return cleaned
  }
}
