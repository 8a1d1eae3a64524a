// What a run left on the machine, looked for from outside once its lab is gone.

import Glibc
import Processes
import Sockets
import Units

package enum Leftovers {
    /// Processes that carry the run's id, and network namespaces of its lab that some process still holds.
    package static func find(run: String, namespaces: Set<UInt64>) -> [String] {
        let own = getpid()
        return ProcessTable.entries().filter { $0.pid != own }.flatMap { entry -> [String] in
            var found: [String] = []
            if entry.run == run { found.append("process \(entry.pid) (\(entry.name)) of run \(run)") }
            if let inode = entry.networkNamespace, namespaces.contains(inode) {
                found.append("network namespace \(inode), held by process \(entry.pid) (\(entry.name))")
            }
            return found
        }
    }

    /// Waits for the last of them to go: the kernel takes a moment to end a pid namespace.
    package static func settle(run: String, namespaces: Set<UInt64>, within limit: Duration, on reactor: Reactor)
        -> [String]
    {
        let deadline = Instant.now + limit
        var found = find(run: run, namespaces: namespaces)
        while !found.isEmpty, Instant.now < deadline {
            _ = reactor.run(until: Instant.now + .milliseconds(50), or: { false })
            found = find(run: run, namespaces: namespaces)
        }
        return found
    }

    /// Every run that has processes on this machine. A run whose lab-init lives is under way: it ends with its
    /// conductor. Processes without one are left behind.
    package static func findAll() -> (live: [String], left: [String]) {
        let own = getpid()
        let entries = ProcessTable.entries().filter { $0.pid != own && $0.run != nil }
        let alive = Set(entries.filter { $0.name == "lab-init" }.compactMap(\.run))
        let left = entries.filter { entry in entry.run.map { !alive.contains($0) } ?? false }
        return (alive.sorted(), left.map { "process \($0.pid) (\($0.name)) of run \($0.run ?? "")" })
    }

    /// Ends every process of a run (of every run when `nil`), by pid; their namespaces and faults go with them.
    package static func end(run: String?) -> [String] {
        let own = getpid()
        return ProcessTable.entries().filter { $0.pid != own && $0.run != nil && (run == nil || $0.run == run) }.map {
            entry in
            let ended = kill(entry.pid, SIGKILL) == 0
            let outcome = ended ? "ended" : "could not be ended: \(String(cString: strerror(errno)))"
            return "process \(entry.pid) (\(entry.name)) of run \(entry.run ?? "") \(outcome)"
        }
    }
}
