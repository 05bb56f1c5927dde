internal import Corpus
internal import Glibc
internal import Indexing
internal import Pipelines
internal import Snapshots
internal import Terminal

/// Starts each pipeline's run at its time, in a process of its own, and waits for it.
///
/// A process a run: what a run takes is given back whole, and one that dies takes nothing with it. Twice a second the
/// clock is looked at; that also sees a clock that was set and a machine that slept.
struct ScheduleRunner: Sendable {
  /// How long runs may take to end after SIGTERM, in seconds.
  private static let grace = 20

  private let pipelines: [ScheduledPipeline]
  private let atOnce: Int
  private let metrics: String?

  init(_ pipelines: [ScheduledPipeline], atOnce: Int, metrics: String?) {
    self.pipelines = pipelines
    self.atOnce = atOnce
    self.metrics = metrics
  }

  private struct Run {
    let pipeline: ScheduledPipeline
    let process: pid_t
    let began: Int64
  }

  /// Runs until the task is cancelled.
  func run() async throws {
    // Where SIGCHLD is ignored, and that is inherited, nobody learns how a run ended.
    signal(SIGCHLD, SIG_DFL)
    var book = ScheduleBook()
    var numbers = ScheduleMetrics()
    for pipeline in pipelines {
      book.put(pipeline.name, pipeline.schedule, in: pipeline.zone, lastRun: pipeline.lastRun, at: now)
    }
    for entry in book.entries { note(entry.name, "\(next(entry))") }
    var waiting: [ScheduledPipeline] = []
    var runs: [Run] = []
    var isChanged = true
    do {
      while true {
        for due in book.due(at: now) {
          guard let known = pipelines.first(where: { $0.name == due.name }) else { continue }
          waiting.append(known)
          isChanged = true
        }
        while runs.count < atOnce, !waiting.isEmpty {
          let pipeline = waiting.removeFirst()
          if let process = start(pipeline) {
            runs.append(Run(pipeline: pipeline, process: process, began: now))
          } else {
            book.end(pipeline.name)
          }
          isChanged = true
        }
        for run in ended(&runs) {
          book.end(run.run.pipeline.name)
          numbers.end(run.run.pipeline.name, code: run.code, began: run.run.began, ended: now)
          reread(run.run.pipeline, &book)
          let entry = book.entries.first { $0.name == run.run.pipeline.name }
          note(
            run.run.pipeline.name,
            "\(RunEnd.text(run.code)) after \(now - run.run.began) s; \(entry.map(next) ?? "")")
          isChanged = true
        }
        if isChanged, let metrics { write(numbers.text(book.entries), to: metrics) }
        isChanged = false
        try await Task.sleep(for: .milliseconds(500))
      }
    } catch {
      stop(runs)
      throw error
    }
  }

  private var now: Int64 { Int64(time(nil)) }

  private func note(_ name: String, _ text: String) {
    Output.notes.line("\(Moment.text(now)) \(name): \(text)")
  }

  private func next(_ entry: ScheduleBook.Entry) -> String {
    entry.start.map { "next run at \(Moment.text($0))" } ?? "no time is left"
  }

  /// A schedule that was edited holds from the next run on; one that cannot be read stays as it was.
  private func reread(_ pipeline: ScheduledPipeline, _ book: inout ScheduleBook) {
    guard let read = try? ScheduledPipeline(path: pipeline.path), read.name == pipeline.name else { return }
    book.put(read.name, read.schedule, in: read.zone, lastRun: now, at: now)
  }

  // MARK: Processes

  private func start(_ pipeline: ScheduledPipeline) -> pid_t? {
    note(pipeline.name, "run begins")
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What this process ignores would stay ignored in the new one.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    let words = ["acervo", "index", pipeline.path].map { (word: String) in strdup(word) } + [nil]
    let environment = Inputs.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + environment { free(word) } }
    var process = pid_t()
    let result = posix_spawn(&process, "/proc/self/exe", nil, &attributes, words, environment)
    guard result == 0 else {
      note(pipeline.name, "cannot be started: \(String(cString: strerror(result)))")
      return nil
    }
    return process
  }

  /// Takes the runs out that have ended, with their exit codes; 128 and the signal's number for a run that was killed.
  private func ended(_ runs: inout [Run]) -> [(run: Run, code: Int32)] {
    var ended: [(run: Run, code: Int32)] = []
    runs.removeAll { run in
      var status: Int32 = 0
      let found = waitpid(run.process, &status, WNOHANG)
      if found == -1, errno == ECHILD {
        // It is gone, and nobody knows how it ended.
        ended.append((run, ExitCode.failure.rawValue))
        return true
      }
      guard found == run.process else { return false }
      let signal = status & 0x7F
      ended.append((run, signal == 0 ? status >> 8 & 0xFF : 128 + signal))
      return true
    }
    return ended
  }

  /// Ends the runs that are under way, and waits for them.
  private func stop(_ runs: [Run]) {
    var runs = runs
    for run in runs { kill(run.process, SIGTERM) }
    for _ in 0..<(10 * Self.grace) where !runs.isEmpty {
      for run in ended(&runs) { note(run.run.pipeline.name, RunEnd.text(run.code)) }
      if !runs.isEmpty { usleep(100_000) }
    }
    for run in runs {
      note(run.pipeline.name, "does not end; killed")
      kill(run.process, SIGKILL)
      waitpid(run.process, nil, 0)
    }
  }

  /// A file that cannot be written is told, and ends nothing.
  private func write(_ text: String, to path: String) {
    do { try AtomicFile.write(text, to: path) } catch { Output.notes.line("acervo: \(error)") }
  }
}

