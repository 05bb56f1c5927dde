/// Why the service cannot start.
public enum ServingError: Error, Equatable, CustomStringConvertible {
  /// The address or port cannot be had.
  case cannotListen(address: String, port: Int, reason: String)
  /// The snapshots' folder is not there or cannot be read.
  case noSnapshots(folder: String, reason: String)
  /// The admin key cannot be used.
  case badAdminKey(source: String)
  /// The admin key's file cannot be read.
  case noAdminKey(file: String, reason: String)

  /// What is wrong and how to mend it.
  public var description: String {
    switch self {
    case .cannotListen(let address, let port, let reason):
      "cannot listen on \(address) port \(port): \(reason); choose another with --listen or --port (0: any free port)"
    case .noSnapshots(let folder, let reason):
      "cannot read the snapshots' folder “\(folder)”: \(reason); name the folder that the pipeline publishes to"
    case .badAdminKey(let source):
      "the admin key of \(source) cannot be used; give at least \(AdminKey.minimumBytes) characters without spaces, "
        + "such as those of “openssl rand -hex 32”"
    case .noAdminKey(let file, let reason):
      "cannot read the admin key's file “\(file)”: \(reason); check its path and who may read it"
    }
  }
}
