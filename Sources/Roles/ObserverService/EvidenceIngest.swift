// Where the others send what they saw. Every source numbers its lines; a number that is missing is a gap in the
// evidence, and is written down as one.

import Archive
import History
import Messages
import Sockets
import Units

final class EvidenceIngest {
    var onObservation: (Observation) -> Void = { _ in }
    /// A line that is missing or can't be read: which source, what was expected, what was found.
    var onGap: (_ source: String, _ expected: String, _ found: String) -> Void = { _, _, _ in }

    /// What the observer sees itself it takes from nobody: the governor's namespace reaches this port too.
    static let foreign: Set<Observation.Source> = [.feed, .chaos, .rig]

    private struct Source {
        var name: String
        var next: Int64 = 0
    }

    private final class Link {
        let connection: Connection
        var splitter = LineSplitter()
        var source: Source?

        init(_ connection: Connection) { self.connection = connection }
    }

    private var listener: Listener?
    private var links: [ObjectIdentifier: Link] = [:]
    /// By source: how many observations have come, over all of its connections.
    private var received: [String: Int64] = [:]

    var address: Address? { listener?.address }

    init(at address: Address, on reactor: Reactor) throws(SystemError) {
        listener = try Listener(tcp: address, on: reactor) { [unowned self] connection, _ in accept(connection) }
    }

    private func accept(_ connection: Connection) {
        let link = Link(connection)
        let key = ObjectIdentifier(link)
        links[key] = link
        connection.onBytes = { [unowned self, unowned link] in take($0, link) }
        connection.onClose = { [unowned self] _ in links[key] = nil }
        do { try connection.start() } catch { links[key] = nil }
    }

    private func take(_ bytes: ArraySlice<UInt8>, _ link: Link) {
        do {
            for line in try link.splitter.lines(in: bytes) { take(line: line, link) }
        } catch {
            onGap(link.source?.name ?? link.connection.peer, "lines of at most \(error.limit) bytes", "a longer one")
            link.connection.close()
        }
    }

    private func take(line: [UInt8], _ link: Link) {
        let parsed: EvidenceLine
        do { parsed = try EvidenceLine(parsing: line) } catch {
            link.source?.next += 1
            return onGap(link.source?.name ?? link.connection.peer, "an observation", error.description)
        }
        switch parsed {
        case .hello(let name, _, let before):
            // Nothing handed over before: a first connection, or a process that was started again.
            let known = before == 0 ? 0 : received[name, default: 0]
            if before != known { onGap(name, "\(before) observations before this connection", "\(known)") }
            received[name] = max(before, known)
            link.source = Source(name: name)
        case .observation(let sequence, let observation):
            guard let source = link.source else {
                onGap(link.connection.peer, "a greeting first", "an observation")
                return link.connection.close()
            }
            if sequence != source.next { onGap(source.name, "\(source.next)", "\(sequence)") }
            link.source?.next = sequence + 1
            received[source.name, default: 0] += 1
            guard EvidenceIngest.foreign.contains(observation.source) else {
                return onGap(source.name, "an observation of feed, chaos or rig", observation.source.rawValue)
            }
            onObservation(observation)
        }
    }

    func close() {
        listener?.close()
        listener = nil
        for link in links.values {
            link.connection.onClose = { _ in }
            link.connection.close()
        }
        links = [:]
    }
}
