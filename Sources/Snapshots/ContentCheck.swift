internal import Corpus
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Recomputes the hashes of a snapshot's `index.mdb`, on threads of its own while whoever began it does something else.
///
/// Blocks are read, not mapped: a disk that fails is an error then, and no signal.
public final class ContentCheck: Sendable {
  private let path: String
  private let manifest: SnapshotManifest
  private let units: [Unit]
  private let next = Atomic<Int>(0)
  private let state = Mutex(State())
  private let helpers = DispatchGroup()

  private struct Unit {
    var bytes: Range<Int>
    var hash: ContentHash
  }

  private struct State {
    /// Numbers of the blocks that are not what the manifest says.
    var damaged: [Int] = []
    var failure: SnapshotError?
  }

  init(path: String, manifest: SnapshotManifest) {
    self.path = path
    self.manifest = manifest
    let size = SnapshotManifest.blockBytes
    // Snapshots of the first releases have one hash over everything.
    units =
      manifest.blockHashes.isEmpty
      ? [Unit(bytes: 0..<manifest.indexBytes, hash: manifest.indexHash)]
      : manifest.blockHashes.enumerated().map { number, hash in
        Unit(bytes: number * size..<min((number + 1) * size, manifest.indexBytes), hash: hash)
      }
  }

  /// Lets so many more threads work on it.
  func help(threads: Int) {
    for _ in 0..<min(threads, units.count) {
      // A queue of the system: none of ours waits for it but `finish`.
      DispatchQueue.global().async(group: helpers) { @Sendable in self.work() }
    }
  }

  /// Takes part in what is left to do and waits for the others.
  ///
  /// - Throws: `SnapshotError` that says which bytes are not those of the manifest, and what stands there.
  public func finish() throws(SnapshotError) {
    work()
    helpers.wait()
    let (damaged, failure) = state.withLock { ($0.damaged.sorted(), $0.failure) }
    if let failure { throw failure }
    guard !damaged.isEmpty else { return }
    throw .damaged(path, reason(damaged))
  }

  private func reason(_ damaged: [Int]) -> String {
    guard !manifest.blockHashes.isEmpty else { return "its SHA-256 is not the one in its manifest" }
    let places = damaged.prefix(4).map { number in
      let bytes = units[number].bytes
      let contents = (try? IndexFile.contents(path: path, range: bytes)) ?? []
      return "bytes \(bytes.lowerBound) to \(bytes.upperBound - 1)"
        + (contents.isEmpty ? "" : " (" + contents.joined(separator: ", ") + ")")
    }
    let more = damaged.count > 4 ? " and \(damaged.count - 4) more blocks" : ""
    return "\(places.joined(separator: "; "))\(more) do not have the SHA-256 of its manifest"
  }

  private func work() {
    do throws(SnapshotError) {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw .system(path, "open the file", errno) }
      defer { close(file) }
      // Small enough to stay in the cache between being read and being hashed.
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
      defer { buffer.deallocate() }
      while case let number = next.add(1, ordering: .relaxed).oldValue, number < units.count {
        if try hash(units[number].bytes, of: file, buffer) != units[number].hash {
          state.withLock { $0.damaged.append(number) }
        }
      }
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
      next.store(units.count, ordering: .relaxed)
    }
  }

  private func hash(
    _ bytes: Range<Int>, of file: Int32, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(SnapshotError) -> ContentHash {
    var hasher = ContentHasher()
    var place = bytes.lowerBound
    while place < bytes.upperBound {
      let count = pread(file, buffer.baseAddress, min(buffer.count, bytes.upperBound - place), place)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(path, "read the file", errno) }
      guard count > 0 else { throw .damaged(path, "it ends at byte \(place) of \(manifest.indexBytes)") }
      hasher.update(raw: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      place += count
    }
    return hasher.finish()
  }
}

/// Hashes bytes that come one behind the other: all of them, and each block of `SnapshotManifest.blockBytes`.
struct BlockHasher: ~Copyable {
  private var whole = ContentHasher()
  private var block = ContentHasher()
  private var filled = 0
  private var blocks: [ContentHash] = []

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    whole.update(raw: bytes)
    var rest = bytes
    while !rest.isEmpty {
      let count = min(rest.count, SnapshotManifest.blockBytes - filled)
      block.update(raw: UnsafeRawBufferPointer(rebasing: rest[..<count]))
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      filled += count
      if filled == SnapshotManifest.blockBytes { endBlock() }
    }
  }

  private mutating func endBlock() {
    filled = 0
    blocks.append(block.cut())
  }

  consuming func finish() -> (whole: ContentHash, blocks: [ContentHash]) {
    if filled > 0 { endBlock() }
    return (whole.finish(), blocks)
  }
}
