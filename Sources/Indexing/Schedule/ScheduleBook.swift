internal import Corpus
public import Pipelines

/// Decides when pipelines run; it knows no clock and starts nothing, so every rule of it can be tested.
///
/// A pipeline never runs twice at the same time: a time that comes while it waits or runs is skipped. A time that passed
/// unseen, because nobody was there or the machine slept, is made up for once if its schedule says so.
public struct ScheduleBook: Sendable {
  /// A run that is to begin now.
  public struct Due: Sendable, Equatable {
    /// The pipeline's name.
    public let name: String
    /// The time that it is for, in seconds since 1970; nil when it makes up for one that passed.
    public let planned: Int64?
  }

  /// What is known of one pipeline.
  public struct Entry: Sendable {
    /// The pipeline's name.
    public let name: String
    /// The time that comes next, in seconds since 1970; nil when none ever does.
    public fileprivate(set) var planned: Int64?
    /// When the run for it begins: its delay added.
    public fileprivate(set) var start: Int64?
    /// Whether it was started and has not ended.
    public fileprivate(set) var isRunning = false
    /// The times that were skipped.
    public fileprivate(set) var skipped = 0

    fileprivate var schedule: ScheduleSettings
    fileprivate var zone: ClockZone
    /// A time has passed that is to be made up for.
    fileprivate var isOverdue = false
  }

  /// A start that is later than this, in seconds, was slept through.
  static let lateness: Int64 = 90

  /// In the order in which they were added.
  public private(set) var entries: [Entry] = []

  /// An empty book.
  public init() {}

  /// Adds a pipeline, or gives one that is there another schedule.
  ///
  /// - Parameters:
  ///   - name: the pipeline's name.
  ///   - schedule: when it runs.
  ///   - zone: the schedule's time zone.
  ///   - lastRun: when it last ran, in seconds since 1970; nil for never.
  ///   - now: in seconds since 1970.
  public mutating func put(
    _ name: String, _ schedule: ScheduleSettings, in zone: ClockZone, lastRun: Int64?, at now: Int64
  ) {
    if let index = entries.firstIndex(where: { $0.name == name }) {
      guard entries[index].schedule != schedule else { return }
      (entries[index].schedule, entries[index].zone) = (schedule, zone)
      plan(index, after: now)
      return
    }
    var entry = Entry(name: name, schedule: schedule, zone: zone)
    // What never ran is due: whoever starts a schedule wants an index.
    let missed = lastRun.map { schedule.cron.next(after: $0, in: zone) ?? .max } ?? now
    entry.isOverdue = schedule.catchesUp && missed <= now
    entries.append(entry)
    plan(entries.count - 1, after: now)
  }

  /// The runs that begin now; they count as running until `end`.
  public mutating func due(at now: Int64) -> [Due] {
    var due: [Due] = []
    for index in entries.indices {
      var planned: Int64?
      var isDue = entries[index].isOverdue && !entries[index].isRunning
      if isDue { entries[index].isOverdue = false }
      if let start = entries[index].start, start <= now {
        if entries[index].isRunning || isDue {
          entries[index].skipped += 1
        } else if now - start > Self.lateness {
          isDue = entries[index].schedule.catchesUp
          if !isDue { entries[index].skipped += 1 }
        } else {
          isDue = true
          planned = entries[index].planned
        }
        plan(index, after: max(now, entries[index].planned ?? now))
      }
      guard isDue else { continue }
      entries[index].isRunning = true
      due.append(Due(name: entries[index].name, planned: planned))
    }
    return due
  }

  /// A pipeline's run has ended.
  public mutating func end(_ name: String) {
    guard let index = entries.firstIndex(where: { $0.name == name }) else { return }
    entries[index].isRunning = false
  }

  private mutating func plan(_ index: Int, after moment: Int64) {
    let entry = entries[index]
    let planned = entry.schedule.cron.next(after: moment, in: entry.zone)
    entries[index].planned = planned
    entries[index].start = planned.map { $0 + delay(of: entry, at: $0) }
  }

  /// The same for the same time, however often it is asked, and spread evenly over names and times.
  private func delay(of entry: Entry, at planned: Int64) -> Int64 {
    let longest = UInt64(max(0, entry.schedule.jitter))
    var hasher = ContentHasher()
    hasher.update(entry.name)
    hasher.update(UInt64(bitPattern: planned))
    let number = hasher.finish().bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int64(number % (longest + 1))
  }
}
