internal import CLibYAML

/// libyaml's events over a text, one at a time.
///
/// libyaml counts its marks in characters (`yaml_mark_t.index`), which are Unicode scalars, and so do we.
final class YAMLEvents {
  enum Kind {
    case streamStart
    case streamEnd
    case documentStart(hasDirectives: Bool)
    case documentEnd
    case alias
    case scalar(String, isPlain: Bool)
    case listStart
    case listEnd
    case mapStart
    case mapEnd
  }

  struct Event {
    var kind: Kind
    var range: Range<Int>
    var hasAnchor = false
    var hasTag = false
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  private let source: SettingsSource

  init(_ source: SettingsSource) {
    self.source = source
    let utf8 = Array(source.text(0..<source.scalars.count).utf8)
    // libyaml reads the input while it parses, so the bytes live as long as the parser.
    bytes = .allocate(capacity: max(utf8.count, 1))
    _ = bytes.initialize(from: utf8)
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else {
      // Only an exhausted heap leads here; no input does.
      preconditionFailure("libyaml cannot start: out of memory")
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, utf8.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    bytes.deallocate()
  }

  func next() throws(SettingsFault) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw fault() }
    defer { yaml_event_delete(&event) }
    let start = event.start_mark.index
    let range = start..<max(start, event.end_mark.index)
    switch event.type {
    case YAML_STREAM_START_EVENT: return Event(kind: .streamStart, range: range)
    case YAML_DOCUMENT_START_EVENT:
      let document = event.data.document_start
      let hasDirectives =
        document.version_directive != nil || document.tag_directives.start != document.tag_directives.end
      return Event(kind: .documentStart(hasDirectives: hasDirectives), range: range)
    case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, range: range)
    case YAML_ALIAS_EVENT: return Event(kind: .alias, range: range)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return Event(
        kind: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), range: range,
        hasAnchor: scalar.anchor != nil, hasTag: scalar.tag != nil)
    case YAML_SEQUENCE_START_EVENT:
      let list = event.data.sequence_start
      return Event(kind: .listStart, range: range, hasAnchor: list.anchor != nil, hasTag: list.tag != nil)
    case YAML_SEQUENCE_END_EVENT: return Event(kind: .listEnd, range: range)
    case YAML_MAPPING_START_EVENT:
      let map = event.data.mapping_start
      return Event(kind: .mapStart, range: range, hasAnchor: map.anchor != nil, hasTag: map.tag != nil)
    case YAML_MAPPING_END_EVENT: return Event(kind: .mapEnd, range: range)
    default: return Event(kind: .streamEnd, range: range)
    }
  }

  /// libyaml's complaint, put so that a person who does not know YAML's grammar can act on it.
  private func fault() -> SettingsFault {
    let place = parser.pointee.problem_mark.index
    let context = parser.pointee.context == nil ? nil : parser.pointee.context_mark.index
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "no reason given"
    return YAMLProblem(text: problem, place: place, context: context).fault(in: source)
  }
}
