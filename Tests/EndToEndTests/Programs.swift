import AcervoTesting
import Foundation
import Synchronization

/// The project's folders and the programs under test.
enum Project {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Where the built programs are: `$ACERVO_BIN`, else beside this test bundle.
  static let programs: String =
    ProcessInfo.processInfo.environment["ACERVO_BIN"]
    ?? URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path

  static var models: String {
    ProcessInfo.processInfo.environment["ACERVO_MODELS"] ?? root + "/models"
  }

  static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

/// What a program that ended said.
struct Ended {
  var status: Int32
  var output: String
  var errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs a program to its end.
func run(
  _ program: String, _ arguments: String..., input: String = "", environment: [String: String] = [:]
) throws -> Ended {
  try run(program, arguments, input: input, environment: environment)
}

/// Runs a program to its end.
func run(
  _ program: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
) throws -> Ended {
  let process = try prepared(program, arguments, environment)
  let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
  process.standardInput = standardInput
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  // All three at once: a full pipe on one side would otherwise stop the program for ever.
  let collected = Mutex<Data>(Data())
  let done = DispatchSemaphore(value: 0)
  let reader = Thread { @Sendable in
    let data = errors.fileHandleForReading.readDataToEndOfFile()
    collected.withLock { $0 = data }
    done.signal()
  }
  reader.start()
  let writer = Thread { @Sendable in
    try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? standardInput.fileHandleForWriting.close()
  }
  writer.start()
  // A program that hangs must fail its test, not stop the whole run.
  let watchdog = DispatchWorkItem { @Sendable in process.terminate() }
  DispatchQueue.global().asyncAfter(deadline: .now() + 240 * Patience.factor, execute: watchdog)
  defer { watchdog.cancel() }
  let text = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  done.wait()
  return Ended(
    status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
    errors: collected.withLock { String(decoding: $0, as: UTF8.self) })
}

func prepared(_ program: String, _ arguments: [String], _ environment: [String: String]) throws -> Process {
  let process = Process()
  process.executableURL = URL(filePath: program.contains("/") ? program : Project.programs + "/" + program)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment
    .merging(["ACERVO_MODELS": Project.models]) { $1 }.merging(environment) { $1 }
  return process
}

/// A running `acervo-serve` on a port of its own.
final class Server {
  let process: Process
  let port: Int
  private let log: Pipe

  init(snapshots: String, _ arguments: String...) throws {
    process = try prepared("acervo-serve", ["--snapshots", snapshots, "--port", "0"] + arguments, [:])
    log = Pipe()
    process.standardError = log
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    var text = ""
    var found: Int?
    // The first line on standard error says where it listens.
    while found == nil {
      let data = log.fileHandleForReading.availableData
      guard !data.isEmpty else { throw ServerFailed(log: text) }
      text += String(decoding: data, as: UTF8.self)
      found = text.firstMatch(of: /"url":"http:\/\/127\.0\.0\.1:(\d+)"/).flatMap { Int($0.1) }
    }
    port = found ?? 0
    // Nobody reads the rest, and a full pipe would stop the server.
    let handle = log.fileHandleForReading
    Thread { @Sendable in while !handle.availableData.isEmpty {} }.start()
    while try get("/ready").status != 200 {
      guard process.isRunning else { throw ServerFailed(log: text) }
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  deinit { stop() }

  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }

  /// Asks and returns status and JSON.
  func post(_ path: String, _ body: [String: Any]) throws -> (status: Int, json: [String: Any]) {
    let data = try JSONSerialization.data(withJSONObject: body)
    return try send(["-X", "POST", "-H", "Content-Type: application/json", "--data-binary", "@-"], path, data)
  }

  func get(_ path: String) throws -> (status: Int, json: [String: Any]) {
    try send([], path, Data())
  }

  private func send(_ options: [String], _ path: String, _ body: Data) throws -> (status: Int, json: [String: Any]) {
    let answer = try run(
      "/usr/bin/curl", ["-sS", "-m", "30", "-w", "\n%{http_code}"] + options + ["http://127.0.0.1:\(port)\(path)"],
      input: String(decoding: body, as: UTF8.self))
    var lines = answer.output.split(separator: "\n", omittingEmptySubsequences: false)
    let status = lines.popLast().flatMap { Int($0) } ?? 0
    let text = lines.joined(separator: "\n")
    let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return (status, json ?? [:])
  }

  struct ServerFailed: Error {
    var log: String
  }
}
