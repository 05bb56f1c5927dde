/// Builds the tree of a settings file from libyaml's events, and refuses what settings do not need.
struct YAMLTree {
  /// How deep values may nest; the deepest setting known lies at 8.
  static let maximumDepth = 32

  private let events: YAMLEvents
  private let source: SettingsSource
  private(set) var faults: [SettingsFault] = []

  init(_ source: SettingsSource) {
    self.source = source
    events = YAMLEvents(source)
  }

  /// The tree of the only document; nil when the file has no value at all.
  mutating func root() throws(SettingsFault) -> SettingsNode? {
    var root: SettingsNode?
    while true {
      let event = try events.next()
      switch event.kind {
      case .streamEnd: return root
      case .documentStart(let hasDirectives):
        if root != nil {
          throw SettingsFault(
            start: event.range.lowerBound, message: "a second document begins here",
            mend: "remove “---”; settings are one document")
        }
        if hasDirectives {
          refuse(event, "“%” directives are not read in settings", "remove them")
        }
      case .documentEnd, .streamStart: continue
      default: root = try node(event, depth: 1)
      }
    }
  }

  private mutating func refuse(_ event: YAMLEvents.Event, _ message: String, _ mend: String) {
    faults.append(SettingsFault(start: event.range.lowerBound, message: message, mend: mend))
  }

  private mutating func node(_ event: YAMLEvents.Event, depth: Int) throws(SettingsFault) -> SettingsNode {
    guard depth <= Self.maximumDepth else {
      throw SettingsFault(
        start: event.range.lowerBound, message: "the values are nested too deeply",
        mend: "settings nest a few levels; check the brackets")
    }
    if event.hasAnchor { refuse(event, "anchors (“&name”) are not read in settings", "remove it and repeat the value") }
    if event.hasTag { refuse(event, "tags (“!name”) are not read in settings", "remove it") }
    switch event.kind {
    case .alias:
      throw SettingsFault(
        start: event.range.lowerBound, message: "aliases (“*name”) are not read in settings",
        mend: "write the value itself, in quotes if it begins with “*”")
    case .scalar(let text, let isPlain):
      return SettingsNode(content: .scalar(text, isPlain: isPlain), range: event.range)
    case .listStart: return try list(from: event.range.lowerBound, depth: depth)
    default: return try map(from: event.range.lowerBound, depth: depth)
    }
  }

  private mutating func list(from start: Int, depth: Int) throws(SettingsFault) -> SettingsNode {
    var elements: [SettingsNode] = []
    while true {
      let event = try events.next()
      if case .listEnd = event.kind {
        return SettingsNode(content: .list(elements), range: start..<max(start, event.range.upperBound))
      }
      elements.append(try node(event, depth: depth + 1))
    }
  }

  private mutating func map(from start: Int, depth: Int) throws(SettingsFault) -> SettingsNode {
    var entries: [SettingsNode.Entry] = []
    var seen: [String: Int] = [:]
    while true {
      let event = try events.next()
      if case .mapEnd = event.kind {
        return SettingsNode(content: .map(entries), range: start..<max(start, event.range.upperBound))
      }
      let key = try node(event, depth: depth + 1)
      let value = try node(try events.next(), depth: depth + 1)
      guard case .scalar(let name, _) = key.content else {
        refuse(event, "a key must be a word, not \(key.inWords)", "write “key: value”")
        continue
      }
      if name == "<<" {
        refuse(event, "merge keys (“<<”) are not read in settings", "repeat the values")
      } else if let first = seen[name] {
        refuse(
          event, "the key “\(SettingsNode.cut(name))” stands twice, first on line \(source.line(at: first))",
          "keep one of them")
      } else {
        seen[name] = event.range.lowerBound
        entries.append(.init(key: name, keyRange: event.range, value: value))
      }
    }
  }
}
