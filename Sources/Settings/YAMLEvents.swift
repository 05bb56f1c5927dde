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

  init(_ utf8: [UInt8]) {
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
    let mark = parser.pointee.problem_mark.index
    guard let problem = parser.pointee.problem.map({ String(cString: $0) }) else {
      return SettingsFault(start: mark, message: "this is not YAML", mend: "look at the lines around it")
    }
    for (fragment, message, mend) in Self.explanations where problem.contains(fragment) {
      return SettingsFault(start: mark, message: message, mend: mend)
    }
    return SettingsFault(start: mark, message: "this is not YAML: \(problem)", mend: "look at the lines around it")
  }

  /// Fragments of libyaml's problem texts (parser.c and scanner.c of 0.2.5); an unknown text is passed on as it is.
  private static let explanations: [(String, String, String)] = [
    (
      "mapping values are not allowed", "a “key: value” cannot stand here",
      "check the indentation; a value that holds “: ” needs quotes"
    ),
    (
      "did not find expected key", "the mapping above does not go on like this",
      "bring the key to the indentation of the keys above it"
    ),
    (
      "did not find expected '-' indicator", "the list above does not go on like this",
      "begin each entry with “- ” at the same indentation"
    ),
    ("did not find expected ',' or '}'", "“,” or “}” is missing before this", "close the “{” or put a comma"),
    ("did not find expected ',' or ']'", "“,” or “]” is missing before this", "close the “[” or put a comma"),
    (
      "did not find expected node content", "a value is missing here",
      "write a value, or quotes around one that begins so"
    ),
    ("could not find expected ':'", "“:” is missing after a key", "write “key: value”, with a space after the colon"),
    (
      "cannot start any token", "no value begins with this character",
      "indent with spaces, not tabs; put quotes around the value"
    ),
    ("unexpected end of stream", "the file ends inside a quoted string", "close the quotes"),
    ("sequence entries are not allowed", "a list cannot begin here", "put the first “- ” on a line of its own"),
    (
      "unknown escape character", "there is no such escape in a quoted string",
      "write “\\\\” for a backslash, or use single quotes"
    ),
    ("exceeded max depth", "the values are nested too deeply", "settings nest a few levels; check the brackets"),
  ]
}
