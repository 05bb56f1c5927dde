import AcervoTesting
import Testing

@testable import Embedding

@Suite("SafetensorsFile")
struct SafetensorsFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func file(_ header: String, _ data: [UInt8], length: UInt64? = nil) throws -> String {
    let bytes = Array(header.utf8)
    let count = length ?? UInt64(bytes.count)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
    return try folder.write(size + bytes + data, to: "x.safetensors")
  }

  @Test func `floats of every width are read`() throws {
    let header = """
      {"__metadata__":{"a":"b"},"f":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},\
      "h":{"dtype":"F16","shape":[1,1],"data_offsets":[4,6]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]},\
      "p":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}
      """
    let path = try file(header, [0, 0, 0xC0, 0x3F, 0, 0x3E, 0xC0, 0x3F] + [UInt8](repeating: 0, count: 8))
    let tensors = try SafetensorsFile(path: path)
    for (name, shape) in [("f", [1]), ("h", [1, 1]), ("b", [1])] {
      let floats = try tensors.floats(name, shape)
      let value = withExtendedLifetime(floats) { floats.base[0] }
      #expect(value == 1.5, "\(name)")
    }
    #expect(throws: EmbeddingError.self) { try tensors.floats("f", [2]) }
    #expect(throws: EmbeddingError.self) { try tensors.floats("absent", [1]) }
    #expect(throws: EmbeddingError.self) { try tensors.place(ofBytes: "f", [1]) }
  }

  @Test(arguments: [
    #"{"f":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"f":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
    #"{"f":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"f":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#,
    #"{"f":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"f":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
    #"{"f":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, #"{"f":{"dtype":"F32","data_offsets":[0,4]}}"#,
    #"{"f":3}"#, #"[]"#, #"{"f""#, "",
  ])
  func `a header that lies is refused`(header: String) throws {
    let path = try file(header, [0, 0, 0, 0])
    #expect(throws: EmbeddingError.self) { try SafetensorsFile(path: path) }
  }

  @Test(arguments: [UInt64.max, 1 << 40, 100])
  func `a header longer than the file is refused`(length: UInt64) throws {
    let path = try file("{}", [], length: length)
    #expect(throws: EmbeddingError.self) { try SafetensorsFile(path: path) }
  }

  @Test func `empty files and folders are refused`() throws {
    let path = try folder.write("", to: "empty")
    #expect(throws: EmbeddingError.self) { try SafetensorsFile(path: path) }
    #expect(throws: EmbeddingError.self) { try SafetensorsFile(path: folder.path) }
    #expect(throws: EmbeddingError.self) { try SafetensorsFile(path: folder.path + "/absent") }
  }
}
