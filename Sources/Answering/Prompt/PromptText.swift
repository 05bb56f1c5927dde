/// Makes text of pages and people harmless inside a prompt.
///
/// Text of pages is data. Each of its lines stands behind a mark that it cannot write itself, so it cannot end the
/// place where it stands ("datamarking": Hines et al., "Defending Against Indirect Prompt Injection Attacks With
/// Spotlighting", 2024); what chat templates read as the end of a turn is broken up, and what nobody can see is left
/// out. None of this makes a model disobey what it reads; it only cannot be taken for anything but a source.
enum PromptText {
  /// What stands before each line of a source.
  static let mark = "| "

  /// A source's text, line by line behind the mark.
  static func quoted(_ text: String) -> String {
    lines(plain(text)).map { mark + $0 }.joined(separator: "\n")
  }

  /// Text on one line: a title or a heading.
  static func line(_ text: String) -> String {
    lines(plain(text)).joined(separator: " ")
  }

  /// Text without what cannot be seen, and with the control words of chat templates broken up.
  static func plain(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars where !isHidden(scalar) {
      // <|im_end|>, <|eot_id|>: no template's word has a space there.
      if let previous, isBroken(previous, scalar) { scalars.append(" ") }
      scalars.append(scalar)
      previous = scalar
    }
    return withoutControlWords(String(scalars))
  }

  /// Byte by byte: the words are ASCII, and a mark that joins their last character hides none of them.
  private static func withoutControlWords(_ text: String) -> String {
    var rest = Array(text.utf8)[...]
    var plain: [UInt8] = []
    plain.reserveCapacity(rest.count)
    while let byte = rest.first {
      let mayBegin = byte == UInt8(ascii: "<") || byte == UInt8(ascii: "[")
      if mayBegin, let word = controlWords.first(where: { rest.starts(with: $0.text.utf8) }) {
        plain += word.harmless.utf8
        rest = rest.dropFirst(word.text.utf8.count)
      } else {
        plain.append(byte)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }

  private static func isBroken(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
    first == "<" && second == "|" || first == "|" && second == ">"
      // DeepSeek's words are written with the wide bar.
      || first == "<" && second == "\u{FF5C}" || first == "\u{FF5C}" && second == ">"
  }

  /// The words of templates that are not written with a bar: Llama 2, Mistral, Gemma.
  private static let controlWords: [(text: String, harmless: String)] = [
    ("[INST]", "[ INST ]"), ("[/INST]", "[ /INST ]"), ("<<SYS>>", "< SYS >"), ("<</SYS>>", "< /SYS >"),
    ("<s>", "< s >"), ("</s>", "< /s >"), ("<bos>", "< bos >"), ("<eos>", "< eos >"),
    ("<start_of_turn>", "< start_of_turn >"), ("<end_of_turn>", "< end_of_turn >"),
  ]

  /// Marks of direction, of width zero and tags: they hide text from people, not from models.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: false
    case 0..<0x20, 0x7F: true
    case 0x0B, 0x0C, 0x85, 0x2028, 0x2029: false
    case 0x80..<0xA0: true
    case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF, 0xAD: true
    case 0xE0000...0xE0FFF: true
    default: false
    }
  }

  private static func lines(_ text: String) -> [Substring] {
    // `isNewline` knows LF, CR, CRLF, VT, FF, NEL, and the separators of lines and paragraphs.
    text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline)
  }
}
