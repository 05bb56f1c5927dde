import AcervoTesting
import Corpus
import Foundation
import Testing

@testable import Pipelines

@Suite struct CronExpressionTests {
  /// `Tests/oracles/cron_times.py` wrote them.
  private static func golden(_ name: String) throws -> [JSONValue] {
    let path = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Golden/" + name
    return try #require(JSONValue(parsing: [UInt8](Data(contentsOf: URL(filePath: path)))).array)
  }

  @Test func `the next times are the oracle's, also where clocks are set`() throws {
    for line in try Self.golden("cron.json") {
      let text = try #require(line["cron"]?.string)
      let cron = try CronExpression(text)
      let name = try #require(line["zone"]?.string)
      let zone = try #require(ClockZone(name), "install the package tzdata: \(name) is not there")
      var moment = Int64(try #require(line["after"]?.int))
      var found: [Int] = []
      let expected = try #require(line["next"]?.array).compactMap(\.int)
      #expect(!expected.isEmpty)
      while found.count < expected.count, let next = cron.next(after: moment, in: zone) {
        found.append(Int(next))
        moment = next
      }
      #expect(found == expected, "\(text) in \(name)")
    }
  }

  @Test func `the rules at the end of zone files are the C library's`() throws {
    for line in try Self.golden("rules.json") {
      let text = try #require(line["rule"]?.string)
      let rule = try #require(ClockRule(text), "\(text)")
      for pair in try #require(line["offsets"]?.array) {
        let numbers = try #require(pair.array).compactMap(\.int)
        #expect(rule.offset(at: Int64(numbers[0])) == numbers[1], "\(text) at \(numbers[0])")
      }
    }
  }

  @Test func `summer time that ends where it begins lasts all year`() throws {
    // RFC 9636's example; the C library gives standard time for the last hours of December.
    let rule = try #require(ClockRule("EST5EDT,0/0,J365/25"))
    for moment in stride(from: Int64(1_830_200_000), to: 1_830_400_000, by: 600) {
      #expect(rule.offset(at: moment) == -14_400)
    }
  }

  @Test(arguments: [
    ("@daily", "0 0 * * *"), ("  0\t0  * * 7 ", "0 0 * * 0"), ("0 0 * JAN,Feb Sun-Tue", "0 0 * 1,2 0-2"),
    ("0 0 * * fri-sun", "0 0 * * 5,6,0"), ("*/20 * * * *", "0,20,40 * * * *"),
    ("0-0/1 * * * *", "0 * * * *"),
  ])
  func `what is written in two ways comes at the same times`(left: String, right: String) throws {
    #expect(try CronExpression(left) == CronExpression(right))
  }

  @Test(arguments: [
    ("", "it has 0 fields, not five"), ("* * * *", "it has 4 fields, not five"),
    ("60 * * * *", "the minute “60” is none from 0 to 59"), ("* -1 * * *", "the hour “” is none from 0 to 23"),
    ("5/15 * * * *", "the minute “5/15” has a step and no range"),
    ("*/0 * * * *", "the minute “*/0” has no step from 1 to 59"),
    ("0-0/2 * * * *", "the minute “0-0/2” has no step from 1 to 1"),
    ("* 22-2 * * *", "the hour “22-2” runs backwards"), ("* * 0 * *", "the day of the month “0” is none from 1 to 31"),
    ("* * * foo *", "the month “foo” is none from 1 to 12"),
    ("* * * * 8", "the day of the week “8” is none from 0 to 7"),
    ("1,,2 * * * *", "the minute “” names nothing"), ("٣ * * * *", "the minute “٣” is none from 0 to 59"),
    ("* * * * mon#2", "the day of the week “mon#2” is none from 0 to 7"), ("0 0 30 2 *", "no such day ever comes"),
    (
      "0 0 */2 * mon",
      "schedulers do not agree what a step from * means beside the other day: either day, or both at once"
    ),
    ("@often", "it has 1 fields, not five"),
  ])
  func `what is no expression is refused`(text: String, message: String) {
    let error = #expect(throws: CronError.self) { try CronExpression(text) }
    #expect(error?.message == message)
  }

  @Test(arguments: [
    "", "../../etc/passwd", "/etc/localtime", "Europe/Atlantis", "Europe", "UTC\u{0}",
    String(repeating: "a", count: 65),
  ])
  func `a zone that is none is refused`(name: String) {
    #expect(ClockZone(name) == nil)
  }

  @Test func `a broken zone file is refused, however it is broken`() throws {
    let file = [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Madrid")))
    #expect(ClockZone(name: "whole", file: file) != nil)
    for length in stride(from: 0, to: file.count - 1, by: 7) {
      #expect(ClockZone(name: "cut", file: Array(file[..<length])) == nil)
    }
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2_000 {
      var broken = file
      for _ in 0..<4 {
        broken[Int.random(in: 0..<broken.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      // Any answer will do; a crash will not.
      _ = ClockZone(name: "broken", file: broken)?.offset(at: 1_800_000_000)
    }
  }

  @Test(arguments: [
    "", "A1", "CET", "CET-1CEST,M3.5.0", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/200", "CET-99",
    "<CET-1",
  ])
  func `a rule that is none is refused`(text: String) {
    #expect(ClockRule(text) == nil)
  }
}
