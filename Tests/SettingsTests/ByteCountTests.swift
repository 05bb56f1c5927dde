import Settings
import Testing

@Suite struct ByteCountTests {
  @Test(arguments: [
    ("0", 0), ("4096", 4096), ("12B", 12), ("5MB", 5_000_000), ("500KiB", 512_000), ("1.5 KB", 1500), ("2kB", 2000),
    ("1GiB", 1 << 30), ("3TB", 3_000_000_000_000),
  ])
  func `a size is read`(text: String, bytes: Int) {
    #expect(ByteCount.parse(text) == bytes)
  }

  @Test(arguments: [
    "", "MB", "-5MB", "+5MB", "5 M", "5mb", "5  MB", "1.5B", "1e3", "0x10", "inf", "nan", "5MB ", "1.", ".5MB",
    "9999999999999999", "999999999999999TiB",
  ])
  func `anything else is no size`(text: String) {
    #expect(ByteCount.parse(text) == nil)
  }

  @Test(arguments: [
    (0, "0B"), (1, "1B"), (1024, "1KiB"), (5_000_000, "5MB"), (512_000, "500KiB"), (512_000_000, "512MB"),
    (1 << 20, "1MiB"),
  ])
  func `a size is written in the largest unit that divides it`(bytes: Int, text: String) {
    #expect(ByteCount.text(bytes) == text)
    #expect(ByteCount.parse(text) == bytes)
  }
}

@Suite struct TimeSpanTests {
  @Test(arguments: [("0s", 0), ("250ms", 0.25), ("1.5h", 5400), ("30s", 30), ("5m", 300), ("6h", 21600), ("1d", 86400)])
  func `a span is read`(text: String, seconds: Double) {
    #expect(TimeSpan.parse(text) == seconds)
  }

  @Test(arguments: ["", "5", "s", "-1s", "5 s", "1h30m", "5min", "infs", "1e3s"])
  func `anything else is no span`(text: String) {
    #expect(TimeSpan.parse(text) == nil)
  }

  @Test(arguments: [(0, "0s"), (0.25, "250ms"), (90, "90s"), (21600, "6h"), (172_800, "2d")])
  func `a span is written in the largest unit that divides it`(seconds: Double, text: String) {
    #expect(TimeSpan.text(seconds) == text)
    #expect(TimeSpan.parse(text) == seconds)
  }
}
