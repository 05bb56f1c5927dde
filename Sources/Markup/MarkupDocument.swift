/// A parsed page: elements and texts in document order, in flat arrays.
///
/// A node is a number (`MarkupNode`); the nodes below it are the numbers up to its `end(of:)`. So walking a page, or
/// skipping a part of it, is counting, needs no recursion, and cannot overrun a stack however deep the page is nested.
/// The document is immutable and holds nothing of libxml2, so any thread may read it.
public final class MarkupDocument: Sendable {
  /// What parsing may cost.
  public struct Limits: Sendable, Hashable {
    /// The longest input, in bytes; 20 MB by default.
    public var bytes = 20_000_000
    /// How deep elements may nest; 256 by default.
    ///
    /// What is deeper becomes part of the deepest element, as in browsers.
    public var depth = 256
    /// How many attributes an element may have, the rest being ignored; 500 by default.
    public var attributes = 500

    /// The defaults.
    public init() {}
  }

  /// An attribute: its name, and its value's bytes in `bytes`.
  @usableFromInline
  struct AttributeRecord: Sendable {
    @usableFromInline var kind: MarkupAttribute
    @usableFromInline var name: UInt16
    @usableFromInline var start: Int32
    @usableFromInline var end: Int32
  }

  /// A node: an element with its attributes, or a text with its bytes.
  @usableFromInline
  struct NodeRecord: Sendable {
    @usableFromInline var isText: Bool
    @usableFromInline var tag: MarkupTag
    @usableFromInline var name: UInt16
    @usableFromInline var parent: Int32
    /// The first node after those below this one.
    @usableFromInline var end: Int32
    /// An element's attributes in `attributes`, or a text's bytes in `bytes`.
    @usableFromInline var start: Int32
    @usableFromInline var finish: Int32
  }

  @usableFromInline let nodes: [NodeRecord]
  @usableFromInline let attributes: [AttributeRecord]
  /// UTF-8: texts and attribute values, one after the other.
  public let bytes: [UInt8]
  /// The names that elements and attributes go by.
  let names: [String]
  /// Whether the parser gave up before the end, because going on would have taken too long.
  public let isTruncated: Bool

  init(
    nodes: [NodeRecord], attributes: [AttributeRecord], bytes: [UInt8], names: [String], isTruncated: Bool
  ) {
    self.nodes = nodes
    self.attributes = attributes
    self.bytes = bytes
    self.names = names
    self.isTruncated = isTruncated
  }
}

/// A node of a `MarkupDocument`: its place in document order, from 0.
public typealias MarkupNode = Int

/// Why a page cannot be parsed.
public enum MarkupError: Error, Equatable, CustomStringConvertible {
  /// It is longer than the limit; both in bytes.
  case tooLong(bytes: Int, limit: Int)
  /// libxml2 could not allocate a parser.
  case outOfMemory

  /// What is wrong and what helps.
  public var description: String {
    switch self {
    case .tooLong(let bytes, let limit):
      "the page has \(bytes) bytes, more than the limit of \(limit); exclude it or raise the limit"
    case .outOfMemory: "there is no memory for parsing the page"
    }
  }
}
