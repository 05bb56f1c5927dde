/// What the values of a field are.
public enum FieldKind: String, Sendable, Hashable, CaseIterable {
  /// Exact words or phrases, compared by their bytes.
  case keyword
  /// Numbers.
  case number
  /// Dates and moments.
  case date
}

extension FieldKind {
  /// Fields that every collection has besides `source`, `language` and `url`; sources and pages fill them.
  public static let standard: [String: FieldKind] = [
    "author": .keyword, "date": .date, "label": .keyword, "space": .keyword,
  ]

  /// Names that say what a document is, not what stands in it: no pipeline can declare them.
  public static let identity: Set<String> = ["language", "source", "url"]
}

extension FieldValue {
  /// What kind of value it is.
  public var kind: FieldKind {
    switch self {
    case .keyword: .keyword
    case .number: .number
    case .date: .date
    }
  }

  /// Reads a value as a page writes it; nil for what is no value of that kind.
  ///
  /// A date that names a year, a month or a day stands for its first second.
  public init?(_ text: String, as kind: FieldKind) {
    switch kind {
    case .keyword:
      guard !text.isEmpty, text.utf8.count <= 500 else { return nil }
      self = .keyword(text)
    case .number:
      let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
      guard isDecimal, let number = Double(text), number.isFinite else { return nil }
      self = .number(number)
    case .date:
      guard let span = Moment.span(text) else { return nil }
      self = .date(span.lowerBound)
    }
  }
}
