/// How a program ends, for schedulers: the numbers of DESIGN's exit codes and of BSD's `sysexits.h`.
public enum ExitCode: Int32, Sendable {
  /// Done; for a run: published.
  case success = 0
  /// Something went wrong that no other number names.
  case failure = 1
  /// The run changed nothing, so nothing was published.
  case unchanged = 3
  /// The publish gate refused the candidate.
  case gateRefused = 4
  /// Too many documents failed, or a source shrank beyond its limit.
  case tooManyFailures = 5
  /// Somebody may not read what was asked about.
  case notAllowed = 6
  /// `EX_USAGE`: the command line cannot be understood.
  case usage = 64
  /// `EX_DATAERR`: the pipeline file or another input is wrong.
  case badInput = 65
  /// `EX_NOINPUT`: a file or folder is missing.
  case missingInput = 66
  /// `EX_UNAVAILABLE`: a source, an address or a model cannot be reached.
  case unavailable = 69
  /// `EX_SOFTWARE`: a fault of ours.
  case software = 70
  /// `EX_CANTCREAT`: an output cannot be written.
  case cannotWrite = 73
  /// `EX_TEMPFAIL`: another run holds the lock; try later.
  case locked = 75
  /// Ended by SIGINT, as shells number it.
  case interrupted = 130
  /// Ended by SIGTERM, as shells number it.
  case terminated = 143
}
