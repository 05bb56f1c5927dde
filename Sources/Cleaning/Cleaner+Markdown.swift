internal import CCommonMark
internal import Corpus
internal import Glibc
internal import Markup

/// Markdown: through cmark-gfm to HTML, and on as a page whose whole content is kept.
extension Cleaner {
  func markdown(_ text: [UInt8], _ document: Document) throws -> CleanDocument {
    let (front, body) = FrontMatter.split(text)
    let page = try parsed(try CommonMark.html(body, url: document.url), document.url)
    var clean = clean(page, url: document.url, mainContentOnly: false)
    var slugs = HeadingSlugs()
    for index in clean.blocks.indices {
      guard case .heading = clean.blocks[index].kind, let words = clean.text.slice(clean.blocks[index].range) else {
        continue
      }
      clean.blocks[index].anchor = slugs.next(for: String(words))
    }
    if let title = front.title { clean.title = PageFacts.words(title) }
    clean.language = PageFacts.language(front.language)
    // What raw HTML in the text says is not the file's own word.
    clean.attributes = front.attributes.values
    return clean
  }
}

/// The `---` lines before a Markdown text.
struct FrontMatter {
  private(set) var title: String?
  private(set) var language: String?
  private(set) var attributes = PageAttributes()

  /// Takes the front matter off a text: texts and lists of texts at its top level are read, what is nested is not.
  static func split(_ text: [UInt8]) -> (FrontMatter, ArraySlice<UInt8>) {
    var front = FrontMatter()
    var lines = text[...]
    guard nextLine(&lines) == "---" else { return (front, text[...]) }
    var name = ""
    for _ in 0..<500 {
      guard let line = nextLine(&lines) else { return (FrontMatter(), text[...]) }
      if line == "---" || line == "..." { return (front, lines) }
      let words = line.drop { $0 == " " || $0 == "\t" }
      if words.hasPrefix("- ") {
        // An entry of the list that the name before it has.
        front.note(words.dropFirst(2), as: name)
      } else if let colon = line.firstIndex(of: ":"), words.startIndex == line.startIndex {
        name = line[..<colon].lowercased()
        front.note(line[line.index(after: colon)...], as: name)
      } else {
        name = ""
      }
    }
    return (FrontMatter(), text[...])
  }

  private mutating func note(_ written: Substring, as name: String) {
    let written = written.drop { $0.isWhitespace }
    if written.hasPrefix("["), written.hasSuffix("]") {
      for entry in written.dropFirst().dropLast().split(separator: ",") { note(entry, as: name) }
      return
    }
    guard let value = Self.unquoted(written) else { return }
    attributes.add(value, as: name)
    switch name {
    case "title": title = value
    case "lang", "language", "locale": language = value
    default: break
    }
  }

  private static func nextLine(_ lines: inout ArraySlice<UInt8>) -> String? {
    guard !lines.isEmpty else { return nil }
    let end = lines.firstIndex(of: 0x0A) ?? lines.endIndex
    var line = String(decoding: lines[lines.startIndex..<end].prefix(2000), as: UTF8.self)
    while let last = line.last, last.isWhitespace { line.removeLast() }
    lines = end < lines.endIndex ? lines[(end + 1)...] : lines[lines.endIndex...]
    return line
  }

  private static func unquoted(_ value: Substring) -> String? {
    var value = value.drop { $0.isWhitespace }
    while value.last?.isWhitespace == true { value.removeLast() }
    if let quote = value.first, quote == "\"" || quote == "'", value.count > 1, value.last == quote {
      value = value.dropFirst().dropLast()
    }
    return value.isEmpty ? nil : String(value)
  }
}

/// GitHub's fragments for headings: lower case, spaces to hyphens, punctuation dropped, numbered when repeated.
struct HeadingSlugs {
  private var used: [String: Int] = [:]

  mutating func next(for heading: String) -> String? {
    var slug = ""
    for character in heading.lowercased().unicodeScalars {
      if character == " " {
        slug.append("-")
      } else if character.properties.isAlphabetic || character.properties.numericType != nil || character == "-"
        || character == "_" || character.properties.generalCategory == .nonspacingMark
      {
        slug.unicodeScalars.append(character)
      }
    }
    guard !slug.isEmpty else { return nil }
    let count = used[slug, default: 0]
    used[slug] = count + 1
    return count == 0 ? slug : "\(slug)-\(count)"
  }
}

/// cmark-gfm with GitHub's extensions.
private enum CommonMark {
  /// The extensions are registered once for the process; cmark-gfm keeps them in a global list.
  private static let isReady: Bool = {
    cmark_gfm_core_extensions_ensure_registered()
    return true
  }()

  static func html(_ text: ArraySlice<UInt8>, url: String) throws(CleaningError) -> [UInt8] {
    _ = isReady
    // Raw HTML is kept: scripts in it are dropped as they are from any page.
    let options = Int32(CMARK_OPT_UNSAFE)
    guard let parser = cmark_parser_new(options) else { throw .outOfMemory(url: url) }
    defer { cmark_parser_free(parser) }
    for name in ["table", "strikethrough", "autolink", "tasklist"] {
      if let syntax = cmark_find_syntax_extension(name) { cmark_parser_attach_syntax_extension(parser, syntax) }
    }
    text.withUnsafeBytes { buffer in
      cmark_parser_feed(parser, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count)
    }
    guard let root = cmark_parser_finish(parser) else { throw .outOfMemory(url: url) }
    defer { cmark_node_free(root) }
    guard let html = cmark_render_html(root, options, cmark_parser_get_syntax_extensions(parser)) else {
      throw .outOfMemory(url: url)
    }
    defer { free(html) }
    return Array(UnsafeRawBufferPointer(start: html, count: strlen(html)))
  }
}
