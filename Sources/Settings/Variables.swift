/// `${NAME}` and `${NAME:-default}` in a string; `$${` stands for `${`.
struct Variables {
  /// A piece of a string.
  enum Piece: Equatable {
    case text(String)
    /// `occurrence`: the how-manieth `${` of the string it is, from 0.
    case variable(name: String, fallback: String?, occurrence: Int)
    case malformed(String, occurrence: Int)
  }

  let pieces: [Piece]

  var hasVariables: Bool {
    pieces.contains { if case .text = $0 { false } else { true } }
  }

  init(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    var pieces: [Piece] = []
    var plain = String.UnicodeScalarView()
    var index = 0
    var occurrence = 0
    func string(_ range: Range<Int>) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[range])
      return String(view)
    }
    while index < scalars.count {
      guard scalars[index] == "$" else {
        plain.append(scalars[index])
        index += 1
        continue
      }
      let rest = scalars[(index + 1)...].prefix(2)
      if rest.elementsEqual(["$", "{"]) {
        plain.append(contentsOf: ["$", "{"])
        index += 3
        occurrence += 1
        continue
      }
      guard rest.first == "{" else {
        plain.append("$")
        index += 1
        continue
      }
      if !plain.isEmpty { pieces.append(.text(String(plain))) }
      plain = .init()
      let end = scalars[index...].firstIndex(of: "}") ?? scalars.count
      let inner = index + 2..<end
      let name = scalars[inner].prefix {
        $0 == "_" || $0.isASCII && $0.properties.numericType != nil || $0.isASCII && $0.properties.isAlphabetic
      }
      let after = scalars[name.endIndex..<inner.upperBound]
      let isName = !name.isEmpty && name.first?.properties.numericType == nil && end < scalars.count
      if isName, after.isEmpty {
        pieces.append(.variable(name: string(name.indices), fallback: nil, occurrence: occurrence))
      } else if isName, after.starts(with: [":", "-"]), !after.contains("{") {
        let fallback = string(after.startIndex + 2..<after.endIndex)
        pieces.append(.variable(name: string(name.indices), fallback: fallback, occurrence: occurrence))
      } else {
        pieces.append(.malformed(string(index..<min(end + 1, scalars.count)), occurrence: occurrence))
      }
      occurrence += 1
      index = end + 1
    }
    if !plain.isEmpty { pieces.append(.text(String(plain))) }
    self.pieces = pieces
  }
}
