import Glibc
import ObserverService
import Processes
import Sockets
import Testing
import Units

/// The kernel's own account of who was ready and had no processor.
@Suite struct ProcessorWaitTests {
    private func busy(_ reactor: Reactor) throws -> ChildProcess {
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nowhere) }
        return try ChildProcess(
            "busy", Command("/usr/bin/taskset", ["-c", "0", "sh", "-c", "while :; do :; done"], endsWithUs: true),
            output: nowhere, on: reactor)
    }

    private func eventually(_ reactor: Reactor, _ condition: () -> Bool) -> Bool {
        let deadline = Instant.now + .seconds(20)
        while !condition() {
            guard Instant.now < deadline else { return false }
            _ = reactor.run(until: Instant.now + .milliseconds(5)) { false }
        }
        return true
    }

    private func end(_ processes: [ChildProcess], _ reactor: Reactor) {
        for process in processes { process.signal(SIGKILL) }
        _ = reactor.run(until: Instant.now + .seconds(5)) { !processes.contains { $0.isRunning } }
    }

    @Test func `who shares its processor is seen to wait for it`() throws {
        let reactor = try Reactor()
        let processes = try [busy(reactor), busy(reactor)]
        defer { end(processes, reactor) }
        var waits = ProcessorWaits()
        #expect(waits.look(pid: processes[0].pid) == nil)
        var waited = Duration.zero
        let seen = eventually(reactor) {
            waited = waited + (waits.look(pid: processes[0].pid) ?? .zero)
            return waited > .milliseconds(20)
        }
        #expect(seen, "waited \(waited.written)")
    }

    @Test func `who sleeps waits for nothing, and who is gone says nothing`() throws {
        let reactor = try Reactor()
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nowhere) }
        let sleeper = try ChildProcess("sleep", Command("/bin/sleep", ["60"], endsWithUs: true), output: nowhere, on: reactor)
        defer { end([sleeper], reactor) }
        var waits = ProcessorWaits()
        let isAsleep = eventually(reactor) {
            String(decoding: ProcessTable.contents("/proc/\(sleeper.pid)/stat"), as: UTF8.self).contains("(sleep) S")
        }
        #expect(isAsleep)
        _ = waits.look(pid: sleeper.pid)
        #expect(waits.look(pid: sleeper.pid) == .zero)
        end([sleeper], reactor)
        #expect(waits.look(pid: sleeper.pid) == nil)
    }

    @Test(arguments: [("1724500 2003556 7\n", 2_003_556), ("0 0 0", 0), ("", nil), ("1 2", nil), ("1 x 3\n", nil)])
    func `the second of three figures is the wait`(text: String, waited: Int64?) {
        #expect(ProcessorWaits.waited(text) == waited)
    }
}
