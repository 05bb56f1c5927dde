import Corpus
import Testing

@Suite struct ByteCodingTests {
  private func read<Value>(_ bytes: [UInt8], _ body: (inout ByteReader) throws -> Value) throws -> Value {
    try bytes.withUnsafeBytes {
      var reader = ByteReader($0)
      return try body(&reader)
    }
  }

  @Test func `What was written reads back`() throws {
    var writer = ByteWriter()
    for number in [0, 1, 127, 128, 300, Int.max] { writer.write(number) }
    writer.write("añil 😀")
    writer.write(fixed: Double(-1.5).bitPattern)
    writer.write(Optional<Int>.none) { $0.write($1) }
    writer.write(Optional(7)) { $0.write($1) }
    writer.write(list: ["a", "b"]) { $0.write($1) }
    writer.write(ContentHash.of("x"))
    writer.write([1, 2, 3] as [UInt8])
    try read(writer.bytes) { (reader: inout ByteReader) throws in
      for number in [0, 1, 127, 128, 300, Int.max] { #expect(try reader.int() == number) }
      #expect(try reader.text() == "añil 😀")
      #expect(Double(bitPattern: try reader.fixed()) == -1.5)
      #expect(try reader.optional { r throws(ByteCodingError) in try r.int() } == nil)
      #expect(try reader.optional { r throws(ByteCodingError) in try r.int() } == 7)
      #expect(try reader.list { r throws(ByteCodingError) in try r.text() } == ["a", "b"])
      #expect(try reader.hash() == ContentHash.of("x"))
      #expect(try reader.byteString() == [1, 2, 3])
      #expect(reader.isAtEnd)
    }
  }

  @Test func `Every cut of a record is an error, never a crash`() throws {
    var writer = ByteWriter()
    writer.write(list: ["uno", "dos"]) { $0.write($1) }
    writer.write(ContentHash.of("x"))
    for length in 0..<writer.bytes.count {
      #expect(throws: ByteCodingError.self) {
        try read(Array(writer.bytes.prefix(length))) { reader in
          _ = try reader.list { r throws(ByteCodingError) in try r.text() }
          _ = try reader.hash()
        }
      }
    }
  }

  @Test(arguments: [
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x05, 0x61], [0x01, 0xFF], [0x80],
  ])
  func `Impossible lengths and invalid UTF-8 are refused`(bytes: [UInt8]) {
    #expect(throws: ByteCodingError.self) { try read(bytes) { try $0.text() } }
  }
}
