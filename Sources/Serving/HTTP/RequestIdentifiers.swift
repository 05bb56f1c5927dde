internal import Synchronization

/// Names requests, so that a response and the log's lines about it can be brought together.
final class RequestIdentifiers: Sendable {
  private let prefix = String(UInt32.random(in: 0 ... .max), radix: 16)
  private let count = Atomic<UInt64>(0)

  /// The one that a proxy in front gave, if it is fit for a log; a new one otherwise.
  func identifier(sent: String?) -> String {
    if let sent, (1...64).contains(sent.utf8.count), sent.utf8.allSatisfy(isPlain) { return sent }
    let number = count.wrappingAdd(1, ordering: .relaxed).newValue
    return prefix + "-" + String(number, radix: 16)
  }

  private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
