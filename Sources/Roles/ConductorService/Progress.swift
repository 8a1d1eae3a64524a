import Glibc
import Sockets
import Units

/// What is happening now, for the person who waits: a line an event, on stderr, with seconds since the start.
package final class Progress {
    private let start: Instant
    private let isTerminal = isatty(2) == 1
    private var hasOpenLine = false

    package init(start: Instant = Instant.now) { self.start = start }

    package func say(_ text: String) {
        closeLine()
        write("\(clock)  \(text)\n")
    }

    /// A line that the next one replaces; only on a terminal.
    package func show(_ text: String) {
        guard isTerminal else { return }
        write("\r\u{1B}[2K\(clock)  \(text)")
        hasOpenLine = true
    }

    package func closeLine() {
        guard hasOpenLine else { return }
        write("\r\u{1B}[2K")
        hasOpenLine = false
    }

    private var clock: String {
        let tenths = max(0, (Instant.now - start).nanoseconds / 100_000_000)
        let text = "\(tenths / 10).\(tenths % 10) s"
        return String(repeating: " ", count: max(0, 8 - text.count)) + text
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
