/// Builds a document element by element.
///
/// For formats that are rewritten in HTML's terms before their content is read: the result is read like a parsed page,
/// without writing and parsing HTML in between.
public struct MarkupWriter {
  private var nodes: [MarkupDocument.NodeRecord] = []
  private var attributes: [MarkupDocument.AttributeRecord] = []
  private var bytes: [UInt8] = []
  private var names = [""]
  private var nameOf: [MarkupTag: UInt16] = [:]
  private var open: [Int32] = []

  /// About how many bytes the document takes: its text, and what is kept of each element.
  public var count: Int { bytes.count + nodes.count * MemoryLayout<MarkupDocument.NodeRecord>.stride }

  /// Makes an empty document.
  ///
  /// - Parameter capacity: about how many bytes of text will come.
  public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Opens an element in the one that is open.
  ///
  /// - Parameters:
  ///   - tag: what it is.
  ///   - values: its attributes.
  public mutating func open(_ tag: MarkupTag, _ values: [(MarkupAttribute, String)] = []) {
    let first = Int32(attributes.count)
    for (kind, value) in values {
      let start = Int32(bytes.count)
      bytes.append(contentsOf: value.utf8)
      attributes.append(.init(kind: kind, name: 0, start: start, end: Int32(bytes.count)))
    }
    nodes.append(
      .init(
        isText: false, tag: tag, name: name(of: tag), parent: open.last ?? -1, end: Int32(nodes.count + 1),
        start: first, finish: Int32(attributes.count)))
    open.append(Int32(nodes.count - 1))
  }

  /// Appends text to the element that is open.
  ///
  /// - Parameter text: valid UTF-8.
  public mutating func text(_ text: some Collection<UInt8>) {
    guard !text.isEmpty else { return }
    let start = Int32(bytes.count)
    bytes.append(contentsOf: text)
    if let last = nodes.indices.last, nodes[last].isText, nodes[last].parent == open.last ?? -1,
      nodes[last].finish == start
    {
      nodes[last].finish = Int32(bytes.count)
      return
    }
    nodes.append(
      .init(
        isText: true, tag: .other, name: 0, parent: open.last ?? -1, end: Int32(nodes.count + 1), start: start,
        finish: Int32(bytes.count)))
  }

  /// Closes the element that was opened last and is not closed yet.
  public mutating func close() {
    guard let last = open.popLast() else { return }
    nodes[Int(last)].end = Int32(nodes.count)
  }

  /// The document, open elements closed.
  public consuming func document() -> MarkupDocument {
    while let last = open.popLast() { nodes[Int(last)].end = Int32(nodes.count) }
    return MarkupDocument(
      nodes: nodes, attributes: attributes, bytes: bytes, names: names, isTruncated: false)
  }

  private mutating func name(of tag: MarkupTag) -> UInt16 {
    if let known = nameOf[tag] { return known }
    names.append(tag.rawValue)
    let index = UInt16(names.count - 1)
    nameOf[tag] = index
    return index
  }
}
