import Archive
import History
import Messages
import ObserverCore
import Processes
import Sockets
import Units

extension ObserverService {
    /// Where the governor serves its metrics, if the observer sits in its node: there it is a program that somebody else
    /// started. In the lab the conductor started it, and knows its end from the kernel.
    private var governorPort: UInt16? {
        guard options.tapNamespace == nil else { return nil }
        return options.scrapes.first { $0.node == "governor" }?.address.port
    }

    /// Looked at once a second: a stretch without a governor that began and ended in between shows all the same.
    func lookForTheGovernor() {
        guard let port = governorPort else { return }
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].compactMap { path in
            // There is no second one where IPv6 is off.
            (try? readFile(path)).map { String(decoding: $0, as: UTF8.self) }
        }
        // Without any table nothing was seen, and that is not the governor's end.
        guard !tables.isEmpty else { return }
        let inodes = tables.reduce(into: Set<UInt64>()) { $0.formUnion(ListenerWatch.inodes(listeningOn: port, in: $1)) }
        let before = governorListener.known
        let events = governorListener.saw(inodes)
        guard governorListener.known != before else { return }
        // Not found where its descriptors are closed to us: then what needs its pid isn't measured.
        let pid = inodes.sorted().lazy.compactMap { ProcessTable.holder(ofSocket: $0)?.pid }.first
        for event in events {
            let hasEnded = event == .ended
            perform(
                watch.evidence(
                    Observation(
                        .rig, "process", at: .now,
                        [
                            .init("node", "governor"), .init("name", "governor"),
                            .init("pid", .integer(hasEnded ? 0 : Int64(pid ?? 0))),
                            .init("event", hasEnded ? "exited" : "started"), .init("status", .null),
                            .init("expected", .bool(!hasEnded)),
                        ])))
        }
        processes["governor"] = pid
    }
}

extension ObserverService {
    /// Shorter waits are how a processor is shared, and worth no record.
    private static let waitMinimum = Duration.milliseconds(1)

    /// Whether a late governor was ready and had no processor: the difference between it and its machine.
    func lookAtItsWaits() {
        guard let pid = processes["governor"] else { return }
        let now = Instant.now
        let waited = governorWaits.look(pid: pid)
        defer { lastWaitsLook = now }
        guard let waited, waited >= ObserverService.waitMinimum, let from = lastWaitsLook else { return }
        record(
            .scrape, "processor_wait",
            [
                .init("name", "governor"), .init("pid", .integer(Int64(pid))), .init("from_ns", .integer(from.nanoseconds)),
                .init("waited_ns", .integer(waited.nanoseconds)),
            ])
    }
}
