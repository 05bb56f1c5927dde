import AcervoTesting
import Corpus
import Embedding
import Foundation
import HTTPClient
import Indexing
import Pipelines
import Serving
import Synchronization
import Testing

/// A service over random wikis, asked as everybody in them, against the model: no leak, nothing wrongly hidden.
///
/// A case is one person's question, through `/search` and through `/ask`. A round is a wiki and fifty cases: in the suite
/// a thousand, `ACERVO_FUZZ_SECONDS` for more.
@Suite(.timeLimit(.minutes(60))) struct AccessFuzzTests {
  private static let casesPerWiki = 50

  @Test func `Everybody finds what they may read, and nothing of anything else`() async throws {
    let client = try HTTPClient()
    var (cases, leaks, hidden, seen, unseen) = (0, 0, 0, 0, 0)
    for var random in FuzzRounds(20, seed: 5) {
      let wiki = WikiModel.random(&random)
      let service = try await WikiService(wiki, client: client)
      for _ in 0..<Self.casesPerWiki {
        let question = WikiQuestion.random(in: wiki, &random)
        let found = try await service.faults(of: question)
        cases += 1
        leaks += found.leaks.count
        hidden += found.hidden.count
        seen += found.mayRead ? 1 : 0
        unseen += found.mayRead ? 0 : 1
        #expect(found.leaks.isEmpty && found.hidden.isEmpty, "seed \(random.seed): \(question): \(found)")
      }
      service.stop()
    }
    // What could never go wrong shows nothing: both kinds have to be there.
    #expect(seen > cases / 5 && unseen > cases / 5)
    print(
      "access: \(cases) cases, \(seen) of them about a page that may be read: \(leaks) leaks, \(hidden) wrongly hidden")
  }
}

/// Somebody's question.
struct WikiQuestion: CustomStringConvertible {
  enum Subject {
    /// A page, by the word that only it has.
    case page(Int)
    /// What every page speaks of.
    case everything
    /// Pages of a space, or below an address.
    case filtered(String)
  }

  /// The number among `WikiModel.people`.
  var person: Int
  var subject: Subject
  /// The page that a question about one is about, and some other's where it is about many.
  var page: Int
  var topK: Int

  static func random(in wiki: WikiModel, _ random: inout SeededGenerator) -> WikiQuestion {
    let page = Int.random(in: 0..<wiki.pages.count, using: &random)
    let subject: Subject =
      switch Int.random(in: 0..<6, using: &random) {
      case 0..<3: .page(page)
      case 3: .everything
      case 4: .filtered(#"{"space": "S\#(wiki.pages[page].space)"}"#)
      default: .filtered(#"{"url": "\#(WikiSource.url(wiki.pages[page]))"}"#)
      }
    return WikiQuestion(
      person: Int.random(in: 0..<wiki.people.count, using: &random), subject: subject, page: page,
      topK: [1, 4, 100][Int.random(in: 0..<3, using: &random)])
  }

  func text(_ wiki: WikiModel) -> String {
    switch subject {
    case .page(let number):
      let marker = WikiSource.marker(wiki.pages[number])
      return wiki.pages[number].language == "en"
        ? "Which gate does the lever of \(marker) open?" : "¿Qué puerta abre la palanca de \(marker)?"
    case .everything, .filtered: return "lever gate number palanca puerta número"
    }
  }

  func body(_ wiki: WikiModel, _ member: String, topK: Int) -> String {
    let filters = if case .filtered(let filter) = subject { #", "filters": \#(filter)"# } else { "" }
    return #"{"\#(member)": "\#(text(wiki))", "top_k": \#(topK)\#(filters)}"#
  }

  var description: String { "person \(person) asks of \(subject), page \(page), top_k \(topK)" }
}
