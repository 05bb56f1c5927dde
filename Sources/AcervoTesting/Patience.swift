internal import Glibc

/// How long a test waits for work that must end: generous, and longer where the environment says that all is slow.
public enum Patience {
  /// So many times the ordinary limit, from `$ACERVO_PATIENCE`; 1 where it is not set.
  public static let factor: Double = max(1, getenv("ACERVO_PATIENCE").flatMap { Double(String(cString: $0)) } ?? 1)

  /// A limit that takes this many seconds on an ordinary busy machine.
  public static func seconds(_ seconds: Double) -> Duration { .seconds(seconds * factor) }
}

/// Waits until something holds; false after ten seconds, or more where `Patience` says so.
public func eventually(_ holds: () async throws -> Bool) async throws -> Bool {
  let end = ContinuousClock.now.advanced(by: Patience.seconds(10))
  while true {
    if try await holds() { return true }
    guard .now < end else { return false }
    try await Task.sleep(for: .milliseconds(20))
  }
}
