internal import CWslay
internal import Corpus
internal import Glibc

/// One WebSocket, from its handshake to its end: frames by libwslay, everything else here.
///
/// Only the sockets' thread touches it.
final class SocketLine {
  private let socket: UpgradedSocket
  private let outbox: SocketOutbox
  private let receiver: any SocketReceiver
  private let limits: SocketLimits
  private var frames: wslay_event_context_ptr?
  private var first: ArraySlice<UInt8>
  /// The bytes that may still be read in this round: no client keeps the others waiting.
  private var budget = 0
  private var isBroken = false
  private var heard = ContinuousClock.now
  private var asked = ContinuousClock.now
  private var pinged = ContinuousClock.now
  /// Since when the closing handshake goes on.
  private var closing: ContinuousClock.Instant?

  /// Bytes read from one connection before the others have their turn.
  private static let round = 65_536
  /// Answers to pings that may wait: a client that sends pings and reads nothing is not read from.
  private static let mostQueued = 64

  init(
    _ socket: UpgradedSocket, outbox: SocketOutbox, receiver: any SocketReceiver, limits: SocketLimits
  ) {
    self.socket = socket
    self.outbox = outbox
    self.receiver = receiver
    self.limits = limits
    first = socket.first[...]
    var callbacks = wslay_event_callbacks()
    callbacks.recv_callback = { context, buffer, count, _, owner in
      guard let line = SocketLine.from(owner), let buffer else { return -1 }
      return line.read(buffer, count, context)
    }
    callbacks.send_callback = { context, bytes, count, _, owner in
      guard let line = SocketLine.from(owner), let bytes else { return -1 }
      return line.write(bytes, count, context)
    }
    callbacks.on_msg_recv_callback = { _, message, owner in
      guard let line = SocketLine.from(owner), let message = message?.pointee else { return }
      line.took(message)
    }
    // libwslay calls back within wslay_event_recv and wslay_event_send alone, which this object calls.
    let owner = Unmanaged.passUnretained(self).toOpaque()
    isBroken = wslay_event_context_server_init(&frames, &callbacks, owner) != 0
    if let frames { wslay_event_config_set_max_recv_msg_length(frames, UInt64(limits.message)) }
  }

  private static func from(_ owner: UnsafeMutableRawPointer?) -> SocketLine? {
    owner.map { Unmanaged<SocketLine>.fromOpaque($0).takeUnretainedValue() }
  }

  var descriptor: Int32 { socket.descriptor }
  var isBusy: Bool { receiver.isBusy }

  /// What is to be waited for, as `poll` names it.
  var interest: Int16 {
    guard let frames, !isBroken else { return 0 }
    var events: Int32 = 0
    if wslay_event_want_read(frames) != 0, !isCrowded { events |= POLLIN }
    if wslay_event_want_write(frames) != 0 { events |= POLLOUT }
    return Int16(events)
  }

  private var isCrowded: Bool { frames.map { wslay_event_get_queued_msg_count($0) > Self.mostQueued } ?? true }

  /// Reads and writes as far as can be done without waiting.
  ///
  /// - Parameters:
  ///   - isReadable: whether there is something to read.
  ///   - now: the time.
  /// - Returns: false when the connection is over.
  func step(isReadable: Bool, at now: ContinuousClock.Instant) -> Bool {
    guard let frames, !isBroken else { return false }
    budget = Self.round
    if isReadable || !first.isEmpty, wslay_event_recv(frames) != 0 { isBroken = true }
    while !isBroken {
      if wslay_event_want_write(frames) == 0 {
        guard let message = outbox.next() else { break }
        queue(WSLAY_TEXT_FRAME, message)
      }
      let waiting = wslay_event_get_queued_msg_length(frames)
      if wslay_event_send(frames) != 0 { isBroken = true }
      // Nothing more is taken: the socket is full.
      if wslay_event_want_write(frames) != 0, wslay_event_get_queued_msg_length(frames) >= waiting { break }
    }
    look(at: now, frames)
    return !isBroken && (wslay_event_want_read(frames) != 0 || wslay_event_want_write(frames) != 0)
  }

