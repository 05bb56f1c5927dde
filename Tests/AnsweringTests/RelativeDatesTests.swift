import Corpus
import Testing

@testable import Answering

/// Times that are told from today, at a time that is set.
@Suite struct RelativeDatesTests {
  /// A Saturday.
  private static let today = Moment.span("2026-11-21T13:00:00Z")?.lowerBound ?? 0

  private func phrases(_ text: String, today: Int64 = Self.today) -> [DatePhrase] {
    DateReader(QuestionTokens(text, language: "es").tokens, besides: [], today: today).phrases()
  }

  private func day(_ seconds: Int64?) -> String? { seconds.map { String(Moment.text($0).prefix(10)) } }

  @Test(
    arguments: [
      ("items added this month", "2026-11-01", "2026-11-30"), ("de este mismo mes", "2026-11-01", "2026-11-30"),
      ("lanzados este año", "2026-01-01", "2026-12-31"), ("released this week", "2026-11-16", "2026-11-22"),
      ("salieron el mes pasado", "2026-10-01", "2026-10-31"), ("released last year", "2025-01-01", "2025-12-31"),
      ("la semana pasada", "2026-11-09", "2026-11-15"), ("released since last week", "2026-11-09", nil),
      ("desde el mes pasado", "2026-10-01", nil), ("released before this year", nil, "2025-12-31"),
      ("released in the last 30 days", "2026-10-22", "2026-11-21"),
      ("en los últimos tres meses", "2026-08-21", "2026-11-21"),
      ("in the past two weeks", "2026-11-07", "2026-11-21"), ("en la última semana", "2026-11-14", "2026-11-21"),
      ("in the last month", "2026-10-21", "2026-11-21"), ("released yesterday", "2026-11-20", "2026-11-20"),
      ("añadidos hoy", "2026-11-21", "2026-11-21"), ("desde ayer", "2026-11-20", nil),
      ("hace menos de dos meses", "2026-09-21", "2026-11-21"), ("less than a year ago", "2025-11-21", "2026-11-21"),
      ("2025 or later", "2025-01-01", nil), ("between March and June 2025", "2025-03-01", "2025-06-30"),
      ("de 2024 en adelante", "2024-01-01", nil), ("cámaras 2025", "2025-01-01", "2025-12-31"),
    ] as [(String, String?, String?)]) func `a time is told from today`(text: String, from: String?, to: String?)
  {
    let found = phrases(text)
    #expect(found.count == 1)
    #expect(day(found.first?.from) == from)
    #expect(day(found.first?.to) == to)
  }

  @Test func `a month without the day of today ends with its last`() throws {
    let end = try #require(Moment.span("2026-03-31")?.lowerBound)
    #expect(day(phrases("en el último mes", today: end).first?.from) == "2026-02-28")
    let first = try #require(Moment.span("2026-01-01")?.lowerBound)
    #expect(day(phrases("el mes pasado", today: first).first?.from) == "2025-12-01")
  }

  @Test(arguments: ["what do you have today?", "portátiles 2000 euros", "el último modelo", "cuesta 2000 €", "este"])
  func `what is no time is none`(text: String) {
    #expect(phrases(text).isEmpty)
  }
}
