internal import CKernels
internal import Corpus

/// BERT's tokens: cleaned, lower-cased and split into words, each cut greedily into the longest known pieces.
///
/// Ids equal those of Hugging Face's tokenizers for `BertNormalizer`, `BertPreTokenizer` and `WordPiece`.
struct WordPieceTokenizer: Tokenizer {
  /// A word with more characters is unknown as a whole.
  static let longestWord = 100

  let classification: Int32
  let separator: Int32
  let unknown: Int32
  let size: Int
  private let lowercase: Bool
  private let stripAccents: Bool
  private let classes: CharacterClasses
  private let specials: [SpecialToken]
  private let beginnings: PieceTrie
  private let continuations: PieceTrie

  private struct SpecialToken: Sendable {
    let bytes: [UInt8]
    let id: Int32
  }

  /// Reads `vocab.txt` and `tokenizer_config.json`, or `tokenizer.json` where there is no `vocab.txt`.
  init(_ model: ModelFolder) throws(EmbeddingError) {
    let settings = try model.json("tokenizer_config.json")
    var lowercase = settings?["do_lower_case"]?.bool ?? true
    var stripAccents = settings?["strip_accents"]?.bool
    var vocabulary: [(piece: [UInt8], id: Int32)] = []
    var special = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"]
    for (index, name) in ["cls_token", "sep_token", "unk_token", "pad_token", "mask_token"].enumerated() {
      if let token = settings?[name]?.string { special[index] = token }
    }
    let source: String
    if model.has("vocab.txt") {
      source = model.path + "/vocab.txt"
      let file = try MappedFile(path: source)
      guard file.bytes.count <= 64 << 20 else {
        throw EmbeddingError(path: source, message: "has \(file.bytes.count) bytes, more than any vocabulary")
      }
      var lines = file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      if lines.last?.isEmpty == true { lines.removeLast() }
      for (id, line) in zip(Int32(0)..., lines) {
        vocabulary.append((Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line), id))
      }
    } else if let file = try model.json("tokenizer.json", limit: 64 << 20) {
      source = model.path + "/tokenizer.json"
      guard file["model"]?["type"]?.string == "WordPiece", let members = file["model"]?["vocab"]?.members else {
        throw EmbeddingError(
          path: source,
          message: "the tokenizer is \(file["model"]?["type"]?.string ?? "unknown"); supported is WordPiece")
      }
      for member in members {
        guard let id = member.value.int, let id = Int32(exactly: id), id >= 0 else {
          throw EmbeddingError(path: source, message: "the piece “\(member.name)” has no id")
        }
        vocabulary.append((Array(member.name.utf8), id))
      }
      lowercase = file["normalizer"]?["lowercase"]?.bool ?? lowercase
      stripAccents = file["normalizer"]?["strip_accents"]?.bool ?? stripAccents
    } else {
      throw EmbeddingError(
        path: model.path, message: "holds neither vocab.txt nor tokenizer.json; supported are WordPiece vocabularies")
    }

