internal import Foundation
internal import Glibc
internal import Synchronization

/// A PostgreSQL server of its own in a temporary folder, reached by a socket in it; ends with this value.
///
/// The server refuses to run as root, so root starts it as `nobody`.
public final class PostgreSQLServer: Sendable {
  /// Why there is no server.
  public struct Failure: Error, CustomStringConvertible {
    /// What happened.
    public var description: String
  }

  /// Where Debian puts the server's programs; nil where it is not installed.
  public static let programs: String? = {
    let base = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
    return versions.compactMap { Int($0) }.sorted().reversed().map { "\(base)/\($0)/bin" }.first {
      FileManager.default.isExecutableFile(atPath: $0 + "/pg_ctl")
    }
  }()

  /// The password of its user `acervo`.
  public static let password = "hunter2 is 'secret'"
  private let folder: TemporaryFolder
  private let programs: String

  /// What libpq needs to connect.
  public var connection: String {
    "host=\(folder.path)/pg user=acervo dbname=postgres password='hunter2 is \\'secret\\''"
  }

  /// Makes a database and starts its server.
  ///
  /// - Throws: `Failure` where it is not installed or does not start.
  public init() throws {
    guard let programs = Self.programs else { throw Failure(description: "PostgreSQL is not installed") }
    self.programs = programs
    folder = try TemporaryFolder()
    let home = folder.path + "/pg"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    try Data(Self.password.utf8).write(to: URL(fileURLWithPath: home + "/password"))
    if geteuid() == 0 {
      for path in [home, home + "/password"] { _ = chown(path, 65_534, 65_534) }
    }
    _ = try run([
      programs + "/initdb", "--pgdata=\(home)/data", "--username=acervo", "--pwfile=\(home)/password",
      "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
    ])
    _ = try run([
      programs + "/pg_ctl", "--pgdata=\(home)/data", "--log=\(home)/log", "--wait", "--options",
      "-k \(home) -c listen_addresses='' -c fsync=off -c max_connections=20 -c shared_buffers=16MB", "start",
    ])
    let pid = try String(contentsOfFile: home + "/data/postmaster.pid", encoding: .utf8)
    _ = Self.atEnd
    Self.running.withLock { $0[folder.path] = pid.split(separator: "\n").first.flatMap { pid_t($0) } }
  }

  /// The servers that a test which ends with its process leaves behind.
  private static let running = Mutex<[String: pid_t]>([:])
  private static let atEnd: Void = {
    _ = atexit { PostgreSQLServer.running.withLock { for process in $0.values { kill(process, SIGQUIT) } } }
  }()

  deinit {
    Self.running.withLock { $0[folder.path] = nil }
    _ = try? run([programs + "/pg_ctl", "--pgdata=\(folder.path)/pg/data", "--mode=immediate", "stop"])
  }

  /// Runs statements.
  ///
  /// - Returns: what they give, unaligned.
  /// - Throws: `Failure` with the server's words.
  @discardableResult
  public func sql(_ statements: String) throws -> String {
    try run(
      [
        programs + "/psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1",
        "--host=\(folder.path)/pg", "--username=acervo", "--dbname=postgres", "--command=\(statements)",
      ])
  }

  private func run(_ command: [String]) throws -> String {
    let asNobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    let words = geteuid() == 0 ? asNobody + command : command
    // Neither a pipe nor Foundation's Process: both wait for the server that pg_ctl leaves behind to let go of them.
    let output = folder.path + "/output-\(UUID().uuidString)"
    let status = try Self.spawn(
      words, environment: ["PGPASSWORD=\(Self.password)", "LC_ALL=C", "PATH=/usr/bin:/bin"], output: output)
    let text = try String(decoding: Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self)
    guard status == 0 else { throw Failure(description: text) }
    return text
  }

  /// Runs a program to its end, its output in a file.
  private static func spawn(_ words: [String], environment: [String], output: String) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    posix_spawn_file_actions_addchdir_np(&actions, "/")
    let arguments = words.map { strdup($0) } + [nil]
    let variables = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, words[0], &actions, nil, arguments, variables)
    guard failure == 0 else { throw Failure(description: "\(words[0]): \(String(cString: strerror(failure)))") }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { throw Failure(description: "\(words[0]): \(String(cString: strerror(errno)))") }
    }
    return status
  }
}
