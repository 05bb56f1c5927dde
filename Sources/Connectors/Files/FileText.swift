internal import Corpus

/// How the text of a file is had: as it is, or through a program that is installed.
struct FileText: Sendable, Equatable {
  /// What a file is read as.
  enum Form: Sendable, Equatable {
    case plain, markdown, html
    case pdf
    /// By pandoc, in its word for the format.
    case office(String)
  }

  var form: Form

  private static let endings: [String: Form] = [
    "txt": .plain, "text": .plain, "log": .plain, "csv": .plain, "tsv": .plain, "md": .markdown,
    "markdown": .markdown, "html": .html, "htm": .html, "xhtml": .html, "pdf": .pdf, "docx": .office("docx"),
    "odt": .office("odt"), "rtf": .office("rtf"), "epub": .office("epub"),
  ]
  private static let types: [String: Form] = [
    "text/plain": .plain, "text/csv": .plain, "text/markdown": .markdown, "text/x-markdown": .markdown,
    "text/html": .html, "application/xhtml+xml": .html, "application/pdf": .pdf,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": .office("docx"),
    "application/vnd.oasis.opendocument.text": .office("odt"), "application/rtf": .office("rtf"),
    "text/rtf": .office("rtf"), "application/epub+zip": .office("epub"),
  ]

  /// Chooses by the name's ending, or else by the type that its uploader said; nil for files of which no text is read.
  init?(name: String, type: String) {
    let ending = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last?.lowercased()
    let type = String(type.lowercased().prefix { $0 != ";" }.filter { !$0.isWhitespace })
    guard let form = ending.flatMap({ Self.endings[$0] }) ?? Self.types[type] else { return nil }
    self.form = form
  }

  /// What the text is.
  var mediaType: MediaType {
    switch form {
    case .plain, .pdf: .plainText
    case .markdown: .markdown
    case .html, .office: .html
    }
  }

  private static let pdfToText = ChildProgram.find("pdftotext")
  private static let pandoc = ChildProgram.find("pandoc")

  /// What this machine lacks to read the file; nil when it can.
  var lack: String? {
    switch form {
    case .plain, .markdown, .html: nil
    case .pdf:
      Self.pdfToText == nil ? "it is a PDF, and pdftotext is not installed (Debian: poppler-utils)" : nil
    case .office: Self.pandoc == nil ? "it is an Office file, and pandoc is not installed (Debian: pandoc)" : nil
    }
  }

  /// What a file turned out to be.
  enum Outcome: Sendable, Equatable {
    case text([UInt8])
    /// Nothing that can be read, whenever it is tried; the words say why.
    case unreadable(String)
    /// Not this time; the words say why.
    case failed(String)
  }

  /// Takes the text out of a file.
  ///
  /// - Throws: `CancellationError`.
  func text(of bytes: [UInt8]) async throws -> Outcome {
    switch form {
    case .plain, .markdown, .html:
      // UTF-16 has zeros in it, and says so at its beginning.
      let isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
      guard isWide || !bytes.prefix(8192).contains(0) else { return .unreadable("it is called a text and is none") }
      return .text(bytes)
    case .pdf:
      guard let path = Self.pdfToText else { return .unreadable(lack ?? "") }
      guard bytes.prefix(1024).contains(UInt8(ascii: "%")), Self.holds("%PDF-", bytes.prefix(1024)) else {
        return .unreadable("it is called a PDF and is none")
      }
      let program = ChildProgram(path: path, arguments: ["-q", "-enc", "UTF-8", "-nopgbrk", "%", "-"])
      return try await run(program, "pdf", bytes, empty: "it has no text: its pages are pictures")
    case .office(let format):
      guard let path = Self.pandoc else { return .unreadable(lack ?? "") }
      guard bytes.starts(with: "PK".utf8) || bytes.starts(with: "{\\rtf".utf8) else {
        return .unreadable("it is called an Office file and is none")
      }
      // It reads nothing but the file then, whatever that refers to.
      let program = ChildProgram(path: path, arguments: ["--sandbox", "-f", format, "-t", "html", "%"])
      return try await run(program, format, bytes, empty: "it has no text")
    }
  }

  private static func holds(_ word: String, _ bytes: ArraySlice<UInt8>) -> Bool {
    let word = Array(word.utf8)
    return bytes.indices.contains { bytes[$0...].starts(with: word) }
  }

  private func run(_ program: ChildProgram, _ ending: String, _ bytes: [UInt8], empty: String) async throws -> Outcome {
    let name = program.path.split(separator: "/").last.map(String.init) ?? program.path
    do {
      let text = try await program.run(on: bytes, ending: ending)
      return text.contains { $0 > 0x20 } ? .text(text) : .unreadable(empty)
    } catch let error as ChildProgramError {
      switch error {
      case .code(let code): return .unreadable("\(name) cannot read it (code \(code))")
      case .tooMuch(let bytes): return .unreadable("its text is longer than \(bytes) bytes")
      case .timeout(let seconds): return .failed("\(name) did not end within \(seconds) s")
      case .system(let why): return .failed("\(name) could not be run: \(why)")
      }
    }
  }
}
