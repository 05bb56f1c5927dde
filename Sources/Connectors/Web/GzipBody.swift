internal import CZlib

/// A body that is gzip in itself, as `sitemap.xml.gz` is: no header of the transport says so.
enum GzipBody {
  /// Whether bytes start as gzip does (RFC 1952, section 2.3.1).
  static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// What came out of a body.
  struct Content {
    var bytes: [UInt8]
    /// Whether the end is missing: the limit was reached, or the body is cut off or broken.
    var isCut: Bool
  }

  /// Decompresses a body up to a limit; of a broken one, what stands before the break.
  ///
  /// - Complexity: O(limit) in time and memory, however far the body would expand.
  static func decompress(_ bytes: [UInt8], limit: Int) -> Content {
    var stream = z_stream()
    // 16 asks for the gzip wrapper (zlib.h, inflateInit2).
    guard inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return Content(bytes: [], isCut: true)
    }
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    var input = bytes
    var isCut = false
    input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(clamping: input.count)
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while true {
        let (status, made) = chunk.withUnsafeMutableBufferPointer { chunk in
          stream.next_out = chunk.baseAddress
          stream.avail_out = UInt32(clamping: chunk.count)
          let status = inflate(&stream, Z_NO_FLUSH)
          return (status, chunk.count - Int(stream.avail_out))
        }
        output += chunk[..<min(made, limit - output.count)]
        if status == Z_STREAM_END {
          // Members may follow one another (RFC 1952, section 2.2); anything else behind the end is padding.
          guard stream.avail_in > 1, let next = stream.next_in, next[0] == 0x1F, next[1] == 0x8B else { return }
          guard output.count < limit, inflateReset(&stream) == Z_OK else {
            isCut = true
            return
          }
          continue
        }
        guard status == Z_OK, output.count < limit, made > 0 || stream.avail_in > 0 else {
          isCut = true
          return
        }
      }
    }
    return Content(bytes: output, isCut: isCut)
  }
}
