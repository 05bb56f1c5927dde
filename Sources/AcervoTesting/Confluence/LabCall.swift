internal import Corpus
internal import FoundationEssentials

/// Which face of the lab was asked.
enum LabFace: Sendable {
  /// `…/wiki/…`
  case site
  /// `…/ex/confluence/{cloudId}/wiki/…`
  case gateway
  /// `…/confluence/rest/api/…`
  case dataCenter

  var isCloud: Bool { self != .dataCenter }
}

/// A request, understood as far as every operation needs it.
struct LabCall: Sendable {
  var face: LabFace
  var method: String
  /// The parts of the path behind `api/v2` or `rest/api`, decoded.
  var path: [String]
  /// Whether it is version 2.
  var isV2: Bool
  /// The path as links name it: from `/wiki` or `/rest` on, still encoded.
  var linkPath: String
  /// The query's fields in order, decoded.
  var query: [(name: String, value: String)]
  var headers: [(name: String, value: String)]
  var body: [UInt8]
  var account = LabAccount()
  /// What `{id}` and the like stood for.
  var parameters: [String] = []

  func first(_ name: String) -> String? { query.first { $0.name == name || $0.name == name + "[]" }?.value }

  /// All values of a field, given repeatedly or with commas; nil when it is not there.
  func list(_ name: String) -> [String]? {
    let values = query.filter { $0.name == name || $0.name == name + "[]" }.map(\.value)
    guard !values.isEmpty else { return nil }
    return values.flatMap { $0.split(separator: ",").map(String.init) }
  }

  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// The id in the path.
  var id: Int64? { parameters.first.flatMap { Int64($0) } }

  /// The link to the same listing with other values of some fields.
  func link(with fields: [(String, String)]) -> String {
    let kept = query.filter { field in !fields.contains { $0.0 == field.name } }.map { ($0.name, $0.value) }
    let text = (kept + fields).map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
    return linkPath + (text.isEmpty ? "" : "?" + text)
  }

  static func decoded(_ text: Substring, plus: Bool = true) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(text)
    }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(plus && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Percent-encodes all but letters, digits and `-._~`.
  static func encoded(_ text: String, keeping others: String = "") -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        byte < 0x80
        && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || "-._~".unicodeScalars.contains(scalar))
      if isPlain || others.unicodeScalars.contains(scalar) && byte < 0x80 {
        result.unicodeScalars.append(scalar)
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}

/// Who asks.
struct LabAccount: Sendable {
  /// The account id; nil is nobody.
  var id: String?
  /// What the token may be used for; nil is everything.
  var scopes: Set<String>?
  /// Whether restrictions do not hold for it, as for an administrator.
  var seesRestricted = false
  /// Whether it may look into the trash.
  var seesTrash = false
}

/// What the lab answers.
struct LabReply: Sendable {
  var status = 200
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  /// How many pages, spaces … are in it: a point each.
  var objects = 0
  /// How many users, groups and permissions are in it: two points each.
  var identities = 0
  /// The contents whose bodies are in it.
  var bodies: [Int64] = []

  static func json(_ value: JSONValue, status: Int = 200, objects: Int = 0, identities: Int = 0) -> LabReply {
    LabReply(
      status: status, headers: [("Content-Type", "application/json")], body: value.bytes, objects: objects,
      identities: identities)
  }

  static func html(_ text: String, status: Int) -> LabReply {
    LabReply(status: status, headers: [("Content-Type", "text/html;charset=UTF-8")], body: Array(text.utf8))
  }
}

/// An answer that ends a request's handling.
struct LabRefusal: Error {
  var reply: LabReply

  /// An error as version 2 tells it.
  static func v2(_ status: Int, _ code: String, _ title: String) -> LabRefusal {
    let error: JSONValue = [
      "status": .integer(Int64(status)), "code": .string(code), "title": .string(title), "detail": .null,
    ]
    return LabRefusal(reply: .json(["errors": [error]], status: status))
  }

