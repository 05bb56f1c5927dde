internal import Corpus
internal import HTTPClient
public import Pipelines

/// The files below a folder, in the order of their relative paths.
///
/// Hidden files and folders are passed over. A link to a file is followed where the file lies in the folder too; a
/// link to a folder never, as its files are found under their own paths. A file's time says nothing (every checkout
/// sets a new one), so `modified` stays unknown.
public struct FolderSource: Source {
  /// The `id` of the pipeline file.
  public let id: String
  private let settings: FolderSettings
  private let maximumFileSize: Int
  private let progress: (@Sendable (SourceProgress) -> Void)?

  /// Makes a source; nothing is read before `fetch`.
  ///
  /// - Parameters:
  ///   - id: the `id` of the pipeline file.
  ///   - settings: the folder and which of its files are taken.
  ///   - maximumFileSize: larger files fail, in bytes; 50 MB by default.
  ///   - progress: told after each file how far the source is; nil for nobody.
  public init(
    id: String, settings: FolderSettings, maximumFileSize: Int = 50_000_000,
    progress: (@Sendable (SourceProgress) -> Void)? = nil
  ) {
    self.id = id
    self.settings = settings
    self.maximumFileSize = maximumFileSize
    self.progress = progress
  }

  /// Lists the folder and reads its files one after the other.
  ///
  /// A file that a whole listing does not hold is gone; but an empty folder where there were files is one whose disk
  /// is not there.
  ///
  /// - Parameters:
  ///   - memory: the files of earlier runs.
  ///   - emit: called for each event, one at a time.
  /// - Returns: whether every folder could be listed.
  /// - Throws: `SourceError` when the folder cannot be read at all; what `emit` throws; `CancellationError`.
  public func fetch(
    _ memory: SourceMemory, _ emit: @escaping @Sendable (SourceEvent) async throws -> Void
  ) async throws -> SourceListing {
    let include = try settings.include.map(glob)
    let exclude = try settings.exclude.map(glob)
    var listing = try await offPool { [settings, id] in
      try FolderListing.read(settings.path) { path in
        include.contains { $0.matches(path) } && !exclude.contains { $0.matches(path) }
      } source: {
        id
      }
    }
    for (path, reason) in listing.skipped { try await emit(.skipped(url: url(of: path), reason: reason, nil)) }
    for (path, reason) in listing.unreadable {
      try await emit(.failed(SourceFailure(url: url(of: path), reason: reason)))
    }
    var cutShort = listing.unreadable.isEmpty ? nil : "\(listing.unreadable.count) folders or files could not be read"
    if let only = memory.only {
      let wanted = Set(only)
      listing.files.removeAll { !wanted.contains(url(of: $0)) }
      cutShort = "only \(only.count) files were asked for"
    } else {
      let known = try memory.pages()
      if listing.files.isEmpty, !known.isEmpty, !memory.settingsChanged {
        cutShort = "the folder is empty and was not: is its disk there?"
      }
      let there = Set(listing.files.map(url(of:)))
      for url in known.sorted() where !there.contains(url) {
        try await emit(.skipped(url: url, reason: "there is no such file, or it is excluded", .gone))
      }
    }
    var bytes = 0
    var kept = 0
    for (index, path) in listing.files.enumerated() {
      try Task.checkCancellation()
      let event = try await event(for: path)
      if case .document(let document, _) = event {
        bytes += document.body.count
        kept += 1
      }
      try await emit(event)
      progress?(SourceProgress(known: listing.files.count, done: index + 1, kept: kept))
    }
    return SourceListing(cutShort: cutShort, requests: 0, bytes: bytes)
  }

  private func event(for path: String) async throws -> SourceEvent {
    let url = url(of: path)
    guard let name = path.split(separator: "/").last, let ending = name.split(separator: ".").dropFirst().last,
      let mediaType = MediaType(fileExtension: ending)
    else { return .skipped(url: url, reason: "its ending names no HTML, Markdown or plain text", nil) }
    let file = settings.path + "/" + path
    do {
      let body = try await offPool { [maximumFileSize] in try FolderListing.readFile(file, atMost: maximumFileSize) }
      return .document(Document(source: id, url: url, mediaType: mediaType, body: body, access: .open), nil)
    } catch let error as FolderListing.Failure {
      return .failed(SourceFailure(url: url, reason: error.reason))
    }
  }

  private func glob(_ pattern: String) throws -> Glob {
    do {
      return try Glob(pattern)
    } catch {
      throw SourceError(source: id, "the glob \(pattern.debugDescription) cannot be read: \(error)")
    }
  }

  /// The address that citations of a file show.
  private func url(of path: String) -> String {
    guard let prefix = settings.url else { return "folder:\(id)/\(path)" }
    let text = prefix + (prefix.hasSuffix("/") ? "" : "/") + Self.percentEncoded(path)
    return WebURL(text)?.description ?? text
  }

  /// A relative path as part of a URL: what a path may hold stays (RFC 3986, `pchar`), the rest is escaped.
  static func percentEncoded(_ path: String) -> String {
    var text = ""
    for byte in path.utf8 {
      let isPlain = 0x61...0x7A ~= byte | 0x20 || 0x30...0x39 ~= byte || "-._~!$&'()*+,;=:@/".utf8.contains(byte)
      if isPlain {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let hex = String(byte, radix: 16, uppercase: true)
        text += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return text
  }
}
