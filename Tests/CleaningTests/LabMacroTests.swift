import AcervoTesting
import Corpus
import Testing

@testable import Cleaning

/// Every construct of the lab's pages: what a reader sees of it is in the text, and nothing that no reader sees.
@Suite struct LabMacroTests {
  private func text(_ storage: String) throws -> String {
    let page = Document(
      source: "s", url: "https://acme.example/wiki/p", mediaType: .confluenceStorage, body: Array(storage.utf8))
    return try Cleaner().clean(page).text
  }

  @Test(arguments: LabMacro.all.map(\.name))
  func `shows what is seen and hides the rest`(name: String) throws {
    for macro in LabMacro.all where macro.name == name {
      let text = try text("<p>Before.</p>" + macro.storage + "<p>Behind.</p>")
      #expect(text.hasPrefix("Before.") && text.hasSuffix("Behind."), "\(text)")
      let flat = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for words in macro.shows {
        #expect(flat.contains(words.split(whereSeparator: \.isWhitespace).joined(separator: " ")), "\(text)")
      }
      for words in macro.hides { #expect(!text.contains(words), "\(words) stands in: \(text)") }
    }
  }
}
