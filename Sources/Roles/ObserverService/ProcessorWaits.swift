import Glibc
import Processes
import Units

/// How long the threads of another process were ready to run and had no processor: the second figure of
/// `/proc/PID/task/TID/schedstat`, which the kernel adds to whenever the thread gets one.
package struct ProcessorWaits {
    private var threads: [String: Int64] = [:]

    package init() {}

    /// What was waited since the last look, all threads together; `nil` at the first look, and when nothing can be read.
    package mutating func look(pid: Int32) -> Duration? {
        let directory = "/proc/\(pid)/task"
        var found: [String: Int64] = [:]
        for thread in Programs.entries(of: directory) {
            let text = String(decoding: ProcessTable.contents("\(directory)/\(thread)/schedstat"), as: UTF8.self)
            found[thread] = ProcessorWaits.waited(text)
        }
        defer { threads = found }
        guard !threads.isEmpty, !found.isEmpty else { return nil }
        // A thread of this interval has waited in it alone.
        return .nanoseconds(found.reduce(0) { $0 + max(0, $1.value - (threads[$1.key] ?? 0)) })
    }

    package static func waited(_ text: String) -> Int64? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        return words.count == 3 ? Int64(words[1]) : nil
    }
}
