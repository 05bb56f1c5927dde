internal import CStemmer
internal import Synchronization

/// The Snowball algorithm of each language that has one, by BCP 47 primary subtag.
let snowballAlgorithms: [String: String] = [
  "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
  "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
  "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
  "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
  "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
]

/// One Snowball stemmer and the bytes it works on.
///
/// libstemmer says that a result "will become invalid when the stemmer is called again": one thread at a time.
final class StemmerHandle {
  private let stemmer: OpaquePointer
  private let rules: StemRules
  private var word: [UInt8] = []

  /// Makes the stemmer of a language; nil where Snowball has none.
  init?(language: String) {
    guard let algorithm = snowballAlgorithms[language], let stemmer = sb_stemmer_new(algorithm, "UTF_8") else {
      return nil
    }
    self.stemmer = stemmer
    rules = StemRules(language: language)
  }

  deinit {
    sb_stemmer_delete(stemmer)
  }

  /// Appends the folded stem of a word.
  func stem(_ bytes: UnsafeBufferPointer<UInt8>, into result: inout [UInt8]) {
    word.removeAll(keepingCapacity: true)
    if rules.foldsFirst {
      Folding.fold(bytes, into: &word)
      rules.restoreAccents(&word)
    } else {
      Folding.lower(bytes, into: &word)
    }
    word.withUnsafeBufferPointer { word in
      let stem = sb_stemmer_stem(stemmer, word.baseAddress, Int32(clamping: word.count))
      let length = Int(sb_stemmer_length(stemmer))
      // Without memory for a stem the word stands for itself.
      guard let stem, length > 0 else { return Folding.fold(word, into: &result) }
      Folding.fold(UnsafeBufferPointer(start: stem, count: length), into: &result)
    }
  }
}

/// How a language's words are spelled for its stemmer; docs/decisions/0007 says why.
struct StemRules {
  /// Whether accents go before stemming, so that words with and without them have one stem.
  let foldsFirst: Bool
  private let isSpanish: Bool

  init(language: String) {
    foldsFirst = language == "es" || language == "en"
    isSpanish = language == "es"
  }

  /// Puts the accents back that Snowball's Spanish endings need: `-ion` → `-ión`, `-logia` → `-logía`.
  func restoreAccents(_ word: inout [UInt8]) {
    guard isSpanish, word.count > 4 else { return }
    let end = word.count
    if word[end - 1] == UInt8(ascii: "n"), word[end - 2] == UInt8(ascii: "o"), word[end - 3] == UInt8(ascii: "i") {
      switch word[end - 4] {
      case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): break
      default: word.replaceSubrange((end - 2)..<(end - 1), with: [0xC3, 0xB3])
      }
      return
    }
    let plural = word[end - 1] == UInt8(ascii: "s") ? 1 : 0
    let stemEnd = end - plural
    if stemEnd > 5, word[(stemEnd - 5)..<stemEnd].elementsEqual("logia".utf8) {
      word.replaceSubrange((stemEnd - 2)..<(stemEnd - 1), with: [0xC3, 0xAD])
    }
  }
}
