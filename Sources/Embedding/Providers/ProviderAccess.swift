public import Corpus
internal import Glibc
public import HTTPClient

/// Where a provider is reached, and what opens it.
public struct ProviderAccess: Sendable, Equatable {
  /// Who it is.
  public var provider: Provider
  /// The address below which its routes are, without a slash at the end.
  public var url: WebURL
  /// Its key; nil where it needs none.
  public var key: Secret?

  /// A key's file is small: more of it is not read.
  private static let longestKey = 16 << 10

  /// Takes what is given, and the rest from the environment and the provider's usual address.
  ///
  /// - Parameters:
  ///   - provider: who it is.
  ///   - url: its address; nil: the environment's, or the usual one.
  ///   - key: its key; nil: the environment's. The environment's key goes to the environment's address or to the usual
  ///     one only: whoever gives another address gives its key with it.
  ///   - environment: the environment's variables.
  /// - Throws: `EmbeddingError` when the address is none, a key's file cannot be read, or a key is missing that the
  ///   usual address needs.
  public init(_ provider: Provider, url: String? = nil, key: Secret? = nil, environment: [String: String] = [:]) throws
  {
    func first(_ names: [String]) -> (name: String, value: String)? {
      names.lazy.compactMap { name in environment[name].map { (name, Self.trimmed($0)) } }.first { !$0.1.isEmpty }
    }
    var address = url ?? first(provider.addressVariables)?.value ?? provider.usualAddress
    // Ollama's own variable leaves out the scheme: 127.0.0.1:11434.
    if !address.contains("://") { address = "http://" + address }
    while address.hasSuffix("/") { address.removeLast() }
    guard let parsed = WebURL(address), parsed.scheme == "http" || parsed.scheme == "https", parsed.username.isEmpty,
      parsed.password.isEmpty, parsed.query == nil
    else {
      throw EmbeddingError(
        message: "the address of \(provider.rawValue) is no plain http or https address; write one such as "
          + provider.usualAddress)
    }
    var found = key
    if found == nil, url == nil {
      if let variable = first(provider.keyVariables) {
        found = Secret(variable.value)
      } else if let file = first(provider.keyVariables.map { $0 + "_FILE" }) {
        found = try Self.key(in: file.value, named: file.name)
      }
    }
    if let key = found, !Self.isSendable(key.reveal) {
      throw EmbeddingError(
        message: "the key of \(provider.rawValue) has characters that no key has; give it on one line, without spaces")
    }
    if found == nil, provider.needsKey, address == provider.usualAddress {
      throw EmbeddingError(
        message: "\(provider.rawValue) needs a key; set \(provider.keyVariables[0]), or "
          + "\(provider.keyVariables[0])_FILE to a file with it")
    }
    self.provider = provider
    self.url = parsed
    self.key = found
  }

  /// Whether the environment has what this provider needs: a key, or an address of one's own.
  ///
  /// - Parameters:
  ///   - provider: who it is.
  ///   - environment: the environment's variables.
  /// - Returns: whether it is configured there.
  public static func isConfigured(_ provider: Provider, environment: [String: String]) -> Bool {
    provider.variables.contains { !Self.trimmed(environment[$0] ?? "").isEmpty }
  }

  private static func key(in path: String, named variable: String) throws -> Secret {
    guard let file = fopen(path, "r") else {
      throw EmbeddingError(path: path, message: "\(variable) names this file, which cannot be read")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: longestKey)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = trimmed(String(decoding: bytes[..<count], as: UTF8.self))
    guard !text.isEmpty else { throw EmbeddingError(path: path, message: "the key's file is empty") }
    return Secret(text)
  }

  /// Visible ASCII, as a header field carries it unchanged.
  private static func isSendable(_ key: String) -> Bool { key.utf8.allSatisfy { 0x21...0x7E ~= $0 } }

  private static func trimmed(_ text: String) -> String {
    var rest = text[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }
}
