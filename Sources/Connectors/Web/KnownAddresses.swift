internal import Corpus

/// What became of every address that a crawl met.
///
/// Addresses are kept as their hashes: a crawl of a hundred thousand pages remembers them in some ten megabytes, however
/// long they are.
struct KnownAddresses {
  /// What became of an address.
  enum Outcome: Equatable {
    /// It is still to be fetched, in this level or the next.
    case waiting
    case kept
    /// It gave no page of its own, for whatever reason.
    case left
    /// Another address stands for it: a redirect's target, the canonical one, the one with the same content.
    case sameAs(String)
  }

  private var outcomes: [ContentHash: Outcome] = [:]
  /// How many are still to be fetched.
  private(set) var waiting = 0

  var count: Int { outcomes.count }

  /// What became of an address; nil while it is not known.
  ///
  /// An address that is known stays so.
  subscript(url: String) -> Outcome? {
    get { outcomes[.of(url)] }
    set {
      guard let newValue else { return }
      let before = outcomes.updateValue(newValue, forKey: .of(url))
      waiting += (newValue == .waiting ? 1 : 0) - (before == .waiting ? 1 : 0)
    }
  }

  /// The address that stands for this one in the end; nil where they stand for each other in a circle.
  func end(of url: String, within steps: Int) -> String? {
    var url = url
    for _ in 0...steps {
      guard case .sameAs(let next) = self[url] else { return url }
      url = next
    }
    return nil
  }
}