  private func look(at now: ContinuousClock.Instant, _ frames: wslay_event_context_ptr) {
    if wslay_event_get_close_sent(frames) != 0 || wslay_event_get_close_received(frames) != 0 {
      closing = closing ?? now
    } else if let wanted = outbox.closing, wslay_event_want_write(frames) == 0 {
      close(wanted.code.rawValue, wanted.reason)
      closing = now
    } else if now - asked > .seconds(limits.idleSeconds), !receiver.isBusy {
      close(SocketOutbox.Closing.goingAway.rawValue, "nothing was asked for a long time")
      closing = now
    } else if now - pinged > limits.ping {
      pinged = now
      queue(WSLAY_PING, [])
    }
    if wslay_event_want_write(frames) != 0, wslay_event_send(frames) != 0 { isBroken = true }
    // Two pings without a sound, or a farewell that is not returned.
    if now - heard > limits.ping * 2.5 || closing.map({ now - $0 > limits.farewell }) ?? false { isBroken = true }
  }

  private func close(_ code: UInt16, _ reason: String) {
    guard let frames else { return }
    let bytes = Array(reason.utf8.prefix(120))
    if wslay_event_queue_close(frames, code, bytes, bytes.count) != 0 { isBroken = true }
  }

  private func queue(_ opcode: wslay_opcode, _ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { bytes in
      var message = wslay_event_msg(
        opcode: UInt8(opcode.rawValue), msg: bytes.baseAddress, msg_length: bytes.count)
      // A connection that is being closed takes nothing more; that is no fault.
      if let frames, wslay_event_queue_msg(frames, &message) == WSLAY_ERR_NOMEM.rawValue { isBroken = true }
    }
  }

  /// Says farewell when what is there has been sent.
  func leave() { outbox.close(.goingAway, "the service is stopping") }

  /// Lets go of the connection.
  func end() {
    outbox.end()
    receiver.ended()
    if let frames { wslay_event_context_free(frames) }
    frames = nil
    socket.close()
  }

  // MARK: libwslay's calls

  private func read(_ buffer: UnsafeMutablePointer<UInt8>, _ count: Int, _ frames: wslay_event_context_ptr?) -> Int {
    if !first.isEmpty {
      let part = first.prefix(count)
      first = first.dropFirst(part.count)
      UnsafeMutableBufferPointer(start: buffer, count: part.count).baseAddress.map { start in
        part.withUnsafeBufferPointer { bytes in
          if let base = bytes.baseAddress { start.update(from: base, count: bytes.count) }
        }
      }
      heard = .now
      return part.count
    }
    guard budget > 0 else {
      wslay_event_set_error(frames, Int32(WSLAY_ERR_WOULDBLOCK.rawValue))
      return -1
    }
    let taken = retried { recv(descriptor, buffer, min(count, budget), 0) }
    if taken > 0 {
      budget -= taken
      heard = .now
      return taken
    }
    let isLater = taken < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
    wslay_event_set_error(frames, Int32((isLater ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE).rawValue))
    return -1
  }

  private func write(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ frames: wslay_event_context_ptr?) -> Int {
    let sent = retried { send(descriptor, bytes, count, Int32(MSG_NOSIGNAL)) }
    if sent >= 0 { return sent }
    let isLater = errno == EAGAIN || errno == EWOULDBLOCK
    wslay_event_set_error(frames, Int32((isLater ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE).rawValue))
    return -1
  }

  private func retried(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  private func took(_ message: wslay_event_on_msg_recv_arg) {
    let bytes = UnsafeBufferPointer(start: message.msg, count: message.msg_length)
    switch Int(message.opcode) {
    case Int(WSLAY_TEXT_FRAME.rawValue):
      asked = .now
      receiver.received(Array(bytes))
    case Int(WSLAY_BINARY_FRAME.rawValue):
      close(UInt16(WSLAY_CODE_UNSUPPORTED_DATA.rawValue), "messages are text")
    default: break
    }
  }
}

/// What a WebSocket may take.
struct SocketLimits: Sendable {
  /// Connections at a time.
  var connections: Int
  /// The bytes of a message.
  var message: Int
  /// Seconds without a message after which a connection is closed.
  var idleSeconds: Int
  /// How often the client is asked for a sign of life.
  var ping = Duration.seconds(20)
  /// How long the other end's farewell is waited for.
  var farewell = Duration.seconds(3)
}
