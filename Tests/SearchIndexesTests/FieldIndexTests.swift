import AcervoTesting
import Corpus
import SearchIndexes
import Testing

@Suite struct FieldIndexTests {
  private static let documents: [[String: [FieldValue]]] = [
    ["price": [.number(12.5)], "label": [.keyword("faq"), .keyword("how-to"), .keyword("faq")]],
    ["price": [.number(-3)], "label": [.keyword("fa")]],
    ["price": [.number(100), .number(0)], "updated": [.date(86_400)]],
    [:],
    ["label": [.keyword("fáq")], "updated": [.date(-5)], "price": [.keyword("on request")]],
  ]

  private func build(
    _ documents: [[String: [FieldValue]]], kinds: [String: FieldKind] = [:]
  ) throws -> (FieldIndex, MemorySections) {
    let sections = MemorySections()
    let writer = FieldIndexWriter(kinds: kinds) { sections.put($0, $1, $2) }
    for document in documents { writer.append(document, modified: nil) }
    try writer.finish()
    return (try #require(try FieldIndex(owner: sections, source: sections.get)), sections)
  }

  private func found(
    _ index: FieldIndex, _ field: String, _ low: FieldValue?, _ high: FieldValue?
  ) throws -> [Int] {
    var set = ChunkSet(count: index.documents)
    try index.insert(into: &set, field: field, from: low, through: high)
    return (0..<index.documents).filter(set.contains)
  }

  @Test func `values, ranges and prefixes give their documents`() throws {
    let (index, _) = try build(Self.documents, kinds: ["empty": .number])
    #expect(index.kinds == ["price": .number, "label": .keyword, "updated": .date, "empty": .number])
    #expect(try found(index, "price", .number(12.5), .number(12.5)) == [0])
    #expect(try found(index, "price", .number(-3), .number(12)) == [1, 2])
    #expect(try found(index, "price", nil, .number(-3)) == [1])
    #expect(try found(index, "price", .number(100.5), nil) == [])
    #expect(try found(index, "price", nil, nil) == [0, 1, 2])
    #expect(try found(index, "updated", .date(-5), .date(86_399)) == [4])
    #expect(try found(index, "label", .keyword("faq"), .keyword("faq")) == [0])
    #expect(try found(index, "empty", nil, nil) == [] && found(index, "other", nil, nil) == [])
    // Another kind than the field's meets nothing.
    #expect(try found(index, "price", .keyword("12.5"), .keyword("12.5")) == [])
    for (prefix, expected) in [
      ("fa", [0, 1]), ("faq", [0]), ("f", [0, 1, 4]), ("how-to", [0]), ("how-tos", []), ("z", []),
    ] {
      var set = ChunkSet(count: index.documents)
      try index.insert(into: &set, field: "label", prefix: prefix)
      #expect((0..<index.documents).filter(set.contains) == expected, "\(prefix)")
    }
  }

  @Test func `one word composed in two ways is two values`() throws {
    let spellings = ["caf\u{E9}", "cafe\u{301}", "cafz"]
    let documents = (0..<30).map { ["label": [FieldValue.keyword(spellings[$0 % 3])]] }
    let (index, _) = try build(documents)
    for (number, text) in spellings.enumerated() {
      let expected = (0..<30).filter { $0 % 3 == number }
      #expect(try found(index, "label", .keyword(text), .keyword(text)) == expected)
    }
  }

  @Test func `random ranges agree with looking at every document`() throws {
    var random = SeededGenerator(seed: 5)
    let documents = (0..<300).map { _ -> [String: [FieldValue]] in
      let values = (0..<Int.random(in: 0...3, using: &random)).map { _ in
        FieldValue.number(Double(Int.random(in: -20...20, using: &random)))
      }
      return values.isEmpty ? [:] : ["n": values]
    }
    let (index, _) = try build(documents)
    for _ in 0..<200 {
      let (low, high) = (Int.random(in: -25...25, using: &random), Int.random(in: -25...25, using: &random))
      let expected = documents.indices.filter { place in
        documents[place]["n", default: []].contains { value in
          if case .number(let number) = value { number >= Double(low) && number <= Double(high) } else { false }
        }
      }
      #expect(try found(index, "n", .number(Double(low)), .number(Double(high))) == expected)
    }
  }

  @Test func `the order in which fields come changes no byte`() throws {
    let (_, first) = try build(Self.documents)
    let (_, second) = try build(Self.documents.map { Dictionary(uniqueKeysWithValues: Array($0).reversed()) })
    #expect(first.all == second.all)
  }

  @Test func `a document's change stands in for its date`() throws {
    let index = try #require(
      try FieldIndex.inMemory(kinds: FieldKind.standard) { writer in
        writer.append([:], modified: 7)
        writer.append(["date": [.date(9)]], modified: 7)
      })
    #expect(try found(index, "date", .date(7), .date(8)) == [0])
    #expect(index.kinds == FieldKind.standard)
  }
}

@Suite struct FieldIndexFuzzTests {
  @Test func `damaged columns give errors or other documents, never a crash`() throws {
    let sections = MemorySections()
    let writer = FieldIndexWriter(kinds: ["date": .date]) { sections.put($0, $1, $2) }
    for number in 0..<200 {
      writer.append(
        ["label": [.keyword("l\(number % 17)")], "n": [.number(Double(number % 5))], "date": [.date(Int64(number))]],
        modified: nil)
    }
    try writer.finish()
    let places = sections.all.flatMap { name, parts in parts.map { (name: name, part: $0.key, count: $0.value.count) } }
      .sorted { ($0.name, $0.part) < ($1.name, $1.part) }
    for var random in FuzzRounds(300, seed: 4) {
      let place = try #require(places.randomElement(using: &random))
      let byte = Int.random(in: 0..<place.count, using: &random)
      let mask = UInt8.random(in: 1...255, using: &random)
      sections.flip(place.name, place.part, byte: byte, mask)
      if let index = try? FieldIndex(owner: sections, source: sections.get) {
        var set = ChunkSet(count: 200)
        try? index.insert(into: &set, field: "label", prefix: "l1")
        try? index.insert(into: &set, field: "n", from: .number(2), through: nil)
        try? index.insert(into: &set, field: "date", from: nil, through: .date(50))
      }
      sections.flip(place.name, place.part, byte: byte, mask)
    }
  }
}
