/// The schemes that the standard treats in their own way: a host is needed, `\` is `/`, the port has a default.
enum SpecialScheme: String {
  case http, https, ws, wss, ftp, file

  init?(_ scheme: String) { self.init(rawValue: scheme) }

  /// The port that is left out when written; nil for `file`.
  var defaultPort: Int? {
    switch self {
    case .http, .ws: 80
    case .https, .wss: 443
    case .ftp: 21
    case .file: nil
    }
  }
}
