import AcervoTesting
import Corpus
import Foundation
import Testing

@testable import Chunking

@Suite struct RecursiveChunkerTests {
  /// One golden case of Tests/oracles/langchain_chunks.py.
  struct GoldenCase: Sendable, CustomTestStringConvertible {
    var file: String
    var unit: String
    var size: Int
    var overlap: Int
    var count: Int
    var chunks: [String]

    var testDescription: String { "\(file) \(size)/\(overlap) \(unit)" }
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  static let goldenCases: [GoldenCase] = {
    guard let data = try? Data(contentsOf: folder.appending(path: "recursive.json")),
      let cases = try? JSONValue(parsing: Array(data)).array
    else { return [] }
    return cases.map {
      GoldenCase(
        file: $0["text"]?.string ?? "", unit: $0["unit"]?.string ?? "", size: $0["size"]?.int ?? 0,
        overlap: $0["overlap"]?.int ?? 0, count: $0["count"]?.int ?? 0,
        chunks: $0["chunks"]?.array?.compactMap(\.string) ?? [])
    }
  }()

  @Test func `the golden cases are there`() {
    #expect(Self.goldenCases.count == 24)
  }

  @Test(arguments: goldenCases)
  func `chunks equal LangChain's on our own texts`(golden: GoldenCase) throws {
    let text = String(decoding: try Data(contentsOf: Self.folder.appending(path: golden.file)), as: UTF8.self)
    let chunker = Chunker(
      method: .recursive, size: golden.size, overlap: golden.overlap, measure: units[golden.unit])
    let chunks = chunker.chunks(of: plain(text))
    #expect(chunks.count == golden.count)
    #expect(chunks.prefix(40).map { Array($0.text.utf8) } == golden.chunks.map { Array($0.utf8) })
    for chunk in chunks {
      #expect(text.slice(chunk.range).map { Array($0.utf8) } == Array(chunk.text.utf8))
    }
  }

  @Test func `an empty document and white space alone have no chunks`() {
    let chunker = Chunker(method: .recursive, size: 10, overlap: 2)
    #expect(chunker.chunks(of: plain("")).isEmpty)
    #expect(chunker.chunks(of: plain(" \n\n\u{3000}\n")).isEmpty)
  }

  @Test func `chunks know their headings and anchor`() {
    let sentences = String(repeating: "Words and more words. ", count: 10)
    let manual = document([
      (.heading(level: 1), "Manual", "top"), (.paragraph, sentences, nil), (.heading(level: 2), "Install", "install"),
      (.paragraph, sentences, nil),
    ])
    let chunks = Chunker(method: .recursive, size: 120, overlap: 0).chunks(of: manual)
    #expect(chunks.first?.anchor == "top")
    #expect(chunks.first?.headingPath == [])
    #expect(chunks.last?.anchor == "install")
    #expect(chunks.last?.headingPath == ["Install"])
  }

  @Test func `random texts keep the invariants`() {
    var generator = SeededGenerator(seed: 11)
    let pieces = ["\n\n", "\n", " ", "a", "bc", "ñ", "東", "🙂", "\u{A0}", "\t", "\u{1C}", "word", "\u{85}", "."]
    for _ in 0..<1_500 {
      let text = generator.text(from: pieces, upTo: 120)
      let size = Int.random(in: 2...30, using: &generator)
      let overlap = Int.random(in: 0..<size, using: &generator)
      let chunks = Chunker(method: .recursive, size: size, overlap: overlap).chunks(of: plain(text))
      checkInvariants(chunks, of: plain(text), size: size)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [" ", "\n", "\n\n", "a", "a ", "東", "a\n\n", "\n "])
  func `hostile texts take linear time`(piece: String) {
    let text = String(repeating: piece, count: 100_000)
    let chunks = Chunker(method: .recursive, size: 1_000, overlap: 999).chunks(of: plain(String(text.prefix(20_000))))
    #expect(chunks.count <= 20_000)
    #expect(Chunker(method: .recursive, size: 1_000, overlap: 100).chunks(of: plain(text)).count <= 1_000)
  }

  @Test(.enabled(if: LangChain.isThere, "needs langchain-text-splitters in $ACERVO_ORACLE_PYTHON or python3"))
  func `chunks equal LangChain's on random texts`() throws {
    var generator = SeededGenerator(seed: 5)
    let pieces = [
      "\n\n", "\n", " ", "  ", "a", "bc", "ñandú", "東京", "🙂", "\u{A0}", "\t", "\u{1C}", "word", "\u{85}", ".",
      "\u{2028}",
      "\u{200B}", "e\u{301}", "\n\n\n", "\u{3000}", "longer_word_without_space", "\r\n", "\u{1680}",
    ]
    let cases = (0..<3_000).map { _ in
      let size = Int.random(in: 1...40, using: &generator)
      return LangChain.Case(
        text: generator.text(from: pieces, upTo: 80), size: size, overlap: Int.random(in: 0..<size, using: &generator),
        unit: ["scalars", "words", "quarters"].randomElement(using: &generator) ?? "scalars")
    }
    let expected = try LangChain.chunks(cases)
    try #require(expected.count == cases.count)
    for (input, chunks) in zip(cases, expected) {
      let ours = Chunker(method: .recursive, size: input.size, overlap: input.overlap, measure: units[input.unit])
        .chunks(of: plain(input.text))
      #expect(ours.map { Array($0.text.utf8) } == chunks.map { Array($0.utf8) }, "\(input)")
    }
  }
}

/// The real splitter, asked through Tests/oracles/langchain_chunks.py.
enum LangChain {
  struct Case {
    var text: String
    var size: Int
    var overlap: Int
    var unit: String
  }

  private static let python = ProcessInfo.processInfo.environment["ACERVO_ORACLE_PYTHON"] ?? "python3"

  static let isThere = (try? run(["-c", "import langchain_text_splitters"], input: nil)) != nil

  static func chunks(_ cases: [Case]) throws -> [[String]] {
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "oracles/langchain_chunks.py").path
    let lines = cases.map { input -> String in
      let value: JSONValue = [
        "text": .string(input.text), "size": .integer(Int64(input.size)), "overlap": .integer(Int64(input.overlap)),
        "unit": .string(input.unit),
      ]
      return value.text()
    }
    let output = try run([script], input: lines.joined(separator: "\n") + "\n")
    return try output.split(separator: "\n").map {
      try JSONValue(parsing: Array($0.utf8)).array?.compactMap(\.string) ?? []
    }
  }

  private struct Failure: Error {}

  private static func run(_ arguments: [String], input: String?) throws -> String {
    let folder = try TemporaryFolder()
    try folder.write(input ?? "", to: "in")
    try folder.write("", to: "out")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: folder.path + "/in"))
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder.path + "/out"))
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure() }
    return String(decoding: try Data(contentsOf: URL(filePath: folder.path + "/out")), as: UTF8.self)
  }
}
