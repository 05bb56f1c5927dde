internal import CLibXML2

/// `xmlInitParser` must have returned before a second thread parses ("to be called in the main thread before…", libxml2's
/// threading notes); a `static let` runs it once.
private enum Library {
  static let isReady: Bool = {
    xmlInitParser()
    return true
  }()
}

extension MarkupDocument {
  /// Parses HTML as leniently as it comes: any bytes give a document.
  ///
  /// - Parameters:
  ///   - html: valid UTF-8, as `TextDecoder` gives it.
  ///   - limits: what it may cost.
  /// - Returns: the page; empty for an empty input.
  /// - Throws: `MarkupError.tooLong`.
  /// - Complexity: linear in the length, but for mismatched end tags in deep nesting, whose work is bounded.
  public static func html(_ html: [UInt8], limits: Limits = Limits()) throws(MarkupError) -> MarkupDocument {
    guard html.count <= limits.bytes else { throw .tooLong(bytes: html.count, limit: limits.bytes) }
    _ = Library.isReady
    let guarded = AttributeGuard.bounded(html, attributes: limits.attributes)
    let builder = MarkupReporter(limits: limits, capacity: guarded.count)
    guard !guarded.isEmpty else { return builder.document() }
    let context = guarded.withUnsafeBytes { buffer in
      htmlCreateMemoryParserCtxt(buffer.bindMemory(to: CChar.self).baseAddress, Int32(buffer.count))
    }
    guard let context else { throw .outOfMemory }
    defer { htmlFreeParserCtxt(context) }
    builder.attach(to: context)
    // Without RECOVER a script ends at any end tag that its strings hold.
    htmlCtxtUseOptions(
      context, Int32(HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NONET.rawValue | HTML_PARSE_IGNORE_ENC.rawValue))
    xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8)
    withExtendedLifetime(builder) { _ = htmlParseDocument(context) }
    return builder.document()
  }

  /// Parses XML, keeping prefixes as part of the names, and going on after faults.
  ///
  /// Entities that a document defines itself are never expanded; HTML's named characters are known.
  ///
  /// - Parameters:
  ///   - xml: valid UTF-8.
  ///   - limits: what it may cost.
  /// - Returns: the page; empty for an empty input.
  /// - Throws: `MarkupError.tooLong`.
  public static func xml(_ xml: [UInt8], limits: Limits = Limits()) throws(MarkupError) -> MarkupDocument {
    guard xml.count <= limits.bytes else { throw .tooLong(bytes: xml.count, limit: limits.bytes) }
    _ = Library.isReady
    let guarded = AttributeGuard.bounded(NamedCharacters.resolved(xml), attributes: limits.attributes)
    let builder = MarkupReporter(limits: limits, capacity: guarded.count)
    guard !guarded.isEmpty else { return builder.document() }
    let context = guarded.withUnsafeBytes { buffer in
      xmlCreateMemoryParserCtxt(buffer.bindMemory(to: CChar.self).baseAddress, Int32(buffer.count))
    }
    guard let context else { throw .outOfMemory }
    defer { xmlFreeParserCtxt(context) }
    builder.attach(to: context)
    // HUGE: what is deep or long is bounded by the limits above; libxml2 would end the page there.
    let options = [XML_PARSE_NONET, XML_PARSE_RECOVER, XML_PARSE_IGNORE_ENC, XML_PARSE_HUGE]
    xmlCtxtUseOptions(context, Int32(options.reduce(0) { $0 | $1.rawValue }))
    xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8)
    withExtendedLifetime(builder) { _ = xmlParseDocument(context) }
    return builder.document()
  }
}

/// Takes libxml2's events, each as one access to the builder.
private final class MarkupReporter {
  private var builder: MarkupBuilder

  init(limits: MarkupDocument.Limits, capacity: Int) { builder = MarkupBuilder(limits: limits, capacity: capacity) }

