internal import Synchronization

/// The values of an index in memory, as LMDB would hold them; freed with the process.
final class MemorySections: Sendable {
  // Safe to share: the bytes are written before they are put here and never after.
  private struct Value: @unchecked Sendable { let bytes: UnsafeRawBufferPointer }
  private let values = Mutex<[String: [UInt32: Value]]>([:])

  func add(_ bytes: UnsafeRawBufferPointer, as section: String, _ part: UInt32) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 64, alignment: 64)
    // Rows begin 48 bytes into a value and have to begin a cache line, as they do in the file.
    let place = UnsafeMutableRawBufferPointer(rebasing: copy[16..<16 + bytes.count])
    place.copyMemory(from: bytes)
    values.withLock { $0[section, default: [:]][part] = Value(bytes: UnsafeRawBufferPointer(place)) }
  }

  func bytes(of section: String, _ part: UInt32) -> UnsafeRawBufferPointer? {
    values.withLock { $0[section]?[part]?.bytes }
  }
}
