internal import CCurl
internal import Glibc
internal import Synchronization

/// The thread that runs libcurl's multi loop.
///
/// `@unchecked`: `multi` and `active` belong to the thread alone; from elsewhere only `curl_multi_wakeup` is called on
/// `multi`, of which curl's manual says: "this function can be called from any thread". The handle is closed by
/// `deinit`, when neither the thread nor a caller holds this object any more.
final class TransferLoop: @unchecked Sendable {
  /// What other threads leave for the loop.
  private struct Inbox {
    var added: [Transfer] = []
    var removed: [Transfer] = []
    var resumed: [Transfer] = []
    var finishes = false
  }

  private let multi: OpaquePointer
  private let inbox = Mutex(Inbox())
  private var active: [UnsafeMutableRawPointer: Transfer] = [:]

  /// curl_global_init is not thread-safe in every build of libcurl; a static is initialised once.
  private static let library: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  private init(multi: OpaquePointer) {
    self.multi = multi
  }

  deinit {
    curl_multi_cleanup(UnsafeMutableRawPointer(multi))
  }

  /// Starts the loop on a thread of its own.
  static func start() throws(HTTPError) -> TransferLoop {
    guard library == CURLE_OK, let multi = curl_multi_init() else {
      throw HTTPError(kind: .other(Int(CURLE_FAILED_INIT.rawValue)), url: "", message: "libcurl cannot start")
    }
    // Idle connections kept for reuse; the default grows and shrinks with the number of running transfers.
    _ = acervo_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
    let loop = TransferLoop(multi: OpaquePointer(multi))
    let context = Unmanaged.passRetained(loop)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw HTTPError(kind: .other(Int(code)), url: "", message: "cannot start a thread: error \(code)")
    }
    pthread_detach(thread)
    return loop
  }

  /// Hands over a transfer to run.
  func add(_ transfer: Transfer) {
    inbox.withLock { $0.added.append(transfer) }
    wake()
  }

  /// Asks for the end of a transfer that nobody waits for any more.
  func remove(_ transfer: Transfer) {
    inbox.withLock { $0.removed.append(transfer) }
    wake()
  }

  /// Goes on with a transfer whose body waited for its reader.
  func resume(_ transfer: Transfer) {
    inbox.withLock { $0.resumed.append(transfer) }
    wake()
  }

  /// Ends the thread after its last transfer.
  func finish() {
    inbox.withLock { $0.finishes = true }
    wake()
  }

  private func wake() {
    curl_multi_wakeup(UnsafeMutableRawPointer(multi))
  }

  private func run() {
    let multi = UnsafeMutableRawPointer(self.multi)
    while true {
      let news = inbox.withLock { inbox in
        defer { (inbox.added, inbox.removed, inbox.resumed) = ([], [], []) }
        return inbox
      }
      for transfer in news.added { begin(transfer) }
      for transfer in news.removed { end(transfer) }
      // Neither direction paused any more: CURLPAUSE_CONT, which is 0.
      for transfer in news.resumed where active[transfer.easy] != nil { curl_easy_pause(transfer.easy, 0) }
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      readMessages()
      if news.finishes, active.isEmpty { return }
      // Wakes for sockets, for libcurl's own timers and for curl_multi_wakeup; a wake-up sent before this call
      // is remembered by libcurl, so none is lost.
      curl_multi_poll(multi, nil, 0, 60_000, nil)
    }
  }

  private func begin(_ transfer: Transfer) {
    guard !transfer.isCancelled else { return }
    let code = curl_multi_add_handle(UnsafeMutableRawPointer(multi), transfer.easy)
    guard code == CURLM_OK else {
      transfer.fail(code: CURLE_FAILED_INIT, detail: String(cString: curl_multi_strerror(code)))
      return
    }
    active[transfer.easy] = transfer
  }

  private func end(_ transfer: Transfer) {
    guard active.removeValue(forKey: transfer.easy) != nil else { return }
    curl_multi_remove_handle(UnsafeMutableRawPointer(multi), transfer.easy)
  }

  private func readMessages() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(UnsafeMutableRawPointer(multi), &left) {
      // What the message points to does not survive curl_multi_remove_handle.
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      let code = message.pointee.data.result
      guard let transfer = active[easy] else { continue }
      end(transfer)
      transfer.complete(code)
    }
  }
}