/// What an exit code of `acervo index` means, for people who read a log.
enum RunEnd {
  static func text(_ code: Int32) -> String {
    let meaning: String =
      switch ExitCode(rawValue: code) {
      case .success: "published"
      case .unchanged: "nothing changed"
      case .gateRefused: "the gate refused it"
      case .tooManyFailures: "too many failures or too much shrink"
      case .usage: "the command line is wrong"
      case .badInput: "the pipeline file or the state is wrong"
      case .missingInput: "a file is missing"
      case .unavailable: "a source or the model cannot be reached"
      case .cannotWrite: "the state or the snapshot cannot be written"
      case .locked: "another run holds the lock"
      case .interrupted, .terminated: "it was ended"
      case .failure, .software, .notAllowed, nil: code > 128 ? "killed by signal \(code - 128)" : "it failed"
      }
    return code == 0 ? meaning : "\(meaning) (exit \(code))"
  }
}

/// Numbers of a scheduler, as Prometheus reads them.
struct ScheduleMetrics {
  private struct Ended {
    var code: Int32 = 0
    var ended: Int64 = 0
    var seconds: Int64 = 0
    /// By exit code.
    var counts: [Int32: Int] = [:]
    /// When a run last ended well: published, or with nothing changed.
    var lastGood: Int64?
  }

  private var ended: [String: Ended] = [:]

  mutating func end(_ name: String, code: Int32, began: Int64, ended moment: Int64) {
    var run = ended[name] ?? Ended()
    (run.code, run.ended, run.seconds) = (code, moment, moment - began)
    run.counts[code, default: 0] += 1
    if [ExitCode.success, .unchanged].contains(where: { $0.rawValue == code }) { run.lastGood = moment }
    ended[name] = run
  }

  func text(_ entries: [ScheduleBook.Entry]) -> String {
    var lines: [String] = []
    func family(_ name: String, _ kind: String, _ help: String, _ samples: [(labels: String, value: Int64)]) {
      guard !samples.isEmpty else { return }
      lines.append("# HELP acervo_schedule_\(name) \(help)")
      lines.append("# TYPE acervo_schedule_\(name) \(kind)")
      for sample in samples { lines.append("acervo_schedule_\(name){\(sample.labels)} \(sample.value)") }
    }
    func of(_ name: String) -> String { "pipeline=\"\(name)\"" }
    let runs = ended.sorted { $0.key < $1.key }
    family(
      "next_run_timestamp_seconds", "gauge", "When the next run begins.",
      entries.compactMap { entry in entry.start.map { (of(entry.name), $0) } })
    family(
      "running", "gauge", "Whether a run waits or is under way.",
      entries.map { (of($0.name), $0.isRunning ? 1 : 0) })
    family(
      "skipped_total", "counter", "Times that passed without a run of their own.",
      entries.map { (of($0.name), Int64($0.skipped)) })
    family(
      "runs_total", "counter", "Runs by exit code.",
      runs.flatMap { name, run in
        run.counts.sorted { $0.key < $1.key }.map { ("\(of(name)),code=\"\($0.key)\"", Int64($0.value)) }
      })
    family(
      "last_exit_code", "gauge", "Exit code of the last run.", runs.map { (of($0.key), Int64($0.value.code)) })
    family(
      "last_end_timestamp_seconds", "gauge", "When the last run ended.", runs.map { (of($0.key), $0.value.ended) })
    family(
      "last_good_timestamp_seconds", "gauge", "When a run last published or found nothing changed.",
      runs.compactMap { name, run in run.lastGood.map { (of(name), $0) } })
    family(
      "last_duration_seconds", "gauge", "How long the last run took.", runs.map { (of($0.key), $0.value.seconds) })
    return lines.joined(separator: "\n") + "\n"
  }
}
