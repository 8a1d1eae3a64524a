import Glibc

/// Memory of another process as the kernel counts it: `/proc/PID/status`, kibibytes.
struct ProcessMemory: Hashable {
    let residentKiB: Int64
    let anonymousKiB: Int64

    /// `nil` when the process is gone.
    static func read(pid: Int32) -> ProcessMemory? {
        let fd = open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var buffer = [UInt8](repeating: 0, count: 8_192)
        let count = Glibc.read(fd, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return ProcessMemory(parsing: String(decoding: buffer[..<count], as: UTF8.self))
    }

    init?(parsing text: String) {
        func value(_ name: String) -> Int64? {
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(name):") }) else { return nil }
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int64($0) }
        }
        guard let resident = value("VmRSS"), let anonymous = value("RssAnon") else { return nil }
        residentKiB = resident
        anonymousKiB = anonymous
    }
}
