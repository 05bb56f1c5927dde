import Connectors
import Corpus

/// A source that gives what the test wrote, in any order the test likes.
struct ScriptedSource: Source {
  var id = "site"
  var pages: [(url: String, html: String)]
  var failures: [SourceFailure] = []
  var cutShort: String?
  /// Told what a real source would tell; pages that are cut off stay unfetched.
  var progress: (@Sendable (SourceProgress) -> Void)?
  var unfetched = 0
  /// Called before each page, for tests that stop a run in the middle.
  var beforePage: @Sendable (Int) async throws -> Void = { _ in }

  /// What is said of pages that the index holds and `pages` lacks; nil says nothing.
  var absence: Absence? = .gone

  func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    for (index, page) in pages.enumerated() {
      try await beforePage(index)
      try await emit(
        .document(
          Document(source: id, url: page.url, mediaType: .html, body: Array(page.html.utf8), access: .open),
          nil))
      progress?(SourceProgress(known: pages.count + unfetched, done: index + 1, kept: index + 1))
    }
    for failure in failures { try await emit(.failed(failure)) }
    let named = Set(pages.map(\.url) + failures.map(\.url))
    for url in try memory.pages() where !named.contains(url) {
      try await emit(.skipped(url: url, reason: "the script names it no more", absence))
    }
    return SourceListing(cutShort: cutShort, requests: pages.count + failures.count)
  }
}

/// Small pages about different things, with a heading and a list each.
func samplePages(_ count: Int, edited: Set<Int> = []) -> [(url: String, html: String)] {
  let things = ["invoice", "refund", "password", "printer", "webhook", "backup", "contract", "holiday"]
  return (0..<count).map { number in
    let thing = things[number % things.count]
    let note = edited.contains(number) ? "<p>This paragraph was added by an edit of page \(number).</p>" : ""
    return (
      "https://help.example/\(number % 7)/page-\(number).html",
      """
      <html lang="en"><head><title>About the \(thing) number \(number)</title></head><body><main>
      <h1>About the \(thing) number \(number)</h1>
      <p>Everything there is to know about \(thing) \(number), told in a few plain sentences. It is short.</p>
      <h2 id="steps">Steps for the \(thing)</h2>
      <ol><li>Open the \(thing) page.</li><li>Press the button that says \(thing) \(number).</li></ol>\(note)
      </main></body></html>
      """
    )
  }
}
