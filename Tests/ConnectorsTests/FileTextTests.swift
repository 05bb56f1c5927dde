import Corpus
import Testing

@testable import Connectors

@Suite struct FileTextTests {
  private func text(_ name: String, _ bytes: [UInt8], type: String = "") async throws -> FileText.Outcome {
    try await #require(FileText(name: name, type: type)).text(of: bytes)
  }

  @Test func `a file is read by its name's ending, or else by its type`() {
    #expect(FileText(name: "a.b.MD", type: "text/plain")?.form == .markdown)
    #expect(FileText(name: "read me", type: "text/HTML; charset=utf-8")?.form == .html)
    #expect(FileText(name: "plan.pdf", type: "application/octet-stream")?.form == .pdf)
    #expect(FileText(name: ".pdf", type: "")?.form == .pdf)
    #expect(FileText(name: "x.docx", type: "")?.mediaType == .html)
    #expect(FileText(name: "photo.png", type: "image/png") == nil)
    #expect(FileText(name: "pdf", type: "") == nil)
    #expect(FileText(name: "", type: "") == nil)
  }

  @Test func `a file that is not what it is called is not read`() async throws {
    #expect(try await text("a.txt", [0x50, 0x4B, 0, 1]) == .unreadable("it is called a text and is none"))
    #expect(try await text("a.txt", [0xFF, 0xFE, 0x61, 0]) == .text([0xFF, 0xFE, 0x61, 0]))
    #expect(try await text("a.pdf", Array("<html>".utf8)) == .unreadable("it is called a PDF and is none"))
    #expect(try await text("a.docx", Array("words".utf8)) == .unreadable("it is called an Office file and is none"))
  }

  @Test(.enabled(if: ChildProgram.find("pdftotext") != nil, "pdftotext is not installed"))
  func `a PDF gives its text, and a broken one says so`() async throws {
    let bytes = Self.pdf("Pump plan for the north store")
    guard case .text(let text) = try await text("plan.pdf", bytes) else {
      Issue.record("no text")
      return
    }
    #expect(String(decoding: text, as: UTF8.self).hasPrefix("Pump plan for the north store"))
    #expect(try await self.text("e.pdf", Self.pdf("")) == .unreadable("it has no text: its pages are pictures"))
    guard case .unreadable(let why) = try await self.text("x.pdf", Array("%PDF-1.4 not really\n".utf8)) else {
      Issue.record("a broken file was read")
      return
    }
    #expect(why == "pdftotext cannot read it (code 1)")
  }

  @Test(.enabled(if: ChildProgram.find("pandoc") != nil, "pandoc is not installed"))
  func `an Office file keeps its structure`() async throws {
    let bytes = Array(#"{\rtf1\ansi {\b Valve} orders are due on Friday.\par Second line.}"#.utf8)
    guard case .text(let text) = try await text("orders.rtf", bytes) else {
      Issue.record("no text")
      return
    }
    let html = String(decoding: text, as: UTF8.self)
    #expect(html.contains("<p><strong>Valve</strong> orders are due on Friday.</p>"))
    #expect(try await self.text("x.docx", Array("PK not really".utf8)) != .text([]))
  }

  @Test func `a program that takes too long, writes too much or fails is ended`() async throws {
    var slow = ChildProgram(path: "/bin/sleep", arguments: ["600"])
    slow.seconds = 1
    await #expect(throws: ChildProgramError.timeout(seconds: 1)) { try await slow.run(on: [], ending: "x") }
    var loud = ChildProgram(path: "/usr/bin/yes", arguments: [])
    loud.output = 1 << 20
    await #expect(throws: ChildProgramError.tooMuch(bytes: 1 << 20)) { try await loud.run(on: [], ending: "x") }
    let failing = ChildProgram(path: "/bin/false", arguments: [])
    await #expect(throws: ChildProgramError.code(1)) { try await failing.run(on: [], ending: "x") }
    let missing = ChildProgram(path: "/no/such/program", arguments: [])
    await #expect(throws: ChildProgramError.code(127)) { try await missing.run(on: [], ending: "x") }
    let copy = ChildProgram(path: "/bin/cat", arguments: ["%"])
    #expect(try await copy.run(on: Array("as it is".utf8), ending: "x") == Array("as it is".utf8))
    let task = Task { try await ChildProgram(path: "/bin/sleep", arguments: ["600"]).run(on: [], ending: "x") }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// The least that is a PDF with one line.
  static func pdf(_ text: String) -> [UInt8] {
    let stream = text.isEmpty ? "" : "BT /F1 12 Tf 72 720 Td (\(text)) Tj ET"
    let objects = [
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
      "<< /Length \(stream.utf8.count) >>\nstream\n\(stream)\nendstream",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    let body = objects.enumerated().map { "\($0.offset + 1) 0 obj\n\($0.element)\nendobj\n" }.joined()
    return Array(("%PDF-1.4\n" + body + "trailer << /Root 1 0 R >>\n").utf8)
  }
}
