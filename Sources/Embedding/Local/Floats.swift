internal import Glibc

/// Floats that nobody changes: a part of a mapped file, or memory of their own.
///
/// Unchecked because of the pointer: what it points to is written before the value exists and lives with `owner`.
struct Floats: @unchecked Sendable {
  let base: UnsafePointer<Float>
  let count: Int
  private let owner: AnyObject

  /// A part of what `owner` holds.
  init(_ base: UnsafePointer<Float>, count: Int, owner: AnyObject) {
    self.base = base
    self.count = count
    self.owner = owner
  }

  /// Memory of its own, aligned to cache lines and filled by `fill`.
  init(_ count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let buffer = FloatBuffer()
    let memory = buffer.reserve(count)
    fill(UnsafeMutableRawBufferPointer(start: memory, count: count * MemoryLayout<Float>.stride))
    self.init(UnsafePointer(memory), count: count, owner: buffer)
  }

  static func + (floats: Floats, offset: Int) -> UnsafePointer<Float> { floats.base + offset }
}

/// Scratch memory that grows and is used again.
final class FloatBuffer {
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0

  deinit { free(memory) }

  /// Room for so many floats, aligned to cache lines; what it held before is lost when it grows.
  func reserve(_ count: Int) -> UnsafeMutablePointer<Float> {
    if count > capacity || memory == nil {
      free(memory)
      memory = nil
      let room = max(count + count / 4, 16)
      guard posix_memalign(&memory, 64, room * MemoryLayout<Float>.stride) == 0, memory != nil else {
        // Sizes are bounded by the batch, so that only an exhausted heap leads here.
        preconditionFailure("out of memory: \(room * MemoryLayout<Float>.stride) bytes of scratch")
      }
      capacity = room
    }
    guard let memory else { preconditionFailure("posix_memalign gave no memory") }
    return memory.assumingMemoryBound(to: Float.self)
  }
}
