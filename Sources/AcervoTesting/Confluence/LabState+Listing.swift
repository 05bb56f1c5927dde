internal import Corpus

/// One page of a listing.
struct LabPage: Sendable {
  var ids: [Int64]
  /// The cursor of the next page; nil on the last one.
  var next: String?
}

extension LabState {
  /// Cuts a page out of a listing by cursor: the candidates (ascending, before the filter) are sorted by the key, if there
  /// is one, then by id.
  func cut(
    _ call: LabCall, _ candidates: [Int64], limit: Int, descending: Bool = false, key: ((Int64) -> LabKey)? = nil,
    where fits: (Int64) -> Bool
  ) throws -> LabPage {
    let listing = Self.listing(call)
    let cursor = try readCursor(call, listing)
    if options.emptyPages, let cursor, !cursor.isAfterEmpty {
      var next = cursor
      next.isAfterEmpty = true
      return LabPage(ids: [], next: next.text(for: listing, secret: secret))
    }
    let limit = options.shortPages ? max(1, limit - limit / 3) : limit
    var rows: [Int64] = []
    var keys: [Int64: LabKey] = [:]
    if let key {
      rows = candidates.filter(fits)
      for id in rows { keys[id] = key(id) }
      rows.sort { left, right in
        let (a, b) = (keys[left] ?? .number(0), keys[right] ?? .number(0))
        if a != b { return descending ? a > b : a < b }
        return descending ? left > right : left < right
      }
    } else if descending {
      rows = candidates.reversed()
    } else {
      rows = candidates
    }
    let start = place(of: cursor, in: rows, keys: keys, isKeyed: key != nil, descending: descending, fits)
    var page: [Int64] = []
    for id in rows[start...] where key != nil || fits(id) {
      page.append(id)
      if page.count > limit { break }
    }
    guard page.count > limit else { return LabPage(ids: page, next: nil) }
    page.removeLast()
    let last = page.last ?? 0
    let next = LabCursor(
      key: keys[last] ?? .number(0), id: last, offset: (cursor?.offset ?? 0) + page.count, time: site.now)
    return LabPage(ids: page, next: next.text(for: listing, secret: secret))
  }

  private func place(
    of cursor: LabCursor?, in rows: [Int64], keys: [Int64: LabKey], isKeyed: Bool, descending: Bool,
    _ fits: (Int64) -> Bool
  ) -> Int {
    guard let cursor else { return 0 }
    switch options.cursors {
    case .counts:
      if isKeyed { return min(rows.count, cursor.offset) }
      var left = cursor.offset
      return rows.firstIndex { id in
        if left == 0 { return true }
        if fits(id) { left -= 1 }
        return false
      } ?? rows.count
    case .rows:
      return rows.firstIndex { id in
        let key = keys[id] ?? .number(0)
        if key != cursor.key { return descending ? key < cursor.key : key > cursor.key }
        return descending ? id < cursor.id : id > cursor.id
      } ?? rows.count
    }
  }

  /// What a cursor belongs to: the path and every field but the cursor and the size of pages.
  private static func listing(_ call: LabCall) -> UInt64 {
    let fields = call.query.filter { $0.name != "cursor" && $0.name != "limit" }.map { "\($0.name)=\($0.value)" }
      .sorted()
    return LabCursor.hash(call.path.joined(separator: "/") + "?" + fields.joined(separator: "&"), 0)
  }

  private func readCursor(_ call: LabCall, _ listing: UInt64) throws -> LabCursor? {
    guard let text = call.first("cursor"), !text.isEmpty else { return nil }
    guard let cursor = LabCursor.read(text, for: listing, secret: secret),
      options.cursorSeconds.map({ site.now - cursor.time <= Int64($0) * 1_000 }) ?? true
    else {
      let message = "Provided value for 'cursor' is not the correct type. Expected type is Cursor."
      guard call.isV2 else { throw LabRefusal.v1(400, message) }
      throw LabRefusal.v2(400, "INVALID_REQUEST_PARAMETER", message)
    }
    return cursor
  }

  /// The size of pages that version 2 gives: cut silently above, refused below.
  func limit(_ call: LabCall, or fallback: Int = 25) throws -> Int {
    guard let text = call.first("limit") else { return min(fallback, options.cap) }
    guard let number = Int(text), number > 0 else {
      throw LabRefusal.v2(
        400, "INVALID_REQUEST_PARAMETER",
        "Provided value {\(text)} for 'limit' is not the correct type. Expected type is int")
    }
    return min(number, options.cap)
  }

  /// A listing of version 2: rows already encoded, the next page in body and header.
  func listing(_ call: LabCall, _ rows: [[UInt8]], next: String?) -> LabReply {
    var body = Array(#"{"results":["#.utf8)
    for (index, row) in rows.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      body += row
    }
    var links: [(String, JSONValue)] = []
    var headers = [(name: "Content-Type", value: "application/json")]
    if let next {
      let own = options.prefixesGatewayLinks && call.face == .gateway ? "/ex/confluence/" + ConfluenceLab.cloudID : ""
      let link = own + call.link(with: [("cursor", next)])
      links.append(("next", .string(link)))
      headers.append(("Link", "<\(link)>; rel=\"next\", <\(base(call))>; rel=\"base\""))
    }
    links.append(("base", .string(base(call))))
    body += Array(#"],"_links":"#.utf8)
    body += JSONValue.object(links.map { JSONValue.Member($0.0, $0.1) }).bytes
    body.append(UInt8(ascii: "}"))
    return LabReply(headers: headers, body: body, objects: rows.count)
  }

  /// A listing of things that have no cursors of their own worth the name: cut by their places.
  func listing(_ call: LabCall, values: [JSONValue], or fallback: Int = 25) throws -> LabReply {
    let limit = try limit(call, or: fallback)
    let page = try cut(call, Array(0..<Int64(values.count)), limit: limit) { _ in true }
    return listing(call, page.ids.map { values[Int($0)].bytes }, next: page.next)
  }
}
