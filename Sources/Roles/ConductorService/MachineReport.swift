// What this machine can do, looked up and tried, not guessed.

import Archive
import CLinux
import Glibc
import History
import Messages
import Processes
import Synchronization
import Threads
import Units

package struct MachineReport: Sendable {
    /// For people, a line a fact.
    package let lines: [String]
    /// What a drill needs and is not there, with how to get it.
    package let missing: [String]
    package let leftovers: [String]
    package let facts: [JSON.Member]

    package static func read() -> MachineReport {
        var lines: [String] = []
        var missing: [String] = []
        func need(_ name: String, _ path: String?, _ advice: String) {
            lines.append("\(path == nil ? "missing" : "ok     ")  \(name)\(path.map { " \($0)" } ?? ": \(advice)")")
            if path == nil { missing.append("\(name): \(advice)") }
        }
        need("redis-server", Programs.find("redis-server"), "apt-get install redis-server")
        need("PostgreSQL", Programs.findPostgres()?.server, "apt-get install postgresql")
        for name in ["lab-init", "observer", "chaos-agent", "broker-stub", "governor", "feed-replayer"] {
            let path = "\(Programs.ownDirectory)/\(name)"
            need(name, access(path, X_OK) == 0 ? path : nil, "./scripts/build")
        }
        let facts = kernelFacts()
        for fact in facts { lines.append("fact     \(fact.key): \(fact.value.string ?? fact.value.text())") }
        let (live, leftovers) = Leftovers.findAll()
        lines += live.map { "live     run \($0) is under way" }
        lines +=
            leftovers.isEmpty
            ? ["ok       no run has left anything on this machine"] : leftovers.map { "left     \($0)" }
        return MachineReport(lines: lines, missing: missing, leftovers: leftovers, facts: facts)
    }

    static func kernelFacts() -> [JSON.Member] {
        var name = utsname()
        uname(&name)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        var load = [0.0, 0.0, 0.0]
        getloadavg(&load, 3)
        let kernel = "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))"
        let cores = Int64(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let fifo = canScheduleFIFO()
        return [
            .init("kernel", .string(kernel)),
            .init("cores", .integer(cores)),
            .init("processor", .string(processor)),
            .init("machine", .string(fingerprint([kernel, "\(cores)", processor, "\(fifo)"]))),
            .init("load", .real(load[0])),
            .init("root", .bool(geteuid() == 0)),
            .init("sched_fifo", .bool(fifo)),
        ]
    }

    /// What decides whether figures of two runs can be compared: kernel, processor, cores, scheduling. Not the name.
    package static var machine: String { kernelFacts().first { $0.key == "machine" }?.value.string ?? "unknown" }

    private static func fingerprint(_ facts: [String]) -> String {
        String(SHA256.hash(facts.joined(separator: "\n").utf8).hexadecimal.prefix(16))
    }

    private static var processor: String {
        // Unknown processors are all alike; then only the other facts tell machines apart.
        guard let bytes = try? readFile("/proc/cpuinfo") else { return "unknown" }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) } ?? "unknown"
    }

    /// Tried on a thread of its own, so that this one keeps its policy.
    private static func canScheduleFIFO() -> Bool {
        let isGranted = Atomic<Bool>(false)
        // No thread at all is no such thread either.
        let thread = try? SystemThread("SCHED_FIFO") { isGranted.store(clinux_thread_fifo(1) == 0, ordering: .relaxed) }
        thread?.wait()
        return isGranted.load(ordering: .relaxed)
    }
}
