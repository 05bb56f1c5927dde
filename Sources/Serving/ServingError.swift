/// Why the service cannot start.
public enum ServingError: Error, Equatable, CustomStringConvertible {
  /// The address or port cannot be had.
  case cannotListen(address: String, port: Int, reason: String)
  /// The snapshots' folder is not there or cannot be read.
  case noSnapshots(folder: String, reason: String)

  /// What is wrong and how to mend it.
  public var description: String {
    switch self {
    case .cannotListen(let address, let port, let reason):
      "cannot listen on \(address) port \(port): \(reason); choose another with --listen or --port (0: any free port)"
    case .noSnapshots(let folder, let reason):
      "cannot read the snapshots' folder “\(folder)”: \(reason); name the folder that the pipeline publishes to"
    }
  }
}
