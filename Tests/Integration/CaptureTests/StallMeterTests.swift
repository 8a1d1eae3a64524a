import Glibc
import Processes
import Sockets
import Stalls
import Testing
import Units

@Suite(.serialized) struct StallMeterTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)

    @Test func `a long stall is one stall, from when the thread was due, and the next deadline lies ahead of it`() {
        var log = StallLog()
        let next = log.woke(due: StallMeterTests.start, at: StallMeterTests.start + .nanoseconds(42_300_000))
        #expect(log.count == 1 && log.total == .nanoseconds(42_300_000) && log.longest == log.total)
        #expect(log.kept == [StallLog.Stall(at: StallMeterTests.start, lasted: log.longest)])
        #expect(next == StallMeterTests.start + .milliseconds(44))
    }

    @Test func `a millisecond late is no stall, a nanosecond more is`() {
        var log = StallLog()
        #expect(log.woke(due: StallMeterTests.start, at: StallMeterTests.start) == StallMeterTests.start + StallLog.interval)
        _ = log.woke(due: StallMeterTests.start, at: StallMeterTests.start + StallLog.threshold)
        #expect(log.count == 0)
        _ = log.woke(due: StallMeterTests.start, at: StallMeterTests.start + StallLog.threshold + .nanoseconds(1))
        #expect(log.count == 1)
    }

    @Test func `of many stalls all are counted and the hundred longest kept`() {
        var log = StallLog()
        for number in 1...1_000 {
            let due = StallMeterTests.start + .seconds(number)
            _ = log.woke(due: due, at: due + .milliseconds(2 + number * 7_919 % 1_000))
        }
        #expect(log.count == 1_000 && log.kept.count == StallLog.keptMaximum)
        #expect(log.kept.map(\.lasted).min() == .milliseconds(902) && log.longest == .milliseconds(1_001))
    }

    @Test func `a meter that was stopped by a signal shows how long`() throws {
        let reactor = try Reactor()
        let meter = try StallMeter()
        // Stops this whole process, and lets it go on: the length of the stop is what is measured, nothing waits for it.
        let script = "kill -STOP \(getpid()); sleep 0.08; kill -CONT \(getpid())"
        let command = Command("/bin/sh", ["-c", script], endsWithUs: true)
        let child = try ChildProcess("stopper", command, output: 2, on: reactor)
        defer { child.signal(SIGKILL) }
        let turns = reactor.every(.milliseconds(5)) {}
        defer { turns.cancel() }
        _ = reactor.run(until: .now + .seconds(20)) { meter.log.longest >= .milliseconds(75) }
        let report = meter.stop()
        // Seen from the first deadline in it: at most one interval of the 80 ms is missing.
        #expect(report.log.longest >= .milliseconds(75))
        #expect(report.log.kept.contains { $0.lasted == report.log.longest })
        #expect(report.used > .zero && report.used < report.ran)
        #expect(meter.stop().log == report.log)
    }
}
