internal import Synchronization

/// Remembers values up to a number of bytes and for a while; what is used stays longest.
///
/// Two generations: what is used moves to the young one; when that is half of the limit, the old one is forgotten. That
/// is nearly the order of last use, without a list to keep.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// What happened so far.
  struct Counts: Sendable, Equatable {
    var hits = 0
    var misses = 0
    /// What is remembered takes about so many bytes.
    var bytes = 0
  }

  private struct Entry {
    var value: Value
    var bytes: Int
    var made: ContinuousClock.Instant
  }

  private struct State {
    var counts = Counts()
    var young: [Key: Entry] = [:]
    var old: [Key: Entry] = [:]
    var youngBytes = 0
    var oldBytes = 0
  }

  private let limit: Int
  private let life: Duration?
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  /// Makes an empty memory.
  ///
  /// - Parameters:
  ///   - bytes: how much it holds; 0 remembers nothing.
  ///   - life: how long a value is good; nil: as long as there is room.
  ///   - now: the time.
  init(bytes: Int, life: Duration? = nil, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    limit = bytes
    self.life = life
    self.now = now
  }

  var counts: Counts { state.withLock(\.counts) }

  /// The value of a key, if it is remembered and still good.
  func value(of key: Key) -> Value? {
    state.withLock { state in
      let isYoung = state.young[key] != nil
      guard let entry = state.young[key] ?? state.old[key], life.map({ entry.made.duration(to: now()) < $0 }) ?? true
      else {
        state.counts.misses += 1
        return nil
      }
      state.counts.hits += 1
      if !isYoung { put(entry, of: key, &state) }
      return entry.value
    }
  }

  /// Remembers a value that takes about so many bytes; one that is too large for half of the memory is not kept.
  func remember(_ value: Value, of key: Key, bytes: Int) {
    state.withLock { put(Entry(value: value, bytes: bytes + 200, made: now()), of: key, &$0) }
  }

  private func put(_ entry: Entry, of key: Key, _ state: inout State) {
    guard entry.bytes <= limit / 2 else { return }
    if state.youngBytes + entry.bytes > limit / 2 {
      (state.old, state.oldBytes) = (state.young, state.youngBytes)
      (state.young, state.youngBytes) = ([:], 0)
    }
    state.youngBytes += entry.bytes - (state.young.updateValue(entry, forKey: key)?.bytes ?? 0)
    state.counts.bytes = state.youngBytes + state.oldBytes
  }
}
