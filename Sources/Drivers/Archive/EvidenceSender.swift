// A source's end of the evidence link. It never blocks and never makes its owner wait: what can't leave yet is
// held, up to a limit; beyond the limit it is dropped, and the numbering then shows the observer a gap, which makes
// the run inconclusive. Used on its reactor's thread alone.

import History
import Sockets
import Units

package final class EvidenceSender {
    /// Held while there is no connection or the observer doesn't read; some 100 MB of lines.
    package static let waitingMaximum = 200_000
    /// Observations are handed over in batches this far apart: their times are in them.
    package static let batchInterval = Duration.milliseconds(5)
    package static let connectLimit = Duration.seconds(1)
    package static let retryInterval = Duration.milliseconds(250)
    /// The connection is fed only up to here, so that a slow reader fills our own, counted, queue.
    private static let handedOverMaximum = 4 << 20

    private let address: Address
    private let name: String
    private let node: String
    private let reactor: Reactor
    private var connection: Connection?
    private var queue: [Observation] = []
    private var queueStart = 0
    private var sequence: Int64 = 0
    private var batchIsDue = false
    private var isClosed = false
    private var whenDrained: ((_ complete: Bool) -> Void)?
    private var closingDeadline: Instant?
    /// Handed to some connection so far.
    package private(set) var handedOver: Int64 = 0
    /// Given up because the queue was full, or left at the end.
    package private(set) var dropped: Int64 = 0
    /// Why there is no connection right now; for logs.
    package private(set) var lastProblem: String?

    /// Starts connecting at once and keeps trying until `close`.
    package init(to address: Address, name: String, node: String, on reactor: Reactor) {
        self.address = address
        self.name = name
        self.node = node
        self.reactor = reactor
        connect()
    }

    /// Observations that no connection has taken yet.
    package var waiting: Int { queue.count - queueStart }
    package var isConnected: Bool { connection != nil }

    package func send(_ observation: Observation) {
        guard !isClosed, waiting < EvidenceSender.waitingMaximum else {
            dropped += 1
            // The number is used up, so that the observer sees that one is missing.
            if connection != nil { sequence += 1 }
            return
        }
        queue.append(observation)
        guard connection != nil else { return }
        batchAfter(EvidenceSender.batchInterval)
    }

    /// Takes no more observations, hands over what waits, and calls `whenDrained` once: `true` when every
    /// observation was acknowledged by the observer's machine, `false` when one was dropped or time ran out.
    package func close(within limit: Duration = .seconds(2), whenDrained: @escaping (_ complete: Bool) -> Void) {
        guard !isClosed else { return whenDrained(dropped == 0) }
        isClosed = true
        self.whenDrained = whenDrained
        closingDeadline = Instant.now + limit
        drain()
    }

    private func connect() {
        Connection.connect(to: address, within: EvidenceSender.connectLimit, on: reactor) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success(let connection): connected(connection)
            case .failure(let error): disconnected("\(error)")
            }
        }
    }

    private func connected(_ new: Connection) {
        new.onClose = { [weak self] ending in self?.disconnected("\(ending)") }
        do { try new.start() } catch { return disconnected("\(error)") }
        connection = new
        lastProblem = nil
        sequence = 0
        new.send(EvidenceLine.hello(name: name, node: node, before: handedOver + dropped).bytes)
        handOver()
    }

    private func disconnected(_ problem: String) {
        connection = nil
        lastProblem = problem
        guard whenDrained != nil || !isClosed else { return }
        reactor.after(EvidenceSender.retryInterval) { [weak self] in
            guard let self, connection == nil, whenDrained != nil || !isClosed else { return }
            connect()
        }
    }

    private func batchAfter(_ delay: Duration) {
        guard !batchIsDue else { return }
        batchIsDue = true
        reactor.after(delay) { [weak self] in
            self?.batchIsDue = false
            self?.handOver()
        }
    }

    private func handOver() {
        guard let connection else { return }
        var batch: [UInt8] = []
        while waiting > 0, connection.waitingBytes + batch.count < EvidenceSender.handedOverMaximum {
            batch += EvidenceLine.observation(sequence: sequence, queue[queueStart]).bytes
            sequence += 1
            handedOver += 1
            queueStart += 1
        }
        if queueStart > 4_096 || waiting == 0 {
            queue.removeFirst(queueStart)
            queueStart = 0
        }
        if !batch.isEmpty { connection.send(batch) }
        if waiting > 0 { batchAfter(EvidenceSender.batchInterval) }
    }

    private func drain() {
        handOver()
        let acknowledged = waiting == 0 && (connection?.unacknowledgedBytes ?? (handedOver == 0 ? 0 : 1)) == 0
        let late = closingDeadline.map { $0 <= .now } ?? false
        guard acknowledged || late else {
            reactor.after(.milliseconds(2)) { [weak self] in self?.drain() }
            return
        }
        dropped += Int64(waiting)
        let done = whenDrained
        whenDrained = nil
        connection?.onClose = { _ in }
        connection?.close()
        connection = nil
        done?(acknowledged && dropped == 0)
    }
}