    let bytes = vocabulary.reduce(0) { $0 + $1.piece.count }
    let beginnings = PieceTrie(bytes: bytes)
    let continuations = PieceTrie(bytes: bytes / 4)
    let wanted = special.map { Array($0.utf8) }
    var found = [Int32](repeating: -1, count: wanted.count)
    var size = 0
    for (piece, id) in vocabulary {
      size = max(size, Int(id) + 1)
      for (index, token) in wanted.enumerated() where token == piece { found[index] = id }
      let continues = piece.starts(with: [UInt8(ascii: "#"), UInt8(ascii: "#")]) && piece.count > 2
      let added = piece.withUnsafeBufferPointer { piece in
        continues
          ? continuations.add(UnsafeBufferPointer(rebasing: piece[2...]), id: id) : beginnings.add(piece, id: id)
      }
      guard added else { throw EmbeddingError(path: source, message: "is bigger than any real vocabulary") }
    }
    beginnings.finish()
    continuations.finish()
    if let missing = found.prefix(3).firstIndex(of: -1) {
      throw EmbeddingError(path: source, message: "holds no token \(special[missing])")
    }
    (classification, separator, unknown) = (found[0], found[1], found[2])
    specials = zip(wanted, found).filter { $1 >= 0 && !$0.isEmpty }.map { SpecialToken(bytes: $0, id: $1) }
    self.beginnings = beginnings
    self.continuations = continuations
    self.size = size
    self.lowercase = lowercase
    self.stripAccents = stripAccents ?? lowercase
    classes = CharacterClasses(lowercase: lowercase, stripAccents: self.stripAccents)
  }

  func ids(_ text: some StringProtocol) throws(EmbeddingError) -> [Int32] {
    var text = String(text)
    return text.withUTF8 { bytes in
      var ids: [Int32] = []
      ids.reserveCapacity(bytes.count / 3 + 2)
      ids.append(classification)
      var word = Word()
      var at = 0
      while at < bytes.count {
        let byte = bytes[at]
        if byte == UInt8(ascii: "["), let special = special(bytes, at) {
          flush(&word, into: &ids)
          ids.append(special.id)
          at += special.bytes.count
        } else if byte < 0x80 {
          at += 1
          switch Self.ascii[Int(byte)] {
          case .letter:
            word.append(ascii: lowercase && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
          case .removed: break
          case .space: flush(&word, into: &ids)
          case .punctuation, .ideograph:
            flush(&word, into: &ids)
            word.append(ascii: byte)
            flush(&word, into: &ids)
          }
        } else {
          add(Self.decode(bytes, &at), to: &word, into: &ids)
        }
      }
      flush(&word, into: &ids)
      ids.append(separator)
      return ids
    }
  }

  /// The special token that is written out in a text, if any: the reference takes "[SEP]" for the token itself.
  private func special(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> SpecialToken? {
    specials.first { $0.bytes.count <= bytes.count - at && bytes[at...].starts(with: $0.bytes) }
  }

  /// A word as UTF-8, with its count of characters.
  private struct Word {
    var bytes: [UInt8] = []
    var characters = 0

    mutating func append(ascii byte: UInt8) {
      characters += 1
      // Longer words are unknown whatever they hold.
      if characters <= WordPieceTokenizer.longestWord { bytes.append(byte) }
    }

    mutating func append(_ point: UInt32) {
      characters += 1
      guard characters <= WordPieceTokenizer.longestWord else { return }
      if point < 0x80 {
        bytes.append(UInt8(point))
      } else if point < 0x800 {
        bytes.append(0xC0 | UInt8(point >> 6))
        bytes.append(0x80 | UInt8(point & 0x3F))
      } else if point < 0x10000 {
        bytes.append(0xE0 | UInt8(point >> 12))
        bytes.append(0x80 | UInt8(point >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(point & 0x3F))
      } else {
        bytes.append(0xF0 | UInt8(point >> 18 & 7))
        bytes.append(0x80 | UInt8(point >> 12 & 0x3F))
        bytes.append(0x80 | UInt8(point >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(point & 0x3F))
      }
    }
  }

  private func add(_ point: UInt32, to word: inout Word, into ids: inout [Int32]) {
    let (kind, mapping) = classes.entry(point)
    switch kind {
    case .removed: return
    case .space: return flush(&word, into: &ids)
    case .ideograph, .punctuation: flush(&word, into: &ids)
    case .letter: break
    }
    if mapping > 0 {
      // What a mapping gives may be punctuation itself: the Greek question mark becomes a semicolon.
      classes.forEachMapped(mapping) { part in
        let splits = classes.entry(part).kind
        if splits == .space { return flush(&word, into: &ids) }
        if splits == .punctuation { flush(&word, into: &ids) }
        word.append(part)
        if splits == .punctuation { flush(&word, into: &ids) }
      }
    } else if stripAccents, point >= 0xAC00, point <= 0xD7A3 {
      // Hangul syllables, Unicode 3.12: leading consonant, vowel, trailing consonant.
      let index = point - 0xAC00
      word.append(0x1100 + index / 588)
      word.append(0x1161 + index % 588 / 28)
      if index % 28 != 0 { word.append(0x11A7 + index % 28) }
    } else {
      word.append(point)
    }
    if kind != .letter { flush(&word, into: &ids) }
  }

  private func flush(_ word: inout Word, into ids: inout [Int32]) {
    guard word.characters > 0 else { return }
    defer {
      word.bytes.removeAll(keepingCapacity: true)
      word.characters = 0
    }
    guard word.characters <= Self.longestWord else { return ids.append(unknown) }
    let before = ids.count
    word.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      var at = 0
      while at < bytes.count {
        var id: Int32 = 0
        let trie = at == 0 ? beginnings : continuations
        let length = acervo_piece_trie_longest(trie.handle, base + at, bytes.count - at, &id)
        guard length > 0 else {
          // One piece that is not known makes the whole word unknown.
          ids.removeSubrange(before...)
          return ids.append(unknown)
        }
        ids.append(id)
        at += length
      }
    }
  }

  /// The next code point of valid UTF-8.
  private static func decode(_ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> UInt32 {
    func next() -> UInt32 {
      guard at < bytes.count else { return 0 }
      defer { at += 1 }
      return UInt32(bytes[at])
    }
    let first = next()
    if first < 0xE0 { return (first & 0x1F) << 6 | next() & 0x3F }
    if first < 0xF0 {
      let second = next() & 0x3F
      return (first & 0x0F) << 12 | second << 6 | next() & 0x3F
    }
    let second = next() & 0x3F
    let third = next() & 0x3F
    return (first & 7) << 18 | second << 12 | third << 6 | next() & 0x3F
  }

  private static let ascii: [CharacterClasses.Kind] = (UInt8(0)..<128).map { byte in
    switch byte {
    case 0x09, 0x0A, 0x0D, 0x20: .space
    case 0..<0x20, 0x7F: .removed
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: .letter
    default: .punctuation
    }
  }
}
