import Glibc

/// One line a record on stderr: `2026-11-21T04:30:56.123456Z warning the session ended endpoint=198.18.0.12:9878`.
///
/// The message is constant, what varies is in the metadata, under the keys of one catalogue (`run.id`, `fault.kind`,
/// `order.id`). Never log *and* throw.
package struct Log: Sendable {
    package enum Level: Int, Sendable, Comparable, CaseIterable {
        case debug, info, warning, error

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
        package var name: String {
            switch self {
            case .debug: "debug"
            case .info: "info"
            case .warning: "warning"
            case .error: "error"
            }
        }
    }

    package let minimum: Level
    private let descriptor: Int32

    package init(minimum: Level = .info, descriptor: Int32 = STDERR_FILENO) {
        self.minimum = minimum
        self.descriptor = descriptor
    }

    package func debug(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) {
        write(.debug, message, metadata)
    }
    package func info(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) {
        write(.info, message, metadata)
    }
    package func warning(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) {
        write(.warning, message, metadata)
    }
    package func error(_ message: StaticString, _ metadata: KeyValuePairs<String, String> = [:]) {
        write(.error, message, metadata)
    }

    private func write(_ level: Level, _ message: StaticString, _ metadata: KeyValuePairs<String, String>) {
        guard level >= minimum else { return }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        let line = Log.line(microseconds: microseconds, level: level, message: "\(message)", metadata: metadata)
        // One call, so that lines of several threads don't mix; a full stderr loses the line and stops nobody.
        _ = Array(line.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// The line with its newline. Pure.
    package static func line(
        microseconds: Int64, level: Level, message: String, metadata: KeyValuePairs<String, String>
    ) -> String {
        var line = "\(timestamp(microseconds)) \(level.name) \(message)"
        for (key, value) in metadata { line += " \(key)=\(quoted(value))" }
        return line + "\n"
    }

    /// Quoted when a reader could lose its end: blanks, quotes, `=`, control characters, or nothing at all.
    private static func quoted(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 && $0 != "\"" && $0 != "=" }
        guard !isPlain || value.isEmpty else { return value }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case _ where scalar.value < 32 || scalar.value == 127: text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    /// RFC 3339, UTC. Days to a date: Howard Hinnant, "chrono-compatible low-level date algorithms".
    private static func timestamp(_ microseconds: Int64) -> String {
        let seconds = microseconds / 1_000_000
        let shifted = seconds / 86_400 + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let second = seconds % 86_400
        let time = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(year)-\(padded(month, 2))-\(padded(day, 2))T\(time).\(padded(microseconds % 1_000_000, 6))Z"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