  /// An error as version 1 and Data Center tell it.
  static func v1(_ status: Int, _ message: String) -> LabRefusal {
    let reasons = [400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 410: "Gone"]
    let data: JSONValue = [
      "authorized": .bool(false), "valid": .bool(true), "allowedInReadOnlyMode": .bool(true), "errors": [],
      "successful": .bool(false),
    ]
    return LabRefusal(
      reply: .json(
        [
          "statusCode": .integer(Int64(status)), "data": data, "message": .string(message),
          "reason": .string(reasons[status] ?? "Error"),
        ], status: status))
  }

  /// An error as the gateway tells it.
  static func gateway(_ status: Int, _ message: String) -> LabRefusal {
    LabRefusal(
      reply: .json(["code": .integer(Int64(status)), "message": .string(message)], status: status))
  }

  static var notFound: LabRefusal { v2(404, "NOT_FOUND", "Not Found") }
}

extension JSONValue {
  static func id(_ id: Int64?) -> JSONValue { id.map { .string("\($0)") } ?? .null }
  static func int(_ number: Int) -> JSONValue { .integer(Int64(number)) }
  static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  /// The object with more members.
  func adding(_ members: [(String, JSONValue)]) -> JSONValue {
    guard case .object(let own) = self else { return self }
    return .object(own + members.map { JSONValue.Member($0.0, $0.1) })
  }
}

/// Times as answers write them.
enum LabTime {
  /// In UTC: `2026-02-03T04:05:06.789Z`.
  static func utc(_ milliseconds: Int64) -> String {
    String(Moment.text(milliseconds / 1_000).dropLast()) + "." + String(milliseconds % 1_000).padded(to: 3) + "Z"
  }

  /// With a zone: `2026-02-03T05:05:06.789+01:00`.
  static func local(_ milliseconds: Int64, zone minutes: Int) -> String {
    let sign = minutes < 0 ? "-" : "+"
    let size = abs(minutes)
    let zone = "\(size / 60)".padded(to: 2) + ":" + "\(size % 60)".padded(to: 2)
    return String(utc(milliseconds + Int64(minutes) * 60_000).dropLast()) + sign + zone
  }
}

/// A place in a listing, as a text that clients cannot read and cannot change.
struct LabCursor: Sendable {
  /// The last row's sort key.
  var key: LabKey
  /// The last row's id.
  var id: Int64
  /// How many rows came before.
  var offset: Int
  /// When it was given out: milliseconds.
  var time: Int64
  /// Whether the empty page before this place was given out.
  var isAfterEmpty = false

  func text(for listing: UInt64, secret: UInt64) -> String {
    let value: JSONValue = [
      "id": .id(id), "k": key.json, "o": .int(offset), "t": .integer(time), "e": .bool(isAfterEmpty),
    ]
    let seal = Self.hash(value.text(), listing ^ secret)
    let sealed = value.adding([("s", .string(String(seal, radix: 36)))])
    return Data(sealed.bytes).base64EncodedString()
  }

  /// Reads a cursor; nil for one that was changed, or that belongs to another listing.
  static func read(_ text: String, for listing: UInt64, secret: UInt64) -> LabCursor? {
    guard let data = Data(base64Encoded: text), let value = try? JSONValue(parsing: Array(data)),
      var members = value.members, let seal = members.popLast(), seal.name == "s",
      seal.value.string == String(hash(JSONValue.object(members).text(), listing ^ secret), radix: 36),
      let key = value["k"].flatMap(LabKey.init), let id = value["id"]?.string.flatMap({ Int64($0) }),
      let offset = value["o"]?.int, let time = value["t"]?.int
    else { return nil }
    return LabCursor(
      key: key, id: id, offset: offset, time: Int64(time), isAfterEmpty: value["e"]?.bool ?? false)
  }

  /// FNV-1a.
  static func hash(_ text: String, _ start: UInt64) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325 ^ start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

/// What a listing is sorted by, before the id.
enum LabKey: Sendable, Comparable {
  case number(Int64)
  case text(String)

  init?(_ value: JSONValue) {
    switch value {
    case .integer(let number): self = .number(number)
    case .string(let text): self = .text(text)
    default: return nil
    }
  }

  var json: JSONValue {
    switch self {
    case .number(let number): .integer(number)
    case .text(let text): .string(text)
    }
  }
}
