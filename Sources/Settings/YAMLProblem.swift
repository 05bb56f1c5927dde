/// A complaint of libyaml.
struct YAMLProblem {
  /// libyaml's text (parser.c and scanner.c of 0.2.5).
  var text: String
  /// Where it stumbled: Unicode scalars from 0.
  var place: Int
  /// Where what it was reading began.
  var context: Int?

  /// The complaint in words that a person who does not know YAML's grammar can act on.
  func fault(in source: SettingsSource) -> SettingsFault {
    let scalar = source.scalars.indices.contains(place) ? source.scalars[place] : nil
    if scalar == "{", place > 0, source.scalars[place - 1] == "$" {
      return SettingsFault(
        start: place - 1, message: "“${…}” needs quotes inside braces and brackets", mend: "write \"${NAME}\"")
    }
    if text.contains("cannot start any token") {
      if scalar == "\t" {
        return SettingsFault(start: place, message: "a tab cannot indent", mend: "indent with spaces")
      }
      return SettingsFault(
        start: place, message: "no value begins with “\(scalar.map { String(Character($0)) } ?? "")”",
        mend: "put quotes around the value")
    }
    for (bracket, end) in [("{", "}"), ("[", "]")] where text.contains("did not find expected ',' or '\(end)'") {
      let line = context.map { " of line \(source.line(at: $0))" } ?? ""
      return SettingsFault(
        start: place, message: "the “\(bracket)”\(line) is not closed, or a comma is missing before this",
        mend: "write “\(end)” or “,”")
    }
    if text.contains("could not find expected ':'") {
      return SettingsFault(
        start: context ?? place, message: "“:” is missing after a key",
        mend: "write “key: value”, with a space after the colon")
    }
    for (fragment, message, mend) in Self.explanations where text.contains(fragment) {
      return SettingsFault(start: place, message: message, mend: mend)
    }
    return SettingsFault(start: place, message: "this is not YAML: \(text)", mend: "look at the lines around it")
  }

  /// Fragments of libyaml's texts; a text that has none is passed on as it is.
  private static let explanations: [(fragment: String, message: String, mend: String)] = [
    (
      "mapping values are not allowed", "a “key: value” cannot stand here",
      "check the indentation; a value that holds “: ” needs quotes"
    ),
    (
      "did not find expected key", "the mapping above does not go on like this",
      "bring the key to the indentation of the keys above it; look for an open quote further up"
    ),
    (
      "did not find expected '-' indicator", "the list above does not go on like this",
      "begin each entry with “- ” at the same indentation"
    ),
    (
      "did not find expected node content", "a value is missing here",
      "write a value, or quotes around one that begins so"
    ),
    ("unexpected end of stream", "the file ends inside a quoted text", "close the quotes"),
    ("sequence entries are not allowed", "a list cannot begin here", "put the first “- ” on a line of its own"),
    (
      "unknown escape character", "there is no such escape in a quoted text",
      "write “\\\\” for a backslash, or use single quotes"
    ),
    (
      "did not find expected <document start>", "a second value begins here",
      "settings are one mapping; bring the key to the left margin"
    ),
    (
      "max depth", "the values are nested too deeply", "settings nest a few levels; check the brackets"
    ),
  ]
}
