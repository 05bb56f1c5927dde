extension MarkupDocument {
  /// How many nodes there are.
  @inlinable public var count: Int { nodes.count }

  /// Whether a node is a text.
  @inlinable public func isText(_ node: MarkupNode) -> Bool { nodes[node].isText }

  /// An element's tag; `other` for a text.
  @inlinable public func tag(of node: MarkupNode) -> MarkupTag { nodes[node].tag }

  /// The first node after those below a node; `node + 1` where there are none.
  @inlinable public func end(of node: MarkupNode) -> MarkupNode { Int(nodes[node].end) }

  /// The element that a node stands in; nil for the outermost.
  @inlinable public func parent(of node: MarkupNode) -> MarkupNode? {
    let parent = nodes[node].parent
    return parent < 0 ? nil : Int(parent)
  }

  /// A text's bytes, as a range of `bytes`; empty for an element.
  @inlinable public func textRange(of node: MarkupNode) -> Range<Int> {
    let record = nodes[node]
    return record.isText ? Int(record.start)..<Int(record.finish) : 0..<0
  }

  /// An attribute's value, as a range of `bytes`; nil where the element does not have it.
  @inlinable public func valueRange(of attribute: MarkupAttribute, in node: MarkupNode) -> Range<Int>? {
    let record = nodes[node]
    guard !record.isText else { return nil }
    for index in Int(record.start)..<Int(record.finish) where attributes[index].kind == attribute {
      return Int(attributes[index].start)..<Int(attributes[index].end)
    }
    return nil
  }

  /// Whether an element has any attribute.
  @inlinable public func hasAttributes(_ node: MarkupNode) -> Bool {
    !nodes[node].isText && nodes[node].start < nodes[node].finish
  }

  /// An attribute's value; nil where the element does not have it, empty where it has no value.
  public func value(of attribute: MarkupAttribute, in node: MarkupNode) -> String? {
    valueRange(of: attribute, in: node).map { string(in: $0) }
  }

  /// The value of an attribute by name, for names that `MarkupAttribute` does not list.
  public func value(named name: String, in node: MarkupNode) -> String? {
    if let known = MarkupAttribute.byName[name] { return value(of: known, in: node) }
    let record = nodes[node]
    guard !record.isText else { return nil }
    for index in Int(record.start)..<Int(record.finish) where names[Int(attributes[index].name)] == name {
      return string(in: Int(attributes[index].start)..<Int(attributes[index].end))
    }
    return nil
  }

  /// An element's name, lower case in HTML, with its prefix in XML; empty for a text.
  public func name(of node: MarkupNode) -> String {
    nodes[node].isText ? "" : names[Int(nodes[node].name)]
  }

  /// All text below a node (or the node's own, if it is a text), as it stands in the page.
  public func text(of node: MarkupNode) -> String {
    if nodes[node].isText { return string(in: textRange(of: node)) }
    var collected: [UInt8] = []
    for inner in node..<end(of: node) where nodes[inner].isText {
      collected.append(contentsOf: bytes[textRange(of: inner)])
    }
    return String(decoding: collected, as: UTF8.self)
  }

  /// Some of `bytes` as a string.
  public func string(in range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// The elements in document order.
  public var elements: some Sequence<MarkupNode> {
    nodes.indices.lazy.filter { [self] in !nodes[$0].isText }
  }

  /// The nodes directly below a node, in document order.
  public func children(of node: MarkupNode) -> some Sequence<MarkupNode> {
    let last = end(of: node)
    return sequence(state: node + 1) { [self] next -> MarkupNode? in
      guard next < last else { return nil }
      defer { next = end(of: next) }
      return next
    }
  }
}
