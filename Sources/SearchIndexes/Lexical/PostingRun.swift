internal import Glibc

/// Postings of some chunks in the order of term numbers, in memory or in a file without a name.
final class PostingRun {
  /// The first posting of each term number that the run knows, and the end.
  let starts: [UInt32]
  private let bytes: UnsafeMutableRawBufferPointer
  private let isMapped: Bool

  private init(starts: [UInt32], bytes: UnsafeMutableRawBufferPointer, isMapped: Bool) {
    self.starts = starts
    self.bytes = bytes
    self.isMapped = isMapped
  }

  deinit {
    if isMapped { munmap(bytes.baseAddress, bytes.count) } else { bytes.deallocate() }
  }

  private var count: Int { Int(starts.last ?? 0) }

  /// The postings of a term: chunk numbers, ascending, and weights.
  func postings(_ term: Int) -> (UnsafeBufferPointer<UInt32>, UnsafeBufferPointer<UInt16>) {
    guard term + 1 < starts.count else { return (.init(start: nil, count: 0), .init(start: nil, count: 0)) }
    let range = Int(starts[term])..<Int(starts[term + 1])
    let chunks = UnsafeRawBufferPointer(rebasing: bytes[4 * range.lowerBound..<4 * range.upperBound])
    let base = 4 * count
    let weights = UnsafeRawBufferPointer(rebasing: bytes[base + 2 * range.lowerBound..<base + 2 * range.upperBound])
    return (chunks.bindMemory(to: UInt32.self), weights.bindMemory(to: UInt16.self))
  }

  /// Sorts postings that came chunk by chunk by their terms: counting, so chunks stay in order within a term.
  ///
  /// A file in `folder` takes them; nil keeps them in memory.
  static func sorting(
    terms: [UInt32], weights: [UInt16], chunkEnds: [Int], firstChunk: Int, termCount: Int, folder: String?
  ) throws -> PostingRun {
    var starts = [UInt32](repeating: 0, count: termCount + 1)
    for term in terms { starts[Int(term) + 1] += 1 }
    for term in 0..<termCount { starts[term + 1] += starts[term] }
    let size = max(1, 6 * terms.count)
    let bytes =
      if let folder { try map(size, in: folder) } else {
        UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
      }
    let run = PostingRun(starts: starts, bytes: bytes, isMapped: folder != nil)
    let chunkPlaces = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(4 * terms.count)]).bindMemory(to: UInt32.self)
    let weightPlaces = UnsafeMutableRawBufferPointer(rebasing: bytes[(4 * terms.count)...]).bindMemory(to: UInt16.self)
    var next = starts
    var start = 0
    for (offset, end) in chunkEnds.enumerated() {
      for place in start..<end {
        let term = Int(terms[place])
        let target = Int(next[term])
        next[term] += 1
        chunkPlaces[target] = UInt32(firstChunk + offset)
        weightPlaces[target] = weights[place]
      }
      start = end
    }
    return run
  }

  /// A file that has no name and so cannot be left behind, mapped.
  private static func map(_ size: Int, in folder: String) throws -> UnsafeMutableRawBufferPointer {
    func fault(_ action: String, _ number: Int32) -> SearchIndexError {
      SearchIndexError(
        section: LexicalLayout.postings,
        reason: "could not \(action) a temporary file in “\(folder)”: \(String(cString: strerror(number)))")
    }
    // mkstemp writes letters of its own over the X's, so that no two runs share a file.
    var template = Array("\(folder)/.postings-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw fault("make", errno) }
    defer { close(file) }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    unlink(template)
    // Not only truncated to its size: a map over bytes that the disk does not have kills the process.
    let result = posix_fallocate(file, 0, size)
    guard result == 0 else { throw fault("reserve \(size) bytes for", result) }
    guard let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), address != MAP_FAILED else {
      throw fault("map", errno)
    }
    return UnsafeMutableRawBufferPointer(start: address, count: size)
  }
}
