import SearchIndexes

/// The values of an index in memory, as a snapshot would keep them.
// Sendable: filled by one thread before it is read by any.
final class MemorySections: @unchecked Sendable {
  private var values: [String: [UInt32: UnsafeMutableRawBufferPointer]] = [:]

  deinit {
    for section in values.values { for value in section.values { value.deallocate() } }
  }

  func put(_ section: String, _ part: UInt32, _ bytes: UnsafeRawBufferPointer) {
    // As LMDB gives large values: 16 bytes after a page's start; exactly as long, so that ASan sees a byte too far.
    let value = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    value.copyMemory(from: bytes)
    values[section, default: [:]][part] = value
  }

  func get(_ section: String, _ part: UInt32) -> UnsafeRawBufferPointer? {
    values[section]?[part].map { UnsafeRawBufferPointer($0) }
  }

  /// Everything, for comparing and for damaging.
  var all: [String: [UInt32: [UInt8]]] { values.mapValues { $0.mapValues { [UInt8]($0) } } }

  func flip(_ section: String, _ part: UInt32, byte: Int, _ mask: UInt8) {
    values[section]?[part]?[byte] ^= mask
  }
}
