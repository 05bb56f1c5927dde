/// A text made of a row's columns: `{brand} {name}`.
public struct RowTemplate: Sendable, Hashable {
  /// A part of a template.
  public enum Piece: Sendable, Hashable {
    /// Words of the template itself.
    case text(String)
    /// The value of a column.
    case column(String)
  }

  /// The parts, in order.
  public var pieces: [Piece]
  /// Whether this is a column named by itself in a list: shown as `column: value`.
  public var isNamedColumn = false

  /// Why a text is no template.
  public struct Fault: Error, Equatable {
    /// What is wrong.
    public var reason: String
    /// How to mend it.
    public var mend: String
  }

  /// Makes a template that is one column's value.
  ///
  /// - Parameters:
  ///   - column: the column.
  ///   - isNamed: whether its name stands before its value.
  public init(column: String, isNamed: Bool = false) {
    pieces = [.column(column)]
    isNamedColumn = isNamed
  }

  /// Reads a template: `{column}` is a column's value, `{{` and `}}` are braces, all else is text.
  ///
  /// - Throws: `Fault`.
  public init(_ text: String) throws(Fault) {
    var pieces: [Piece] = []
    var words = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "{" where rest.first == "{", "}" where rest.first == "}":
        words.append(character)
        rest.removeFirst()
      case "{":
        guard let end = rest.firstIndex(of: "}") else {
          throw Fault(reason: "a “{” is not closed", mend: "write {column}, or “{{” for a brace")
        }
        let name = rest[..<end]
        guard !name.isEmpty, !name.contains("{") else {
          throw Fault(reason: "“{\(name)}” names no column", mend: "write {column}, or “{{” for a brace")
        }
        if !words.isEmpty { pieces.append(.text(words)) }
        words = ""
        pieces.append(.column(String(name)))
        rest = rest[rest.index(after: end)...]
      case "}":
        throw Fault(reason: "a “}” closes nothing", mend: "write {column}, or “}}” for a brace")
      default: words.append(character)
      }
    }
    if !words.isEmpty { pieces.append(.text(words)) }
    self.pieces = pieces
  }

  /// The columns that it names, in order.
  public var columns: [String] { pieces.compactMap { if case .column(let name) = $0 { name } else { nil } } }

  /// As it is written.
  public var text: String {
    if isNamedColumn { return columns.first ?? "" }
    return pieces.map { piece in
      switch piece {
      case .text(let text): text.replacing("{", with: "{{").replacing("}", with: "}}")
      case .column(let name): "{\(name)}"
      }
    }.joined()
  }
}
