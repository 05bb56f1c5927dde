import AcervoTesting
import HTTPClient
import Testing

@Suite struct HTTPDateTests {
  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "sun, 6 nov 1994 8:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 UTC",
  ])
  func `the three forms of the RFC name one moment`(text: String) {
    #expect(HTTPDate.parse(text, now: 784_111_777) == 784_111_777)
  }

  @Test func `days are counted over leap years`() {
    #expect(HTTPDate.parse("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    #expect(HTTPDate.parse("Tue, 29 Feb 2000 12:00:00 GMT") == 951_825_600)
    #expect(HTTPDate.parse("Fri, 01 Mar 2024 00:00:00 GMT") == 1_709_251_200)
    #expect(HTTPDate.parse("Wed, 31 Dec 1969 23:59:59 GMT") == -1)
    #expect(HTTPDate.parse("Fri, 31 Dec 9999 23:59:59 GMT") == 253_402_300_799)
  }

  @Test func `a year of two digits is the nearest one`() {
    let now: Int64 = 1_795_219_200  // November 2026
    #expect(HTTPDate.parse("Friday, 20-Nov-26 00:00:00 GMT", now: now) == now - 86_400)
    #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT", now: now) == 784_111_777)
    #expect(HTTPDate.parse("Saturday, 01-Jan-70 00:00:00 GMT", now: now) == 3_155_760_000)
  }

  @Test(arguments: [
    "", "0", "yesterday", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994",
    "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 19944 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "1994-11-06",
    "Sun, 29 Feb 2100 00:00:00 GMT", "a, 06-Nov-9x 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT",
  ])
  func `what is no date is none`(text: String) {
    #expect(HTTPDate.parse(text) == nil)
  }
}

@Suite struct RetryAfterTests {
  @Test(arguments: [
    ("120", 120), ("0", 0), (" 7 ", 7), ("1.5", 1), ("99999999999999999999999999", RetryAfter.longest),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
    ("Sun, 06 Nov 2094 08:00:00 GMT", RetryAfter.longest), ("Sunday, 06-Nov-94 08:49:37 GMT", 37),
  ])
  func `seconds and dates both count from now`(value: String, expected: Double) {
    #expect(RetryAfter.seconds(value, now: 784_111_740) == expected)
  }

  @Test(arguments: ["", "soon", "-5", "1h", "5x", "NaN", "06 Nov 1994"])
  func `what is neither is nothing`(value: String) {
    #expect(RetryAfter.seconds(value, now: 784_111_740) == nil)
  }
}

@Suite struct ContentTypeHeaderTests {
  @Test(
    arguments: [
      ("text/html", "text/html", nil), ("Text/HTML; Charset=UTF-8", "text/html", "utf-8"),
      ("text/html;charset=\"ISO-8859-1\"", "text/html", "iso-8859-1"),
      ("text/html; a=\"x;charset=no\"; charset=yes", "text/html", "yes"),
      ("text/html; charset=\"a\\\"b\"", "text/html", "a\"b"), ("text/html ; charset = x ", "text/html", "x"),
      ("text/html;charset=", "text/html", nil), ("text/html; charset='utf-8'", "text/html", "utf-8"),
      ("application/xhtml+xml, text/html", "application/xhtml+xml", nil),
      ("text/html;;;charset=a;charset=b", "text/html", "a"),
      ("text/html; charset=\"open", "text/html", "open"),
      ("text/html; charset=utf-8, text/plain", "text/html", "utf-8"),
    ] as [(String, String, String?)])
  func `media type and charset are read`(value: String, type: String, charset: String?) {
    let header = ContentTypeHeader(value)
    #expect(header?.mediaType == type)
    #expect(header?.charset == charset)
  }

  @Test(arguments: ["", "html", "/", "text/", "/html", "te xt/html", "text/ht ml", "; charset=utf-8"])
  func `what names no type is nothing`(value: String) {
    #expect(ContentTypeHeader(value) == nil)
  }

  @Test func `kinds of markup are told apart`() throws {
    #expect(try #require(ContentTypeHeader("application/xhtml+xml")).isHTML)
    #expect(try !#require(ContentTypeHeader("application/rss+xml")).isHTML)
    #expect(try !#require(ContentTypeHeader("text/plain")).isHTML)
  }
}

@Suite struct HeaderFuzzTests {
  @Test func `no header value stops the readers`() {
    let pieces = [
      "Sun, ", "06", "-", "Nov", " ", "1994", ":", "GMT", "99999999999", "é", "text/html", ";", "charset", "=", "\"",
      "\\", ",", "\0", "'", ".", "0",
    ]
    for var random in FuzzRounds(3_000, seed: 5) {
      let text = random.text(from: pieces, upTo: 12)
      _ = HTTPDate.parse(text, now: Int64.random(in: .min ... .max, using: &random))
      if let seconds = RetryAfter.seconds(text, now: Double.random(in: -1e30...1e30, using: &random)) {
        #expect(seconds >= 0 && seconds <= RetryAfter.longest)
      }
      _ = ContentTypeHeader(text)
    }
  }
}
