/// A response whose body is read while it comes.
///
/// Who reads slowly slows the sender down: no more than a few hundred kilobytes wait here.
public final class HTTPStream: Sendable {
  /// Status and header; the body in it is empty.
  public let head: HTTPResponse

  private let pipe: BodyPipe
  private let transfer: Transfer
  private let loop: TransferLoop

  init(head: HTTPResponse, pipe: BodyPipe, transfer: Transfer, loop: TransferLoop) {
    self.head = head
    self.pipe = pipe
    self.transfer = transfer
    self.loop = loop
  }

  deinit {
    cancel()
  }

  /// The bytes that came since the last call, waiting for some; nil at the end.
  ///
  /// One reader at a time.
  ///
  /// - Throws: `HTTPError` when the exchange broke; `CancellationError`.
  public func next() async throws -> [UInt8]? {
    let (bytes, waited) = try await withTaskCancellationHandler {
      try await pipe.next()
    } onCancel: {
      cancel()
    }
    if waited { loop.resume(transfer) }
    return bytes
  }

  /// The rest of the body, as far as it is no longer than `limit` bytes; what is beyond is left.
  ///
  /// - Throws: what `next` throws.
  public func rest(upTo limit: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < limit, let piece = try await next() { bytes += piece }
    return bytes.count > limit ? Array(bytes[..<limit]) : bytes
  }

  /// Ends the exchange; whoever reads gets a `CancellationError`.
  public func cancel() {
    if pipe.cancel() { loop.remove(transfer) }
  }
}
