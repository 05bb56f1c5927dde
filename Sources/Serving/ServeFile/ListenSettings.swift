internal import Settings

/// Where the service is reached.
public struct ListenSettings: Sendable, Equatable {
  /// The address; 127.0.0.1 by default.
  public var address = "127.0.0.1"
  /// The port, 8080 by default; 0 takes any free one.
  public var port = 8_080
  /// The threads that read and write, 2 by default.
  public var threads = 2
  /// Proxies whose `X-Forwarded-For` is believed: addresses or networks (10.0.0.0/8).
  public var trustedProxies: [NetworkRange] = []

  /// The defaults.
  public init() {}

  private typealias Field = SettingsField<ListenSettings>

  static let definition = SettingsObject(
    initial: ListenSettings(),
    fields: [
      Field("address", \.address, .string(needs: "an address or a name of this machine"), "The address to listen on."),
      Field("port", \.port, .integer(in: 0...65_535), "The port to listen on; 0 takes any free one and prints it."),
      Field(
        "threads", \.threads, .integer(in: 1...64),
        "Threads that read and write; answers are made on all cores whatever stands here."),
      Field(
        "trusted_proxies", \.trustedProxies, .list(of: .networkRange, count: 0...100),
        "Proxies in front whose X-Forwarded-For says where a request comes from: addresses or networks."),
    ])
}

extension SettingType where Value == NetworkRange {
  static var networkRange: SettingType {
    let needs = "an address or a network such as 10.0.0.0/8"
    return SettingType<String>.string(needs: needs).mapped(
      { text, node, reader in
        if let range = NetworkRange(text) { return range }
        reader.report(at: node, "\(reader.label) needs \(needs)", mend: "write \(needs)")
        return nil
      }, back: \.description)
  }
}
