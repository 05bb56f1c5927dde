internal import Synchronization

/// Reduces words to stems with Snowball's algorithms; safe to share between threads.
public struct Stemmer: Sendable {
  /// The language (BCP 47 primary subtag) whose words it stems.
  public let language: String
  private let pool: Pool<StemmerBox>

  /// Makes the stemmer of a language; nil where Snowball has none.
  public init?(language: String) {
    guard let first = StemmerBox(language: language) else { return nil }
    self.language = language
    pool = Pool(first) { StemmerBox(language: language) }
  }

  /// The folded stem of a word: the same for its spellings with and without accents, in Spanish and English.
  public func stem(_ word: some StringProtocol) -> String {
    var word = String(word)
    return pool.withItem { box in
      var stem: [UInt8] = []
      word.withUTF8 { box.handle.stem($0, into: &stem) }
      return String(decoding: stem, as: UTF8.self)
    } ?? Folding.fold(word)
  }

  /// The languages that have a stemmer.
  public static var languages: [String] { snowballAlgorithms.keys.sorted() }
}

// A stemmer is used by one thread at a time: the pool hands each item to one caller until it is given back.
final class StemmerBox: @unchecked Sendable {
  let handle: StemmerHandle

  init?(language: String) {
    guard let handle = StemmerHandle(language: language) else { return nil }
    self.handle = handle
  }
}

/// Items that are dear to make, each used by one caller at a time.
final class Pool<Item: Sendable>: Sendable {
  private let free: Mutex<[Item]>
  private let make: @Sendable () -> Item?

  init(_ first: Item, make: @escaping @Sendable () -> Item?) {
    free = Mutex([first])
    self.make = make
  }

  /// Lends an item to `body`; nil when none is free and none can be made.
  func withItem<Result>(_ body: (Item) throws -> Result) rethrows -> Result? {
    guard let item = free.withLock({ $0.popLast() }) ?? make() else { return nil }
    defer { free.withLock { $0.append(item) } }
    return try body(item)
  }
}
