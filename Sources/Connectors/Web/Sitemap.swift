public import HTTPClient

/// A sitemap or a sitemap index, as https://www.sitemaps.org/protocol.html describes them.
public struct Sitemap: Sendable, Equatable {
  /// One listed address.
  public struct Entry: Sendable, Equatable {
    /// The page or the sitemap.
    public var url: WebURL
    /// When it last changed, in seconds since 1970; nil when it is not said or cannot be read.
    public var lastModified: Int64?

    /// Makes an entry.
    public init(url: WebURL, lastModified: Int64? = nil) {
      self.url = url
      self.lastModified = lastModified
    }
  }

  /// The pages, in order.
  public var pages: [Entry] = []
  /// The further sitemaps that an index names, in order.
  public var sitemaps: [Entry] = []
  /// Whether something stands behind what was read: a limit was reached or the file breaks off.
  public var isCut = false
  /// How many addresses could not be read or are neither `http` nor `https`.
  public var invalid = 0

  /// The most entries that are read, as the protocol says.
  public static let maximumEntries = 50_000
  /// The most bytes that are read, decompressed (50 MB, as the protocol says).
  public static let maximumSize = 52_428_800
  /// The longest address, in bytes, as the protocol says.
  static let maximumLocation = 2_048

  /// Reads XML or plain text, gzip or not; malformed XML is read as far as it makes sense.
  ///
  /// Never fails: a file that is something else has no entries.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - url: where it was found; relative addresses, which the protocol does not know, resolve against it.
  /// - Complexity: O(n) in the decompressed bytes.
  public init(parsing bytes: [UInt8], url: WebURL? = nil) {
    var content = bytes
    if GzipBody.isGzip(bytes) {
      let body = GzipBody.decompress(bytes, limit: Self.maximumSize)
      (content, isCut) = (body.bytes, body.isCut)
    } else if bytes.count > Self.maximumSize {
      (content, isCut) = (Array(bytes.prefix(Self.maximumSize)), true)
    }
    content = Self.utf8(content)
    if content.first(where: { $0 > 0x20 }) == UInt8(ascii: "<") {
      readXML(content, base: url)
    } else {
      readText(content, base: url)
    }
  }

  private var hasRoom: Bool { pages.count + sitemaps.count + invalid < Self.maximumEntries }

  /// Text without its byte order mark; UTF-16, known by the mark, becomes UTF-8.
  private static func utf8(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
    let isLittle = bytes.starts(with: [0xFF, 0xFE])
    guard isLittle || bytes.starts(with: [0xFE, 0xFF]) else { return bytes }
    let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
      let (low, high) = isLittle ? (bytes[index], bytes[index + 1]) : (bytes[index + 1], bytes[index])
      return UInt16(high) << 8 | UInt16(low)
    }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  // MARK: Plain text: one address a line

  private mutating func readText(_ content: [UInt8], base: WebURL?) {
    for line in content.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) where line.contains(where: { $0 > 0x20 }) {
      guard hasRoom else {
        isCut = true
        return
      }
      // Unlike XML, nothing else tells a list of addresses from any other text: only whole addresses count.
      append(location: line, modified: [], isIndex: false, base: nil)
    }
  }

  private mutating func append(
    location: ArraySlice<UInt8>, modified: [UInt8], isIndex: Bool, base: WebURL?
  ) {
    guard location.count <= Self.maximumLocation,
      let url = WebURL(String(decoding: location, as: UTF8.self), base: base), url.isHTTP
    else {
      invalid += 1
      return
    }
    let entry = Entry(
      url: url, lastModified: modified.isEmpty ? nil : W3CDateTime.parse(String(decoding: modified, as: UTF8.self)))
    if isIndex { sitemaps.append(entry) } else { pages.append(entry) }
  }

  // MARK: XML

  private mutating func readXML(_ content: [UInt8], base: WebURL?) {
    var scanner = XMLScanner(content)
    var open: OpenEntry?
    func close(_ entry: OpenEntry?, _ sitemap: inout Sitemap) {
      guard let entry, !entry.location.isEmpty else { return }
      sitemap.append(location: entry.location[...], modified: entry.modified, isIndex: entry.isIndex, base: base)
    }
    while let tag = scanner.next() {
      let name = tag.localName
      if name == "url" || name == "sitemap" {
        close(open, &self)
        open = nil
        if tag.isEnd { continue }
        guard hasRoom else {
          isCut = true
          return
        }
        open = OpenEntry(isIndex: name == "sitemap", prefix: tag.prefix)
      } else if !tag.isEnd, !tag.isEmpty, tag.prefix == open?.prefix {
        // `image:loc` is not the page's: its prefix is not that of `url`.
        if name == "loc", open?.location.isEmpty == true {
          open?.location = scanner.text(limit: Self.maximumLocation + 1)
        } else if name == "lastmod", open?.modified.isEmpty == true {
          open?.modified = scanner.text(limit: 65)
        }
      }
    }
    if open != nil || scanner.isCut { isCut = true }
    close(open, &self)
  }

  private struct OpenEntry {
    let isIndex: Bool
    let prefix: String
    var location: [UInt8] = []
    var modified: [UInt8] = []
  }
}