  /// Makes the parser report here, which must outlive the parse.
  func attach(to context: UnsafeMutablePointer<xmlParserCtxt>) {
    builder.context = context
    guard let sax = context.pointee.sax else { return }
    acervo_xml_empty_sax(sax)
    sax.pointee.startElement = { data, name, attributes in
      MarkupReporter.from(data)?.builder.start(name, attributes)
    }
    sax.pointee.endElement = { data, _ in MarkupReporter.from(data)?.builder.finish() }
    sax.pointee.characters = { data, text, length in MarkupReporter.from(data)?.builder.text(text, length) }
    sax.pointee.ignorableWhitespace = { data, text, length in MarkupReporter.from(data)?.builder.text(text, length) }
    sax.pointee.cdataBlock = { data, text, length in MarkupReporter.from(data)?.builder.text(text, length) }
    sax.pointee.serror = { data, error in
      // A name that HTML 4 did not have (`main`, `section`) costs the parser nothing.
      let isUnknownTag = error?.pointee.code == Int32(XML_HTML_UNKNOWN_TAG.rawValue)
      MarkupReporter.from(data)?.builder.fault(isFree: isUnknownTag)
    }
    sax.pointee.startElementNs = { data, name, prefix, _, _, _, count, _, attributes in
      MarkupReporter.from(data)?.builder.start(name, prefix: prefix, attributes, count: Int(count))
    }
    sax.pointee.endElementNs = { data, _, _, _ in MarkupReporter.from(data)?.builder.finish() }
    context.pointee.userData = Unmanaged.passUnretained(self).toOpaque()
  }

  private static func from(_ data: UnsafeMutableRawPointer?) -> MarkupReporter? {
    data.map { Unmanaged<MarkupReporter>.fromOpaque($0).takeUnretainedValue() }
  }

  func document() -> MarkupDocument { builder.document() }
}

/// Lays the document out, event by event.
private struct MarkupBuilder {
  private let limits: MarkupDocument.Limits
  private var nodes: [MarkupDocument.NodeRecord] = []
  private var attributes: [MarkupDocument.AttributeRecord] = []
  private var bytes: [UInt8] = []
  private var names: [String] = []
  private var tags: [MarkupTag] = []
  private var attributeKinds: [MarkupAttribute] = []
  /// libxml2 interns names, so that a pointer stands for a name; open addressing over the pointers.
  private var slots: [(pointer: UInt, name: UInt16)] = Array(repeating: (0, 0), count: 1024)
  private var used = 0
  private var open: [Int32] = []
  /// Elements that were opened below the depth limit and are not closed yet.
  private var flattened = 0
  private var isTruncated = false
  /// How many more steps along its stack the parser may take for tags that do not fit.
  private var patience = 300_000_000
  var context: UnsafeMutablePointer<xmlParserCtxt>?

  init(limits: MarkupDocument.Limits, capacity: Int) {
    self.limits = limits
    bytes.reserveCapacity(capacity)
    nodes.reserveCapacity(capacity / 24)
    attributes.reserveCapacity(capacity / 48)
    names.append("")
    tags.append(.other)
    attributeKinds.append(.other)
  }

  mutating func document() -> MarkupDocument {
    while let last = open.popLast() { nodes[Int(last)].end = Int32(nodes.count) }
    return MarkupDocument(
      nodes: nodes, attributes: attributes, bytes: bytes, names: names, isTruncated: isTruncated)
  }

  /// XML's start tag: each attribute is five pointers, its name, prefix and namespace and where its value begins and
  /// ends (`startElementNsSAX2Func`).
  mutating func start(
    _ name: UnsafePointer<xmlChar>?, prefix: UnsafePointer<xmlChar>?,
    _ values: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, count: Int
  ) {
    guard let context, let name = xmlDictQLookup(context.pointee.dict, prefix, name) else { return }
    guard open.count < limits.depth else {
      flattened += 1
      return
    }
    let first = Int32(attributes.count)
    for position in stride(from: 0, to: count * 5, by: 5) {
      guard let values, let key = xmlDictQLookup(context.pointee.dict, values[position + 1], values[position]) else {
        continue
      }
      let start = Int32(bytes.count)
      if let value = values[position + 3], let end = values[position + 4] {
        append(value, Int32(end - value))
        mendAmpersands(from: Int(start))
      }
      let index = self.index(of: key)
      attributes.append(.init(kind: attributeKinds[Int(index)], name: index, start: start, end: Int32(bytes.count)))
    }
    open(index(of: name), attributesFrom: first)
  }

