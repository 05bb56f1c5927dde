import Testing

@testable import Terminal

/// Every moment is given by the test: nothing here waits or looks at a clock.
@Suite struct PaceTests {
  @Test(arguments: [0.2, 1, 30])
  func `a steady count has its pace however often it is asked`(step: Double) throws {
    var pace = Pace()
    for tick in 0...Int(120 / step) { pace.note(Int((7 * Double(tick) * step).rounded()), at: Double(tick) * step) }
    #expect(abs(try #require(pace.perSecond) - 7) < 0.3)
  }

  @Test func `nobody knows a pace before three seconds`() {
    var pace = Pace()
    pace.note(0, at: 0)
    #expect(pace.perSecond == nil)
    pace.note(50, at: 2.5)
    #expect(pace.perSecond == nil)
    pace.note(80, at: 4)
    #expect(pace.perSecond != nil)
  }

  @Test func `what happened lately weighs more`() throws {
    var pace = Pace()
    for second in 0...100 { pace.note(second * 10, at: Double(second)) }
    for second in 101...145 { pace.note(1_000 + (second - 100), at: Double(second)) }
    // Three times the memory later, a twentieth of the old pace is left.
    let found = try #require(pace.perSecond)
    #expect(found > 1 && found < 1.6, "\(found)")
  }

  @Test func `a count that stands has a pace that falls to nothing, and one that falls is none`() throws {
    var pace = Pace()
    for second in 0...10 { pace.note(second * 10, at: Double(second)) }
    for second in 11...200 { pace.note(40, at: Double(second)) }
    #expect(try #require(pace.perSecond) < 0.01)
  }
}

@Suite struct TimeLeftTests {
  /// A work of which `done(t)` of `known(t)` pieces are done after `t` seconds.
  private func after(
    _ seconds: Int, done: (Int) -> Int, known: (Int) -> Int
  ) -> TimeLeft {
    var left = TimeLeft()
    for second in 0...seconds { left.note(done: done(second), of: known(second), at: Double(second)) }
    return left
  }

  @Test func `a folder's files are all known, so the time is told outright`() throws {
    let left = after(20, done: { $0 * 5 }, known: { _ in 1_000 })
    #expect(abs(try #require(left.seconds) - 180) < 1)
    #expect(left.text == "about 3 min left")
  }

  @Test func `while a crawl still finds addresses it takes at least so long`() {
    let left = after(20, done: { $0 * 5 }, known: { 1_000 + $0 * 5 })
    #expect(left.isGrowing)
    #expect(left.text == "at least 3 min 20 s left")
  }

  @Test func `once everything is found the estimate is told outright`() throws {
    let left = after(100, done: { $0 * 5 }, known: { min(1_000, 400 + $0 * 50) })
    #expect(!left.isGrowing)
    #expect(left.text == "about 1 min 40 s left")
  }

  @Test func `nothing is told at the start, at the end and when nothing moves`() {
    #expect(after(1, done: { $0 }, known: { _ in 9 }).text == nil)
    #expect(after(30, done: { _ in 9 }, known: { _ in 9 }).text == nil)
    #expect(after(30, done: { _ in 0 }, known: { _ in 9 }).text == nil)
  }

  @Test(arguments: [
    (0.2, "1 s"), (9.4, "9 s"), (12, "10 s"), (13, "15 s"), (58, "1 min"), (64, "1 min"), (66, "1 min 10 s"),
    (599, "10 min"), (754, "13 min"), (3_599, "1 h"), (3_700, "1 h"), (5_000, "1 h 25 min"), (86_399, "1 d"),
    (100_000, "1 d 4 h"),
  ])
  func `a time is rounded as far as it may be trusted`(seconds: Double, text: String) {
    #expect(TimeLeft.rounded(seconds) == text)
  }
}
