internal import Corpus

/// A message of JSON-RPC 2.0 as the Model Context Protocol sends it: one object, no batches.
enum ContextMessage: Sendable {
  /// Wants an answer under its id, a string or a whole number.
  case request(id: JSONValue, Call)
  /// Wants none.
  case notification(Call)
  /// Answers something that was never asked: this server asks its clients nothing.
  case response

  /// What is to be done, with what.
  struct Call: Sendable {
    var method: String
    /// An object; empty where none was sent.
    var parameters: JSONValue
  }

  /// Reads a message.
  ///
  /// - Throws: `ContextFailure.invalidRequest` for anything else.
  init(_ value: JSONValue) throws(ContextFailure) {
    guard value.members != nil else { throw .invalidRequest("a message is one JSON object; batches are not taken") }
    guard value["jsonrpc"]?.string == "2.0" else { throw .invalidRequest("“jsonrpc” has to be “2.0”") }
    guard let method = value["method"]?.string else {
      guard value["result"] != nil || value["error"] != nil else { throw .invalidRequest("“method” is missing") }
      self = .response
      return
    }
    let parameters = value["params"] ?? [:]
    guard parameters.members != nil else { throw .invalidRequest("“params” has to be an object") }
    let call = Call(method: method, parameters: parameters)
    guard let id = value["id"] else {
      self = .notification(call)
      return
    }
    switch id {
    case .string, .integer: self = .request(id: id, call)
    default: throw .invalidRequest("“id” has to be a string or a whole number")
    }
  }
}

/// Why a request of an assistant cannot be carried out, as JSON-RPC tells it.
struct ContextFailure: Error, Sendable {
  /// Codes of JSON-RPC 2.0, 5.1, and of the Model Context Protocol.
  var code: Int64
  var message: String
  var data: JSONValue?

  static func parse(_ detail: String) -> ContextFailure { .init(code: -32_700, message: detail) }
  static func invalidRequest(_ detail: String) -> ContextFailure { .init(code: -32_600, message: detail) }
  static func unknownMethod(_ name: String) -> ContextFailure {
    .init(code: -32_601, message: "There is no method “\(name.prefix(80))”.")
  }
  static func invalidParameters(_ detail: String) -> ContextFailure { .init(code: -32_602, message: detail) }
  static let unexpected = ContextFailure(code: -32_603, message: RequestFailure.unexpected.detail)
  static func headerMismatch(_ detail: String) -> ContextFailure { .init(code: -32_020, message: detail) }
  static func unsupportedVersion(_ requested: String, supported: [String]) -> ContextFailure {
    .init(
      code: -32_022, message: "Unsupported protocol version",
      data: [
        "supported": .array(supported.map { .string($0) }), "requested": .string(String(requested.prefix(80))),
      ])
  }

  /// The status over HTTP, which the protocol of 2026 prescribes.
  var status: Int {
    switch code {
    case -32_601: 404
    case -32_603: 500
    default: 400
    }
  }

  /// The message that tells it; `id` is null where the request's own could not be read.
  func message(to id: JSONValue?) -> JSONValue {
    let error: [JSONValue.Member] = [.init("code", .integer(code)), .init("message", .string(message))]
    return [
      "jsonrpc": "2.0", "id": id ?? .null, "error": .object(error + (data.map { [.init("data", $0)] } ?? [])),
    ]
  }
}
