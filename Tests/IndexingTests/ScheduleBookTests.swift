import Pipelines
import Testing

@testable import Indexing

/// Every moment is given by the test: minutes of a day in UTC.
@Suite struct ScheduleBookTests {
  /// 21 November 2026, 00:00 UTC.
  private static let midnight: Int64 = 1_795_219_200
  private static func clock(_ hour: Int64, _ minute: Int64 = 0) -> Int64 { midnight + hour * 3_600 + minute * 60 }

  private func book(
    _ cron: String = "0 */6 * * *", jitter: Double = 0, catchesUp: Bool = true, lastRun: Int64? = clock(0),
    at now: Int64 = clock(1), name: String = "help"
  ) throws -> ScheduleBook {
    var book = ScheduleBook()
    let schedule = ScheduleSettings(cron: try CronExpression(cron), jitter: jitter, catchesUp: catchesUp)
    book.put(name, schedule, in: try #require(ClockZone("UTC")), lastRun: lastRun, at: now)
    return book
  }

  @Test func `a run begins at its time and once`() throws {
    var book = try book()
    #expect(book.due(at: Self.clock(5, 59)).isEmpty)
    #expect(book.due(at: Self.clock(6)) == [.init(name: "help", planned: Self.clock(6))])
    #expect(book.due(at: Self.clock(6)).isEmpty)
    book.end("help")
    #expect(book.due(at: Self.clock(7)).isEmpty)
    #expect(book.due(at: Self.clock(12)) == [.init(name: "help", planned: Self.clock(12))])
  }

  @Test func `a time that comes while it runs is skipped and counted`() throws {
    var book = try book()
    #expect(book.due(at: Self.clock(6)).count == 1)
    #expect(book.due(at: Self.clock(12)).isEmpty)
    #expect(book.entries[0].skipped == 1)
    book.end("help")
    #expect(book.due(at: Self.clock(12, 1)).isEmpty)
    #expect(book.due(at: Self.clock(18)).count == 1)
  }

  @Test(arguments: [(true, 1), (false, 0)])
  func `what passed while nobody was there is made up for once, if the schedule says so`(
    catchesUp: Bool, runs: Int
  ) throws {
    var book = try book(catchesUp: catchesUp, lastRun: Self.clock(-30), at: Self.clock(1))
    #expect(book.due(at: Self.clock(1)).count == runs)
    book.end("help")
    #expect(book.due(at: Self.clock(1, 1)).isEmpty)
    #expect(book.due(at: Self.clock(6)).count == 1)
  }

  @Test func `what never ran is due, what has just run is not`() throws {
    var never = try book(lastRun: nil)
    #expect(never.due(at: Self.clock(1)) == [.init(name: "help", planned: nil)])
    var just = try book(lastRun: Self.clock(0, 30))
    #expect(just.due(at: Self.clock(1)).isEmpty)
  }

  @Test(arguments: [(true, 1), (false, 0)])
  func `a time that the machine slept through is late`(catchesUp: Bool, runs: Int) throws {
    var book = try book(catchesUp: catchesUp)
    let due = book.due(at: Self.clock(13, 30))
    #expect(due.count == runs)
    #expect(due.allSatisfy { $0.planned == nil })
    book.end("help")
    #expect(book.due(at: Self.clock(18)).count == 1)
  }

  @Test func `delays are within the jitter, spread, and the same again`() throws {
    var starts: Set<Int64> = []
    for number in 0..<200 {
      let entry = try book("0 6 * * *", jitter: 600, name: "help-\(number)").entries[0]
      let delay = try #require(entry.start) - Self.clock(6)
      #expect((0...600).contains(delay))
      starts.insert(delay)
      #expect(try book("0 6 * * *", jitter: 600, name: "help-\(number)").entries[0].start == entry.start)
    }
    #expect(starts.count > 100)
  }

  @Test func `another schedule counts from now`() throws {
    var book = try book()
    let hourly = ScheduleSettings(cron: try CronExpression("30 * * * *"))
    book.put("help", hourly, in: try #require(ClockZone("UTC")), lastRun: nil, at: Self.clock(1))
    #expect(book.entries.count == 1)
    #expect(book.entries[0].planned == Self.clock(1, 30))
    #expect(book.due(at: Self.clock(1)).isEmpty)
  }
}
