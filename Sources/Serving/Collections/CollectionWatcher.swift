internal import Glibc
internal import Synchronization

/// Looks after a store on a thread of its own: when inotify tells of a change, every few seconds (network folders tell
/// nothing), and when asked.
final class CollectionWatcher: Sendable {
  private let store: CollectionStore
  private let folder: String
  private let seconds: Int
  private let notifications: Int32
  /// The reading end of a pipe, and the writing one.
  private let wake: Int32
  private let waker: Int32
  private let state = Mutex(State())

  private struct State {
    var isStopping = false
    var retriesRefused = false
    /// Whoever waits for the next look to be over.
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  init(store: CollectionStore, folder: String, pollSeconds: Int) {
    self.store = store
    self.folder = folder
    seconds = pollSeconds
    // Without inotify (its limit is reached) polling alone still notices.
    notifications = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    (wake, waker) = (ends[0], ends[1])
  }

  deinit {
    if notifications >= 0 { close(notifications) }
    if wake >= 0 { close(wake) }
    if waker >= 0 { close(waker) }
  }

  /// Starts the thread, which holds the watcher until `stop`.
  func start() { detachThread { self.run() } }

  /// Has the folder looked into now, refused snapshots included.
  func reload() {
    state.withLock { $0.retriesRefused = true }
    signal()
  }

  /// The same, and returns when it is done; at once when the watcher has been stopped.
  func reloaded() async {
    await withCheckedContinuation { continuation in
      let isStopping = state.withLock { state in
        if !state.isStopping {
          state.retriesRefused = true
          state.waiting.append(continuation)
        }
        return state.isStopping
      }
      if isStopping { continuation.resume() } else { signal() }
    }
  }

  func stop() {
    let waiting = state.withLock { state in
      state.isStopping = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
    signal()
  }

  private func signal() {
    var byte: UInt8 = 1
    _ = write(waker, &byte, 1)
  }

  private func run() {
    while true {
      let (isStopping, retriesRefused, waiting) = state.withLock { state in
        defer {
          state.retriesRefused = false
          state.waiting = []
        }
        return (state.isStopping, state.retriesRefused, state.waiting)
      }
      if isStopping { return }
      // Watched before it is read, or a change in between would be missed.
      watch()
      store.refresh(retriesRefused: retriesRefused)
      for continuation in waiting { continuation.resume() }
      wait()
    }
  }

  /// Adding a watch that is there already changes nothing, so that no list of them has to be kept right.
  private func watch() {
    guard notifications >= 0 else { return }
    let mask = UInt32(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)
    inotify_add_watch(notifications, folder, mask)
    guard let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { inotify_add_watch(notifications, folder + "/" + name, mask) }
    }
  }

  private func wait() {
    var descriptors = [
      pollfd(fd: wake, events: Int16(POLLIN), revents: 0), pollfd(fd: notifications, events: Int16(POLLIN), revents: 0),
    ]
    _ = poll(&descriptors, 2, Int32(clamping: seconds * 1_000))
    // What happened does not matter: looking costs little, and events may have been dropped.
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while read(wake, &buffer, buffer.count) > 0 {}
    while notifications >= 0, read(notifications, &buffer, buffer.count) > 0 {}
  }
}
