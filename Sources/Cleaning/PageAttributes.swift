/// What a page says of itself by name, within limits: a page may repeat itself without end.
struct PageAttributes {
  /// The most names and the most values in all.
  static let maximumCount = 200
  /// The longest value and the longest name, in bytes; what is longer is left out, since a cut value is another one.
  static let maximumBytes = 500

  private(set) var values: [String: [String]] = [:]
  private var count = 0

  /// Adds a value; one that is there already is not added again.
  mutating func add(_ value: String, as name: String) {
    let value = PageFacts.words(value)
    guard !value.isEmpty, value.utf8.count <= Self.maximumBytes, !name.isEmpty, name.utf8.count <= Self.maximumBytes,
      count < Self.maximumCount, !values[name, default: []].contains(value)
    else { return }
    values[name, default: []].append(value)
    count += 1
  }
}
