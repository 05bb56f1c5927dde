internal import Chunking
internal import Cleaning
internal import Connectors
internal import Credentials
internal import Embedding
internal import Evaluation
internal import Glibc
internal import Indexing
internal import Retrieval
internal import Serving
internal import Settings
internal import Snapshots
internal import Terminal

/// Ends the process.
func exitProgram(_ code: ExitCode) -> Never {
  exit(code.rawValue)
}

/// A fault in what the user gave, other than in a pipeline file.
struct InputError: Error, CustomStringConvertible {
  let description: String
  var code = ExitCode.badInput
}

/// Where errors end: one place decides what is printed and which code a scheduler sees.
enum Failure {
  static func report(_ error: any Error) -> ExitCode {
    if error is CancellationError { return Interruption.exitCode }
    let output = Output.notes
    if let errors = error as? SettingsErrors {
      output.line(errors.text(color: output.usesColor))
    } else if let error = error as? UsageError {
      output.line(error.description)
    } else {
      output.line("acervo: \(error)")
    }
    return code(of: error)
  }

  private static func code(of error: any Error) -> ExitCode {
    switch error {
    case is UsageError: .usage
    case is SettingsErrors: .badInput
    case is CleaningError: .badInput
    case is EvaluationError: .badInput
    case is ServingError: .missingInput
    case is SourceError: .unavailable
    case is EmbeddingError: .unavailable
    case let error as RetrievalError: error.code == .badRequest ? .usage : .unavailable
    case let error as InputError: error.code
    case is KeyError: .badInput
    case let error as CredentialsError:
      switch error.code {
      case .badInput: .badInput
      case .missing: .missingInput
      case .system: .cannotWrite
      }
    case let error as SnapshotError: error.code == .missing ? .missingInput : .badInput
    case let error as IndexingError:
      switch error.kind {
      case .locked: .locked
      case .storage: .cannotWrite
      case .settings: .badInput
      }
    default: .failure
    }
  }
}
