internal import Corpus
internal import Markup

extension Cleaner {
  /// Cleans a page in Confluence's storage format: all of it is content.
  func storage(_ storage: [UInt8], _ document: Document) throws -> CleanDocument {
    var limits = MarkupDocument.Limits()
    // Decoding and mending characters may have made the page longer.
    limits.bytes = Self.maximumBytes * 4
    do {
      let (page, language, macros) = try StorageRewriter.rewritten(storage, limits: limits)
      var clean = clean(page, url: document.url, mainContentOnly: false)
      // The page's title is not in its body; the first heading is a part's.
      clean.title = ""
      clean.language = PageFacts.language(language)
      clean.macros = macros
      return clean
    } catch .tooLong(let bytes, _) {
      throw CleaningError.tooLong(url: document.url, bytes: bytes, limit: Self.maximumBytes)
    } catch .outOfMemory {
      throw CleaningError.outOfMemory(url: document.url)
    }
  }
}
