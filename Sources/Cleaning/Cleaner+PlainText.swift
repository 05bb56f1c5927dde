internal import Corpus

/// Plain text: paragraphs between blank lines.
extension Cleaner {
  func plainText(_ text: [UInt8]) -> CleanDocument {
    var writer = BlockWriter(capacity: text.count)
    var title = ""
    var paragraphs = 0
    var paragraph = InlineText()
    var lines = 0
    func end() {
      paragraph.finish()
      if !paragraph.isEmpty {
        // A short first line that stands alone, and does not end like a sentence, is what the text is called.
        if paragraphs == 0, lines == 1, paragraph.bytes.count <= 120,
          let last = paragraph.bytes.last, !".,;:".utf8.contains(last)
        {
          title = String(decoding: paragraph.bytes, as: UTF8.self)
        }
        writer.append(.paragraph, paragraph, group: 0, anchor: nil)
        paragraphs += 1
      }
      paragraph = InlineText()
      lines = 0
    }
    text.withUnsafeBufferPointer { bytes in
      var start = 0
      while start <= bytes.count {
        let stop = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        let line = UnsafeBufferPointer(rebasing: bytes[start..<stop])
        if line.contains(where: { $0 > 0x20 }) {
          if lines > 0 { paragraph.lineBreak() }
          paragraph.append(line)
          lines += 1
        } else {
          end()
        }
        start = stop + 1
      }
    }
    end()
    return CleanDocument(
      title: paragraphs > 1 ? title : "", language: nil, text: String(decoding: writer.text, as: UTF8.self),
      blocks: writer.blocks)
  }
}
