import AcervoTesting
import Foundation
import Testing

/// `acervo schedule` as a process, on a folder of two pages and without a model.
@Suite struct ScheduleTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("# Hours\n\nWe open at nine.\n", to: "pages/hours.md")
  }

  private func pipeline(_ schedule: String, name: String = "hours", path: String = "pages") throws -> String {
    try folder.write(
      """
      acervo: 1
      name: \(name)
      stages:
        - fetch: { sources: [{ id: files, folder: { path: \(path) } }] }
        - chunk: {}
        - embed: { provider: none }
        - index: { languages: [en] }
      publish: { to: "snapshots $100%" }
      schedule: \(schedule)
      """, to: name + ".yaml")
  }

  @Test(.timeLimit(.minutes(5)))
  func `What never ran runs at once, a failing run is told and counted, and SIGTERM ends it all`() async throws {
    let good = try pipeline("\"@yearly\"")
    let bad = try pipeline("\"@yearly\"", name: "gone", path: "nowhere")
    let metrics = folder.path + "/acervo.prom"
    let process = Process()
    process.executableURL = URL(filePath: Project.programs + "/acervo")
    process.arguments = ["schedule", "--metrics", metrics, good, bad]
    let notes = Pipe()
    process.standardError = notes
    try process.run()
    func text() -> String { (try? String(contentsOfFile: metrics, encoding: .utf8)) ?? "" }
    let expected = [
      #"acervo_schedule_runs_total{pipeline="hours",code="0"} 1"#,
      #"acervo_schedule_runs_total{pipeline="gone",code="69"} 1"#,
      #"acervo_schedule_last_exit_code{pipeline="gone"} 69"#,
    ]
    while process.isRunning, !expected.allSatisfy({ text().contains($0) }) {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(process.isRunning)
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    for line in expected { #expect(text().contains(line)) }
    #expect(text().contains(#"acervo_schedule_next_run_timestamp_seconds{pipeline="hours"} "#))
    let told = String(decoding: notes.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(told.contains("hours: published after"), "\(told)")
    #expect(told.contains("gone: a source or the model cannot be reached (exit 69) after"), "\(told)")
    #expect(told.contains("nowhere: No such file or directory"), "\(told)")
  }

  @Test func `A file without a schedule and a name given twice are refused`() throws {
    let without = try folder.write(
      try String(contentsOfFile: pipeline("\"@daily\""), encoding: .utf8).replacing("schedule: \"@daily\"", with: ""),
      to: "without.yaml")
    let missing = try run("acervo", "schedule", without)
    #expect(missing.status == 65)
    #expect(missing.errors.contains("without.yaml has no schedule"))
    let twice = try run("acervo", "schedule", try pipeline("\"@daily\""), try pipeline("\"@daily\""))
    #expect(twice.status == 65)
    #expect(twice.errors.contains("are both called “hours”"))
  }

  @Test func `Units carry the schedule and quote what needs it`() throws {
    let path = try pipeline("{ cron: \"30 4 1,15 * mon\", time_zone: Europe/Madrid, jitter: 5m, catch_up: false }")
    let systemd = try run("acervo", "schedule", "--emit", "systemd", path)
    for line in [
      "# /etc/systemd/system/acervo-hours.timer", "OnCalendar=*-*-01,15 04:30:00 Europe/Madrid",
      "OnCalendar=Mon *-*-* 04:30:00 Europe/Madrid", "RandomizedDelaySec=300", "Persistent=no",
      "ReadWritePaths=\"\(folder.path)/snapshots $100%%\"", "SuccessExitStatus=3",
      "Environment=ACERVO_MODELS=/usr/share/acervo/models", "EnvironmentFile=-/etc/acervo/hours.env",
      "ExecStartPre=+/bin/sh -c 'test -d \"$$1\" || install -d -o acervo \"$$1\"' sh "
        + "\"\(folder.path)/snapshots $$100%%\"",
    ] { #expect(systemd.output.contains(line + "\n"), "\(line)\n\(systemd.output)") }
    let kubernetes = try run("acervo", "schedule", "--emit", "kubernetes", path)
    for line in [
      "  schedule: \"30 4 1,15 * mon\"", "  timeZone: \"Europe/Madrid\"", "  concurrencyPolicy: Forbid",
      "mountPath: \"\(folder.path)/snapshots $100%\"", "mountPath: /tmp }", "secretRef: { name: \"acervo-hours\"",
    ] { #expect(kubernetes.output.contains(line), "\(line)\n\(kubernetes.output)") }
    let long = String(repeating: "a", count: 44)
    let short = try run("acervo", "schedule", "--emit", "kubernetes", pipeline("\"@daily\"", name: long + "-b"))
    #expect(short.output.contains("  name: \"acervo-\(long)\"\n"))
    let cron = try run("acervo", "schedule", "--emit", "cron", path)
    #expect(cron.output.contains("30 4 1,15 * mon "))
    #expect(cron.output.contains("index --quiet --zero-when-unchanged \(path)\n"))
  }
}
