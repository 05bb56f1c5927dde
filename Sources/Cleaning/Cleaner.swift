public import Corpus
internal import Markup

/// Turns documents into clean text with structure.
public struct Cleaner: Sendable {
  /// Changes whenever the same bytes would give another clean document.
  public static let version = 4

  /// The longest document that is cleaned, in bytes.
  public static let maximumBytes = 20_000_000

  /// What is kept.
  public struct Options: Sendable, Hashable {
    /// Keep the article only, not the page around it.
    public var mainContentOnly = true
    /// Keep tables, a block per row.
    public var keepsTables = true
    /// Keep code.
    public var keepsCode = true
    /// Keep links beside the text.
    public var keepsLinks = true

    /// The defaults: everything of the main content.
    public init() {}
  }

  /// What is kept.
  public let options: Options

  /// Makes a cleaner.
  public init(options: Options = Options()) {
    self.options = options
  }

  /// Cleans one document: what its bytes say, whatever its source knows beside them.
  ///
  /// - Throws: `CleaningError` when nothing can be read (empty, binary, over the limits).
  /// - Complexity: linear in the document's length.
  public func clean(_ document: Document) throws -> CleanDocument {
    guard document.body.count <= Self.maximumBytes else {
      throw CleaningError.tooLong(url: document.url, bytes: document.body.count, limit: Self.maximumBytes)
    }
    guard document.body.contains(where: { $0 > 0x20 }) else { throw CleaningError.empty(url: document.url) }
    let decoded = TextDecoder.decode(
      document.body, transportCharset: document.charset, isHTML: document.mediaType == .html)
    guard !isBinary(document.body, decoded) else { throw CleaningError.binary(url: document.url) }
    let clean =
      switch document.mediaType {
      case .html: try html(decoded.utf8, document)
      case .markdown: try markdown(decoded.utf8, document)
      case .plainText: plainText(decoded.utf8)
      case .confluenceStorage: try storage(decoded.utf8, document)
      }
    guard !clean.blocks.isEmpty || !clean.title.isEmpty || !(document.title ?? "").isEmpty else {
      throw CleaningError.empty(url: document.url)
    }
    return clean
  }

  private func isBinary(_ bytes: [UInt8], _ decoded: DecodedText) -> Bool {
    if decoded.replacements * 10 > decoded.utf8.count, decoded.replacements > 20 { return true }
    guard decoded.charset != .utf16BigEndian, decoded.charset != .utf16LittleEndian else { return false }
    let sample = bytes.prefix(8192)
    var odd = 0
    for byte in sample where byte < 0x09 || (byte > 0x0D && byte < 0x20 && byte != 0x1B) { odd += 1 }
    return odd * 20 > sample.count
  }

  func html(_ html: [UInt8], _ document: Document) throws -> CleanDocument {
    let page = try parsed(html, document.url)
    return clean(page, url: document.url, mainContentOnly: options.mainContentOnly)
  }

  func parsed(_ html: [UInt8], _ url: String) throws -> MarkupDocument {
    var limits = MarkupDocument.Limits()
    // Decoding may have made the page longer.
    limits.bytes = Self.maximumBytes * 4
    do {
      return try MarkupDocument.html(html, limits: limits)
    } catch .tooLong(let bytes, _) {
      throw CleaningError.tooLong(url: url, bytes: bytes, limit: Self.maximumBytes)
    } catch .outOfMemory {
      throw CleaningError.outOfMemory(url: url)
    }
  }

  func clean(_ page: MarkupDocument, url: String, mainContentOnly: Bool) -> CleanDocument {
    guard page.count > 0 else { return CleanDocument(title: "", language: nil, text: "", blocks: []) }
    let analysis = PageAnalysis(page: page, mainContentOnly: mainContentOnly)
    let facts = PageFacts(page: page, analysis: analysis)
    let pageBase = LinkResolution(base: url)
    let base = facts.base.flatMap { LinkResolution.target($0, base: pageBase) }.flatMap { LinkResolution(base: $0) }
    let content = content(of: page, analysis, base: base ?? pageBase, mainContentOnly: mainContentOnly)
    return CleanDocument(
      title: facts.title, language: facts.language, text: String(decoding: content.text, as: UTF8.self),
      blocks: content.blocks,
      canonicalURL: facts.canonical.flatMap { LinkResolution.target($0, base: base ?? pageBase) },
      attributes: facts.attributes.values)
  }

  private func content(
    of page: MarkupDocument, _ analysis: PageAnalysis, base: LinkResolution?, mainContentOnly: Bool
  ) -> BlockWriter {
    if mainContentOnly {
      let writer = ruled(page, analysis, base: base)
      // Better everything than nothing.
      if !writer.blocks.isEmpty {
        let features = BlockFeatures(page: page, analysis: analysis, content: writer)
        return BlockModel.kept(features, writer.blocks).map { writer.keeping($0) } ?? writer
      }
    }
    var walk = ContentWalk(page: page, analysis: analysis, options: options, base: base, keepsBoilerplate: true)
    walk.run(0)
    return walk.writer
  }

  /// What the rules keep.
  private func ruled(_ page: MarkupDocument, _ analysis: PageAnalysis, base: LinkResolution?) -> BlockWriter {
    var walk = ContentWalk(page: page, analysis: analysis, options: options, base: base, keepsBoilerplate: false)
    walk.run(MainContent(analysis: analysis).root())
    return walk.writer
  }

  /// The blocks that the rules keep of an HTML page with all that is measured of them: what the model of blocks is
  /// trained on.
  ///
  /// - Throws: `CleaningError` when the page cannot be parsed.
  public func measuredBlocks(of document: Document) throws -> [(text: String, measures: [Float])] {
    let decoded = TextDecoder.decode(document.body, transportCharset: document.charset, isHTML: true)
    let page = try parsed(decoded.utf8, document.url)
    guard page.count > 0 else { return [] }
    let analysis = PageAnalysis(page: page, mainContentOnly: true)
    let writer = ruled(page, analysis, base: nil)
    let features = BlockFeatures(page: page, analysis: analysis, content: writer)
    return writer.blocks.enumerated().map { index, block in
      var row: [Float] = []
      features.append(index, to: &row)
      return (String(decoding: writer.text[block.range.start..<block.range.end], as: UTF8.self), row)
    }
  }
}