  mutating func start(
    _ name: UnsafePointer<xmlChar>?, _ values: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    guard let name, let context else { return }
    if acervo_html_has_body_near(context) == 0 { spend(context) }
    guard open.count < limits.depth else {
      flattened += 1
      return
    }
    let first = Int32(attributes.count)
    if let values {
      var position = 0
      while let attributeName = values[position] {
        let start = Int32(bytes.count)
        if let value = values[position + 1] { append(value, xmlStrlen(value)) }
        let index = self.index(of: attributeName)
        attributes.append(
          .init(kind: attributeKinds[Int(index)], name: index, start: start, end: Int32(bytes.count)))
        position += 2
      }
    }
    open(index(of: name), attributesFrom: first)
  }

  mutating func open(_ index: UInt16, attributesFrom first: Int32) {
    nodes.append(
      .init(
        isText: false, tag: tags[Int(index)], name: index, parent: open.last ?? -1, end: Int32(nodes.count + 1),
        start: first, finish: Int32(attributes.count)))
    open.append(Int32(nodes.count - 1))
  }

  mutating func finish() {
    if flattened > 0 {
      flattened -= 1
    } else if let last = open.popLast() {
      nodes[Int(last)].end = Int32(nodes.count)
    }
  }

  mutating func text(_ text: UnsafePointer<xmlChar>?, _ length: Int32) {
    guard let text, length > 0 else { return }
    if let last = nodes.indices.last, nodes[last].isText, nodes[last].parent == open.last ?? -1 {
      append(text, length)
      nodes[last].finish = Int32(bytes.count)
      return
    }
    let start = Int32(bytes.count)
    append(text, length)
    nodes.append(
      .init(
        isText: true, tag: .other, name: 0, parent: open.last ?? -1, end: Int32(nodes.count + 1), start: start,
        finish: Int32(bytes.count)))
  }

  mutating func append(_ text: UnsafePointer<xmlChar>, _ length: Int32) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text, count: Int(length)))
  }

  /// Without expanding entities, libxml2 hands an attribute's `&amp;` on as `&#38;`, for the tree that it would build
  /// (`xmlParseAttValueInternal`).
  private mutating func mendAmpersands(from start: Int) {
    guard bytes[start...].contains(UInt8(ascii: "&")) else { return }
    let written = Array("#38;".utf8)
    var kept = start
    var next = start
    while next < bytes.count {
      bytes[kept] = bytes[next]
      next += bytes[next] == UInt8(ascii: "&") && bytes[(next + 1)...].starts(with: written) ? 1 + written.count : 1
      kept += 1
    }
    bytes.removeLast(bytes.count - kept)
  }

  mutating func fault(isFree: Bool) {
    if !isFree, let context { spend(context) }
  }

  /// Counts what the parser walks along its stack.
  ///
  /// It does so for every tag that does not fit (`htmlParseEndTag`), which
  /// is quadratic for a page of nothing but open tags followed by wrong end tags.
  mutating func spend(_ context: UnsafeMutablePointer<xmlParserCtxt>) {
    patience -= Int(acervo_html_open_elements(context)) + 1
    if patience < 0, !isTruncated {
      isTruncated = true
      xmlStopParser(context)
    }
  }

  mutating func index(of name: UnsafePointer<xmlChar>) -> UInt16 {
    let pointer = UInt(bitPattern: name)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: (pointer &* 0x9E37_79B9_7F4A_7C15) >> 40) & mask
    while slots[slot].pointer != 0 {
      if slots[slot].pointer == pointer { return slots[slot].name }
      slot = (slot + 1) & mask
    }
    // Beyond this many different names in one page, names are noise.
    guard names.count < Int(UInt16.max) else { return 0 }
    let string = String(decoding: UnsafeBufferPointer(start: name, count: Int(xmlStrlen(name))), as: UTF8.self)
    names.append(string)
    tags.append(MarkupTag.byName[string] ?? .other)
    attributeKinds.append(MarkupAttribute.byName[string] ?? .other)
    let index = UInt16(names.count - 1)
    slots[slot] = (pointer, index)
    used += 1
    if used * 2 > slots.count { grow() }
    return index
  }

  mutating func grow() {
    let old = slots
    slots = Array(repeating: (0, 0), count: old.count * 2)
    let mask = slots.count - 1
    for entry in old where entry.pointer != 0 {
      var slot = Int(truncatingIfNeeded: (entry.pointer &* 0x9E37_79B9_7F4A_7C15) >> 40) & mask
      while slots[slot].pointer != 0 { slot = (slot + 1) & mask }
      slots[slot] = entry
    }
  }
}
