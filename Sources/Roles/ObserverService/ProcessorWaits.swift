import Glibc
import Processes
import Sockets
import Units

/// How long the threads of another process were ready to run and had no processor: the second figure of
/// `/proc/PID/task/TID/schedstat`, which the kernel adds to whenever the thread gets one.
package struct ProcessorWaits {
    /// Kept open: asked two hundred times a second, a file is dearer to open than to read.
    private struct Account {
        let file: Descriptor
        var waited: Int64
    }

    private var pid: Int32 = 0
    private var threads: [String: Account] = [:]

    package init() {}

    /// What was waited since the last look, all threads together; `nil` at the first look, and when nothing can be read.
    package mutating func look(pid: Int32) -> Duration? {
        let before = pid == self.pid ? threads : [:]
        self.pid = pid
        threads = [:]
        let directory = "/proc/\(pid)/task"
        for name in Programs.entries(of: directory) {
            // A number may be another thread's by now: its file is opened anew, the old one says nothing any more.
            let known = before[name].flatMap { ProcessorWaits.read($0.file) }
            threads[name] = known ?? ProcessorWaits.open("\(directory)/\(name)/schedstat").flatMap(ProcessorWaits.read)
        }
        guard !before.isEmpty, !threads.isEmpty else { return nil }
        // A thread of this interval has waited in it alone.
        return .nanoseconds(threads.reduce(0) { $0 + max(0, $1.value.waited - (before[$1.key]?.waited ?? 0)) })
    }

    private static func open(_ path: String) -> Descriptor? {
        let number = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        return number < 0 ? nil : Descriptor(number)
    }

    private static func read(_ file: Descriptor) -> Account? {
        let text = String(unsafeUninitializedCapacity: 96) { max(0, pread(file.number, $0.baseAddress, $0.count, 0)) }
        return waited(text).map { Account(file: file, waited: $0) }
    }

    package static func waited(_ text: String) -> Int64? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        return words.count == 3 ? Int64(words[1]) : nil
    }
}
