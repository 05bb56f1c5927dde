import Corpus
import Testing

@Suite struct MomentTests {
  @Test(arguments: [
    ("1970", 0, 31_535_999), ("1970-02", 2_678_400, 5_097_599), ("1970-01-02", 86_400, 172_799),
    ("1969-12-31", -86_400, -1), ("2024-02", 1_706_745_600, 1_709_251_199), ("2026-12", 1_796_083_200, 1_798_761_599),
    ("2024-02-29", 1_709_164_800, 1_709_251_199), ("0001-01-01", -62_135_596_800, -62_135_510_401),
    ("1970-01-01T00:01", 60, 119), ("1970-01-01T00:00:07Z", 7, 7), ("1970-01-01 00:00:07.250", 7, 7),
    ("1970-01-01T02:00:00+02:00", 0, 0), ("1969-12-31T22:30:00-0130", 0, 0), ("1970-01-01T05:00:00+05", 0, 0),
  ])
  func `a date covers its seconds`(text: String, first: Int64, last: Int64) {
    #expect(Moment.span(text) == first...last)
  }

  @Test(arguments: [
    "", "soon", "26", "2026-", "2026-00", "2026-13", "2026-02-30", "2023-02-29", "2026-5", "2026-05-17T",
    "2026-05-17T24:00",
    "2026-05-17T09:60", "2026-05-17T09:30:60Z", "2026-05-17T09:30:00+24:00", "2026-05-17T09:30:00+2", "2026-05-17Z",
    "2026-05-17T09:30:00Zx", "20260517", "2026-05-17T09:30:00.", "２０２６", "2026-05-17T09:30:00+02:00+02:00",
  ])
  func `what is no date is refused`(text: String) {
    #expect(Moment.span(text) == nil)
  }

  @Test(arguments: ["", "20261120T231500", "20261320T231500Z", "2026-11-20T2315Z", "20261120T231500Z "])
  func `what was not written compactly is not read so`(text: String) {
    #expect(Moment.seconds(ofCompact: text) == nil)
  }

  @Test func `a moment that is written is read`() {
    for seconds in [0, 951_782_400, 1_795_000_000, -1, 253_402_300_799] as [Int64] {
      #expect(Moment.span(Moment.text(seconds)) == seconds...seconds)
      #expect(Moment.seconds(ofCompact: Moment.compact(seconds)) == seconds)
    }
  }

  @Test func `field values are read as their kind`() {
    #expect(FieldValue("Pro plan", as: .keyword) == .keyword("Pro plan"))
    #expect(FieldValue("12.50", as: .number) == .number(12.5) && FieldValue("-3e2", as: .number) == .number(-300))
    #expect(FieldValue("2026-05", as: .date) == .date(1_777_593_600))
    for text in ["", "on request", "1,5", "0x10", "inf", "nan", "1e999"] {
      #expect(FieldValue(text, as: .number) == nil)
    }
    #expect(FieldValue("", as: .keyword) == nil && FieldValue("soon", as: .date) == nil)
  }
}
