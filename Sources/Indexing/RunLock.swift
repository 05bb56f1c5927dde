internal import Glibc

/// One run at a time per pipeline: an advisory lock on a file, which the kernel gives back when the process dies.
final class RunLock: Sendable {
  private let descriptor: Int32

  init(collectionFolder: String) throws(IndexingError) {
    let path = collectionFolder + "/lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw IndexingError(
        .storage,
        "cannot open \(path): \(String(cString: strerror(errno)))\n  mend: make the folder writable for this user")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw IndexingError(
        .locked, "another run of this pipeline holds \(path)\n  mend: wait until it has ended, or stop it")
    }
    self.descriptor = descriptor
  }

  /// Gives the lock back; it is also gone when the process is.
  func release() { close(descriptor) }
}
