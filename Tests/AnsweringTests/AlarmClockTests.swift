import AcervoTesting
import Synchronization
import Testing

@testable import Answering

struct AlarmClockTests {
  @Test func `alarms ring in the order of their times, however they were set`() async throws {
    let clock = AlarmClock()
    let rung = Mutex<[Int]>([])
    let now = ContinuousClock.now
    for number in [3, 1, 0, 2] {
      _ = clock.set(at: now.advanced(by: .milliseconds(100 * number))) { rung.withLock { $0.append(number) } }
    }
    #expect(try await eventually { rung.withLock { $0.count == 4 } })
    #expect(rung.withLock { $0 } == [0, 1, 2, 3])
    #expect(clock.count == 0)
  }

  @Test func `an alarm is never early`() async throws {
    let clock = AlarmClock()
    let early = Mutex<[Duration]>([])
    let left = Mutex(40)
    for number in 0..<40 {
      let time = ContinuousClock.now.advanced(by: .milliseconds(7 * number))
      _ = clock.set(at: time) {
        if .now < time { early.withLock { $0.append(ContinuousClock.now.duration(to: time)) } }
        left.withLock { $0 -= 1 }
      }
    }
    #expect(try await eventually { left.withLock { $0 } == 0 })
    #expect(early.withLock { $0 } == [])
  }

  @Test func `what was called off does not ring and is not kept`() async throws {
    let clock = AlarmClock()
    let rung = Mutex<[Int]>([])
    let soon = ContinuousClock.now.advanced(by: .milliseconds(50))
    let alarms = (0..<1_000).map { number in clock.set(at: soon) { rung.withLock { $0.append(number) } } }
    for alarm in alarms.dropLast() { clock.callOff(alarm) }
    #expect(clock.count == 1)
    #expect(try await eventually { !rung.withLock { $0.isEmpty } })
    #expect(rung.withLock { $0 } == [999])
    clock.callOff(alarms[999])
    #expect(clock.count == 0)
  }

  @Test func `an alarm beyond all time waits, and one behind it rings`() async throws {
    let clock = AlarmClock()
    let far = clock.set(at: .now.advanced(by: .seconds(Int64.max / 4))) {}
    let rung = Mutex(false)
    _ = clock.set(at: .now.advanced(by: .seconds(-5))) { rung.withLock { $0 = true } }
    #expect(try await eventually { rung.withLock { $0 } })
    #expect(clock.count == 1)
    clock.callOff(far)
  }
}
