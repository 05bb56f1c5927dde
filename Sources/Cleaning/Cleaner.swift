public import Corpus

/// Turns documents into clean text with structure.
public struct Cleaner: Sendable {
  /// Changes whenever the same bytes would give another clean document.
  public static let version = 1

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

  /// Cleans one document.
  ///
  /// - Throws: `CleaningError` when nothing can be read (empty, binary, over the limits).
  public func clean(_ document: Document) throws -> CleanDocument {
    preconditionFailure("under construction")
  }
}
