extension SettingsSource {
  /// How many characters of a long line are shown.
  private static let window = 120

  /// A line as it is shown: secrets as dots, control characters replaced, a window around the place.
  func excerpt(of line: Range<Int>, at place: Int, hiding hidden: [Range<Int>]) -> SettingsError.Excerpt {
    // No character that is shown lies further from the place than this.
    let near = max(line.lowerBound, place - 4 * Self.window)..<min(line.upperBound, place + 4 * Self.window)
    let hidden = (hidden + secrets(in: line)).map { $0.clamped(to: near) }.filter { !$0.isEmpty }
    var shown: [Character] = []
    var caret = 0
    var index = near.lowerBound
    for character in text(near) {
      if index <= place { caret = shown.count }
      if let secret = hidden.first(where: { $0.contains(index) }) {
        if index == secret.lowerBound { shown.append(contentsOf: "•••") }
      } else {
        shown.append(Self.isControl(character) ? "\u{FFFD}" : character)
      }
      index += character.unicodeScalars.count
    }
    if place >= index { caret = shown.count }
    var first = near.lowerBound - line.lowerBound
    if first > 0 || shown.count > Self.window {
      first = max(0, min(caret - Self.window / 2, shown.count - Self.window))
      shown = Array(shown[first..<min(first + Self.window, shown.count)])
      caret -= first
    }
    let isCut = near.lowerBound > line.lowerBound || first > 0
    let indent = shown.prefix(caret).map { $0 == "\t" ? "\t" : Self.isWide($0) ? "  " : " " }.joined()
    return .init(line: (isCut ? "…" : "") + String(shown), indent: (isCut ? " " : "") + indent)
  }

  /// The values of settings known as secret, where they stand on the line of their key.
  ///
  /// This needs no parsed tree, so that it also holds in a file that is not YAML.
  private func secrets(in line: Range<Int>) -> [Range<Int>] {
    guard !secretNames.isEmpty else { return [] }
    let between: Set<Unicode.Scalar> = [" ", "\"", "'"]
    var found: [Range<Int>] = []
    for colon in line where scalars[colon] == ":" {
      var end = colon
      while end > line.lowerBound, between.contains(scalars[end - 1]) { end -= 1 }
      let isSecret = secretNames.contains { name in
        let letters = name.unicodeScalars
        guard letters.count <= end - line.lowerBound else { return false }
        return scalars[(end - letters.count)..<end].elementsEqual(letters)
      }
      guard isSecret else { continue }
      var start = colon + 1
      while start < line.upperBound, between.contains(scalars[start]) { start += 1 }
      let isVariable = scalars[start..<line.upperBound].starts(with: ["$", "{"])
      if start < line.upperBound, !isVariable { found.append(start..<line.upperBound) }
    }
    return found
  }

  private static func isControl(_ character: Character) -> Bool {
    character != "\t" && character.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  /// Whether a terminal gives the character two columns (the East Asian wide blocks and emoji).
  private static func isWide(_ character: Character) -> Bool {
    guard let scalar = character.unicodeScalars.first?.value else { return false }
    return switch scalar {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
