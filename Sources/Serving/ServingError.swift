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
  /// Anybody on the network could ask.
  case openToNetwork(address: String)

  /// What is wrong and how to mend it.
  public var description: String {
    switch self {
    case .cannotListen(let address, let port, let reason):
      "cannot listen on \(address) port \(port): \(reason); choose another with --listen or --port (0: any free port)"
    case .noSnapshots(let folder, let reason):
      "cannot read the snapshots' folder “\(folder)”: \(reason); name the folder that the pipeline publishes to"
    case .badAdminKey(let source):
      "the key of \(source) cannot be used; give at least \(AdminKey.minimumBytes) characters without spaces, "
        + "such as those of “openssl rand -hex 32”"
    case .openToNetwork(let address):
      "listening on \(address) would let anybody on the network ask, as nothing says who may; give API keys "
        + "(ACERVO_API_KEY, or --keys with a file of “acervo keys new”), tokens or a Forge app (--config), or listen "
        + "on 127.0.0.1"
    case .noAdminKey(let file, let reason):
      "cannot read the admin key's file “\(file)”: \(reason); check its path and who may read it"
    }
  }
}
