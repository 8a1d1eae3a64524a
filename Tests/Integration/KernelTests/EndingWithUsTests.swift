import Glibc
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

/// What a process started ends with it, however it ends: the runner of these tests may be killed at any time.
@Suite struct EndingWithUsTests {
    @Test func `a child ends when its parent is killed, and not when the thread that started it ends`() throws {
        let reactor = try Reactor()
        let directory = try ScratchFolder.make("doomed-parent")
        defer { ScratchFolder.remove(directory) }
        let log = "\(directory)/log"
        let output = Descriptor(open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        let program = Command("\(Programs.ownDirectory)/doomed-parent", [], endsWithUs: true)
        let parent = try ChildProcess("doomed parent", program, output: output.number, on: reactor)
        defer { parent.signal(SIGKILL) }
        func words() -> String { String(decoding: ProcessTable.contents(log), as: UTF8.self) }
        #expect(holds(on: reactor) { words().contains("thread ended") }, "\(words())")
        let child = try #require(words().split(separator: "\n").first.flatMap { Int32($0.dropFirst("child ".count)) })
        #expect(ProcessTable.arguments(of: child) == ["/bin/sleep", "300"])

        parent.signal(SIGKILL)
        // One that has ended and waits to be reaped has no arguments either.
        #expect(holds(on: reactor) { ProcessTable.arguments(of: child).isEmpty })
        #expect(holds(on: reactor) { !parent.isRunning })
    }

    private func holds(on reactor: Reactor, _ condition: () -> Bool) -> Bool {
        let looks = reactor.every(.milliseconds(5)) {}
        defer { looks.cancel() }
        return reactor.run(until: Instant.now + .seconds(10), or: condition)
    }
}
