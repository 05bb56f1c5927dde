internal import Corpus
internal import FoundationEssentials
internal import Glibc
internal import Indexing
internal import Pipelines
internal import Terminal

/// `acervo schedule`: runs pipelines at the times that their files name, or writes units for another scheduler.
enum ScheduleCommand {
  private static let once = Option(
    "at-once", "N", in: 1...64, help: "Pipelines that may run at the same time; the others wait.", default: 1)
  private static let metrics = Option(
    "metrics", "FILE", help: "Keep numbers here for Prometheus' textfile collector; the name ends in .prom.")
  private static let emit = Option(
    "emit", oneOf: ["systemd", "kubernetes", "cron"],
    help: "Run nothing; print units for that scheduler on standard output.")
  private static let image = Option(
    "image", "NAME", help: "With --emit kubernetes: the image of the indexer.", default: "acervo-indexer:latest")

  static let entry = Acervo.Entry(
    command: Command(
      "schedule",
      """
      Runs pipelines at the times of their schedules, until SIGTERM or SIGINT, which end the runs under way, too. Each \
      run is a process of its own, “acervo index PIPELINE”; its exit code is told and counted.
      """,
      positionals: [Positional("PIPELINE", help: "Pipeline files that have a schedule.", count: .several)],
      options: [.value(once), .value(metrics), .value(emit), .value(image)],
      examples: [
        "acervo schedule pipelines/*.yaml", "acervo schedule --metrics /var/lib/node_exporter/acervo.prom help.yaml",
        "acervo schedule --emit systemd help.yaml",
      ]),
    run: run)

  private static func run(_ arguments: Arguments) async throws -> ExitCode {
    let pipelines = try arguments.positionals.map { try ScheduledPipeline(path: $0) }
    for (index, pipeline) in pipelines.enumerated() {
      if let other = pipelines[..<index].first(where: { $0.name == pipeline.name }) {
        throw InputError(
          description: "\(other.path) and \(pipeline.path) are both called “\(pipeline.name)”\n"
            + "  mend: give each pipeline a name of its own, or schedule them apart")
      }
    }
    if let kind = arguments[emit] {
      Output.results.write(ScheduleUnits.text(kind, pipelines, image: arguments[image] ?? ""))
      return .success
    }
    let runner = ScheduleRunner(pipelines, atOnce: arguments[once] ?? 1, metrics: arguments[metrics])
    do {
      try await Interruption.cancelling { try await runner.run() }
    } catch is CancellationError {}
    return .success
  }
}

/// A pipeline file that has a schedule.
struct ScheduledPipeline: Sendable {
  let path: String
  let file: PipelineFile
  let schedule: ScheduleSettings
  let zone: ClockZone

  var name: String { file.name }

  init(path: String) throws {
    file = try PipelineFile.read(path: path, environment: Inputs.environment)
    guard let schedule = file.schedule else {
      throw InputError(
        description: "\(path) has no schedule\n  mend: add “schedule: \"0 */6 * * *\"” to it, or run “acervo index”")
    }
    guard let zone = ClockZone(schedule.timeZone) else {
      throw InputError(description: "the time zone \(schedule.timeZone) is gone; install the package tzdata")
    }
    // Seen from another folder, too: units and processes may begin elsewhere.
    self.path = path.hasPrefix("/") ? path : Inputs.workingFolder + "/" + path
    self.schedule = schedule
    self.zone = zone
  }

  /// When the last run ended, in seconds since 1970; nil for never.
  var lastRun: Int64? {
    var status = stat()
    let report = file.publish.to + "/" + file.name + "/last-run.json"
    return stat(report, &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
  }
}
