internal import Corpus

/// The mend for a mistyped name.
enum Suggestion {
  /// The mend for a name that is not among the known ones.
  static func mend(for name: String, among known: [String], introduction: String) -> String {
    let list = known.map { "“\($0)”" }.joined(separator: ", ")
    guard let nearest = Spelling.nearest(to: name, among: known) else { return "\(introduction): \(list)" }
    return "did you mean “\(nearest)”? \(introduction): \(list)"
  }
}
