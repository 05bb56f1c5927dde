internal import Corpus
internal import Markup

/// Lays finished blocks one after the other into a clean document's text.
struct BlockWriter {
  private(set) var text: [UInt8] = []
  private(set) var blocks: [Block] = []
  /// The node at which each block begins.
  private(set) var origins: [MarkupNode] = []
  private var groups: [Int] = []
  /// The list, table or definition list that the last block belongs to; 0 for none.
  private var lastGroup = 0

  init(capacity: Int) { text.reserveCapacity(capacity) }

  /// Appends a block.
  ///
  /// - Parameters:
  ///   - kind: what it is.
  ///   - inline: its words, finished.
  ///   - group: the list or table it belongs to; blocks of one group stand on lines below each other.
  ///   - anchor: the fragment that leads to it.
  ///   - origin: the node at which it begins.
  mutating func append(
    _ kind: Block.Kind, _ inline: InlineText, group: Int, anchor: String?, origin: MarkupNode = 0
  ) {
    guard !inline.isEmpty else { return }
    separate(group)
    let start = text.count
    text.append(contentsOf: inline.bytes)
    let links = inline.links.map {
      Link(range: TextRange(start: start + $0.start, end: start + $0.end), target: $0.target)
    }
    blocks.append(Block(kind: kind, range: TextRange(start: start, end: text.count), anchor: anchor, links: links))
    origins.append(origin)
    groups.append(group)
  }

  /// The same without the blocks that are not to stay.
  func keeping(_ kept: [Bool]) -> BlockWriter {
    var writer = BlockWriter(capacity: text.count)
    for index in blocks.indices where kept[index] {
      let block = blocks[index]
      writer.separate(groups[index])
      let start = writer.text.count
      func moved(_ range: TextRange) -> TextRange {
        TextRange(start: range.start - block.range.start + start, end: range.end - block.range.start + start)
      }
      writer.text.append(contentsOf: text[block.range.start..<block.range.end])
      writer.blocks.append(
        Block(
          kind: block.kind, range: moved(block.range), anchor: block.anchor,
          links: block.links.map { Link(range: moved($0.range), target: $0.target) }))
      writer.origins.append(origins[index])
      writer.groups.append(groups[index])
    }
    return writer
  }

  private mutating func separate(_ group: Int) {
    if !text.isEmpty {
      text.append(0x0A)
      if group == 0 || group != lastGroup { text.append(0x0A) }
    }
    lastGroup = group
  }
}
