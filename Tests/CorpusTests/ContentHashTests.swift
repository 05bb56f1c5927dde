import Corpus
import Testing

@Suite struct ContentHashTests {
  @Test func `The digest is SHA-256's`() {
    // FIPS 180-2, appendix B.1.
    #expect(
      ContentHash.of("abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func `Hexadecimal digits read back, anything else does not`() {
    let hash = ContentHash.of("acervo")
    #expect(ContentHash(hex: hash.hex) == hash)
    #expect(ContentHash(hex: hash.hex.uppercased()) == hash)
    #expect(ContentHash(hex: String(hash.hex.dropLast())) == nil)
    #expect(ContentHash(hex: String(hash.hex.dropLast()) + "g") == nil)
    #expect(ContentHash(bytes: [1, 2, 3]) == nil)
  }

  @Test func `The bytes read back, and hashes are ordered as their bytes are`() throws {
    let hashes = (0..<200).map { ContentHash.of("\($0)") }
    for hash in hashes { #expect(ContentHash(bytes: hash.bytes) == hash) }
    #expect(hashes.sorted() == hashes.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
    #expect(hashes.sorted().map(\.hex) == hashes.map(\.hex).sorted())
    let near = try #require(ContentHash(bytes: hashes[0].bytes.dropLast() + [hashes[0].bytes[31] ^ 1]))
    #expect(near != hashes[0])
  }

  @Test func `Fields are framed: moving a boundary changes the hash`() {
    #expect(hash(of: ["ab", "c"]) != hash(of: ["a", "bc"]))
    #expect(hash(of: ["ab", "c"]) == hash(of: ["ab", "c"]))
  }

  private func hash(of fields: [String]) -> ContentHash {
    var hasher = ContentHasher()
    for field in fields { hasher.update(field) }
    return hasher.finish()
  }
}
