internal import Corpus

/// One entry's header of a tar file: POSIX ustar, of which we write and read what a fixed list of plain files needs.
struct TarHeader: Equatable {
  static let size = 512
  /// Octal digits reach up to here; longer files have their size as GNU's base-256 number.
  private static let octalLimit = 1 << 33
  private static let nameLimit = 100
  private static let prefixPlace = 345
  private static let prefixLimit = 155

  var name: String
  var count: Int
  var modified: Int64

  /// The zeros that follow the content up to a whole block.
  var padding: Int { (Self.size - count % Self.size) % Self.size }

  /// The bytes of the header.
  ///
  /// - Throws: `ByteCodingError` for a name that fits neither into ustar's `name` nor with a part in its `prefix`.
  var bytes: [UInt8] {
    get throws(ByteCodingError) { try encoded() }
  }

  /// `prefix` (up to 155 bytes) and `name` (up to 100), between which a reader puts a “/”.
  private func parts() throws(ByteCodingError) -> (prefix: String, name: String) {
    guard name.utf8.count > Self.nameLimit else { return ("", name) }
    let slash = name.utf8.indices.first { place in
      name.utf8[place] == UInt8(ascii: "/") && name.utf8[place...].count <= Self.nameLimit + 1
    }
    guard let slash, name.utf8[..<slash].count <= Self.prefixLimit else {
      throw ByteCodingError(description: "“\(name)” is too long for a tar file")
    }
    return (String(name[..<slash]), String(name[name.utf8.index(after: slash)...]))
  }

  private func encoded() throws(ByteCodingError) -> [UInt8] {
    let (prefix, name) = try parts()
    var bytes = [UInt8](repeating: 0, count: Self.size)
    func put(_ text: String, at place: Int) {
      bytes.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
    }
    func octal(_ number: Int, digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    put(name, at: 0)
    put(octal(0o644, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    if count < Self.octalLimit {
      put(octal(count, digits: 11), at: 124)
    } else {
      bytes[124] = 0x80
      for place in 0..<8 { bytes[135 - place] = UInt8(truncatingIfNeeded: count >> (8 * place)) }
    }
    put(octal(Int(max(0, modified)), digits: 11), at: 136)
    bytes[156] = UInt8(ascii: "0")
    put("ustar", at: 257)
    put("00", at: 263)
    put(prefix, at: Self.prefixPlace)
    // The checksum counts its own field as spaces.
    put("        ", at: 148)
    put(octal(bytes.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
    bytes[154] = 0
    return bytes
  }
}

extension TarHeader {
  /// Reads a header; nil for a block of zeros, which ends the file.
  ///
  /// - Throws: `ByteCodingError` for what is no header of a plain file with a sound checksum.
  init?(_ bytes: [UInt8]) throws(ByteCodingError) {
    guard bytes.contains(where: { $0 != 0 }) else { return nil }
    guard bytes.count == Self.size, bytes[257..<262].elementsEqual("ustar".utf8) else {
      throw ByteCodingError(description: "it is no tar file")
    }
    var blank = bytes
    blank.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
    guard try Self.octal(bytes[148..<156]) == blank.reduce(0, { $0 + Int($1) }) else {
      throw ByteCodingError(description: "a header of the tar file has another checksum than it says")
    }
    // A link, a folder or a device is nothing that we wrote.
    guard bytes[156] == UInt8(ascii: "0") || bytes[156] == 0 else {
      throw ByteCodingError(description: "the tar file holds something else than plain files")
    }
    let prefix = try Self.text(bytes[Self.prefixPlace..<Self.prefixPlace + Self.prefixLimit])
    let rest = try Self.text(bytes[..<Self.nameLimit])
    let name = prefix.isEmpty ? rest : prefix + "/" + rest
    self.name = name
    if bytes[124] == 0x80 {
      guard bytes[125..<128].allSatisfy({ $0 == 0 }), bytes[128] < 0x80 else {
        throw ByteCodingError(description: "“\(name)” in the tar file is longer than can be")
      }
      count = bytes[128..<136].reduce(0) { $0 << 8 | Int($1) }
    } else {
      count = try Self.octal(bytes[124..<136])
    }
    modified = Int64(try Self.octal(bytes[136..<148]))
  }

  /// A field of text, which a zero ends unless it fills the field.
  private static func text(_ field: ArraySlice<UInt8>) throws(ByteCodingError) -> String {
    guard let text = String(validating: field.prefix { $0 != 0 }, as: UTF8.self) else {
      throw ByteCodingError(description: "a name in the tar file is no UTF-8")
    }
    return text
  }

  private static func octal(_ field: ArraySlice<UInt8>) throws(ByteCodingError) -> Int {
    let digits = field.prefix { $0 != 0 && $0 != 0x20 }
    guard !digits.isEmpty, digits.count <= 12, digits.allSatisfy({ (0x30...0x37).contains($0) }) else {
      throw ByteCodingError(description: "a number in a header of the tar file is not octal")
    }
    return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
  }
}
