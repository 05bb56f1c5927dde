internal import Glibc

/// A file mapped for reading: pages that nobody touches take no memory.
///
/// Unchecked because of the pointer: the mapping is private and read-only, and lives as long as this object.
final class MappedFile: @unchecked Sendable {
  let path: String
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws(EmbeddingError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw EmbeddingError(path: path, message: "cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw EmbeddingError(path: path, message: "is not a regular file")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw EmbeddingError(path: path, message: "is empty") }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw EmbeddingError(path: path, message: "cannot be mapped: \(String(cString: strerror(errno)))")
    }
    bytes = UnsafeRawBufferPointer(start: base, count: size)
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }
}
