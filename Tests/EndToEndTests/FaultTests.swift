import Foundation
import Testing

/// Runs that are killed, disks that fail, power that goes: short forms of the programs in `Tests/faults`, each of which
/// says in its head what it looks at.
@Suite(.serialized) struct FaultTests {
  private func program(_ arguments: String...) throws {
    let ended = try run(
      "/usr/bin/env", ["python3", Project.root + "/Tests/faults/" + arguments[0]] + arguments.dropFirst(),
      environment: ["ACERVO_BIN": Project.programs])
    #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
    if ended.output.hasPrefix("skipped:") {
      #if compiler(>=6.3)
        try Test.cancel("\(ended.output)")
      #else
        print(ended.output)  // before Swift 6.3 a test that runs cannot be called skipped
      #endif
    }
  }

  @Test func `A run that is killed leaves a whole snapshot, and the next one goes on`() throws {
    try program("kill_runs.py", "--runs", "15", "--pages", "15", "--whole-every", "5", "--seed", "7")
  }

  @Test func `Where the power fails, the disk holds a whole snapshot and a state to go on from`() throws {
    try program("power_loss.py", "--every", "9", "--pages", "8")
  }

  @Test func `A call that fails is said, and the old snapshot stays`() throws {
    try program("disk_faults.py", "error", "--every", "11")
  }

  @Test func `A full disk is said, and the next run recovers`() throws {
    try program("disk_faults.py", "full")
  }

  @Test func `A folder that may not be written is said`() throws {
    try program("disk_faults.py", "readonly")
  }
}
