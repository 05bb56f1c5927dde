internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// Why a program gave nothing.
enum ChildProgramError: Error, Equatable {
  /// It ended with another code than 0; after 128 the signal's number that ended it.
  case code(Int32)
  /// It did not end in time.
  case timeout(seconds: Int)
  /// It wrote more than is read.
  case tooMuch(bytes: Int)
  /// It could not be started, or its files could not be written: what the system says.
  case system(String)
}

/// A program of the system's that turns one file into another, run with limits on time, memory and output.
///
/// It gets an empty environment but for a folder of its own, which is removed with everything in it, and no input but the
/// file. What it does beyond that (the network, other files) is its user's: run the indexer as one with few rights.
struct ChildProgram: Sendable {
  /// Where it is.
  var path: String
  /// Its arguments; `%` stands for the file's path.
  var arguments: [String]
  /// It may run so long, in seconds.
  var seconds = 60
  /// It may use so much address space, in bytes.
  var memory = 2 << 30
  /// It may write so much, in bytes.
  var output = 64 << 20

  /// Looks for a program where the system keeps its own; nil where it is not installed.
  static func find(_ name: String) -> String? {
    ["/usr/bin/", "/usr/local/bin/", "/bin/"].map { $0 + name }.first { access($0, X_OK) == 0 }
  }

  /// Runs it on a file and takes what it writes.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - ending: of the file's name, which some programs go by.
  /// - Returns: what it wrote to its standard output.
  /// - Throws: `ChildProgramError`; `CancellationError`.
  func run(on bytes: [UInt8], ending: String) async throws -> [UInt8] {
    let isCancelled = Flag()
    return try await withTaskCancellationHandler {
      try await offPool { [self] in try convert(bytes, ending, isCancelled) }
    } onCancel: {
      isCancelled.set()
    }
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
  }

  private func convert(_ bytes: [UInt8], _ ending: String, _ isCancelled: Flag) throws -> [UInt8] {
    // mkdtemp writes letters of its own over the X's, so that no two files share a folder.
    var template = Array((FileManager.default.temporaryDirectory.path + "/acervo-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Self.systemError() }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (file, result) = (folder + "/file." + ending, folder + "/result")
    do {
      try Data(bytes).write(to: URL(filePath: file))
    } catch {
      throw ChildProgramError.system("\(error)")
    }
    let code = try wait(for: try start(folder, file, result), isCancelled)
    guard code == 0 else { throw code == 128 + SIGXFSZ ? .tooMuch(bytes: output) : ChildProgramError.code(code) }
    guard let data = FileManager.default.contents(atPath: result) else { throw Self.systemError() }
    guard data.count < output else { throw ChildProgramError.tooMuch(bytes: output) }
    return Array(data)
  }

  private static func systemError() -> ChildProgramError { .system(String(cString: strerror(errno))) }

  /// Starts it through the shell, whose `ulimit` sets the limits that it inherits.
  private func start(_ folder: String, _ file: String, _ result: String) throws -> pid_t {
    let limits = "ulimit -v \(memory >> 10) && ulimit -t \(seconds) && ulimit -f \(output >> 9) && exec \"$0\" \"$@\""
    let words = ["/bin/sh", "-c", limits, path] + arguments.map { $0 == "%" ? file : $0 }
    let environment = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=\(folder)", "TMPDIR=\(folder)"]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, result, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // Nothing else that the indexer has open: a lock would live on in a child.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that what it starts ends with it; and signals as they are at first.
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    let texts = words.map { (word: String) in strdup(word) } + [nil]
    let variables = environment.map { (word: String) in strdup(word) } + [nil]
    defer { for text in texts + variables { free(text) } }
    var process = pid_t()
    let failure = posix_spawn(&process, "/bin/sh", &actions, &attributes, texts, variables)
    guard failure == 0 else { throw ChildProgramError.system(String(cString: strerror(failure))) }
    return process
  }

  private func wait(for process: pid_t, _ isCancelled: Flag) throws -> Int32 {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var status: Int32 = 0
    while true {
      let found = waitpid(process, &status, WNOHANG)
      if found == process { break }
      if found == -1, errno != EINTR { throw Self.systemError() }
      let isLate = ContinuousClock.now >= deadline
      if isLate || isCancelled.isSet {
        kill(-process, SIGKILL)
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        if isLate { throw ChildProgramError.timeout(seconds: seconds) }
        throw CancellationError()
      }
      usleep(10_000)
    }
    let signal = status & 0x7F
    // Whatever it left running.
    kill(-process, SIGKILL)
    return signal == 0 ? status >> 8 & 0xFF : 128 + signal
  }
}
