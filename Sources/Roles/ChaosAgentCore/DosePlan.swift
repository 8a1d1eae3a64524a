// Which sender's packets are held how long, when several faults overlap.
//
// Delays and jitters of one sender add up, shares combine, the lowest rate counts. Senders with the same dose share
// one queue: the kernel lets go of packets by number, so a queue has one delay. A dose holds until the first of its faults
// ends; then the plan is made again without that fault. So a dead agent leaves too short a fault, never too long.

import Units

package struct DosePlan: Hashable, Sendable {
    package struct Dose: Hashable, Sendable {
        package var delay: Duration
        package var jitter: Duration
        package var lossPerMillion: UInt32
        package var duplicatePerMillion: UInt32 = 0
        package var corruptPerMillion: UInt32 = 0
        package var reorderPerMillion: UInt32 = 0
        /// Zero: no limit.
        package var bitsPerSecond: Int64 = 0

        package init(delay: Duration = .zero, jitter: Duration = .zero, lossPerMillion: UInt32 = 0) {
            self.delay = delay
            self.jitter = jitter
            self.lossPerMillion = lossPerMillion
        }

        /// All faults of one sender together: delays add up, shares are independent draws, the lowest rate counts.
        init(_ requests: [FaultRequest]) {
            func share(_ value: (FaultRequest) -> UInt32) -> UInt32 {
                let spared = requests.reduce(1_000_000.0) { $0 * (1 - Double(value($1)) / 1e6) }
                return UInt32((1_000_000 - spared).rounded())
            }
            func share(_ kind: FaultKind) -> UInt32 { share { $0.kind == kind ? $0.sharePerMillion : 0 } }
            delay = requests.reduce(.zero) { $0 + $1.delay }
            jitter = requests.reduce(.zero) { $0 + $1.jitter }
            lossPerMillion = share(\.lossPerMillion)
            duplicatePerMillion = share(.duplicate)
            corruptPerMillion = share(.corrupt)
            reorderPerMillion = share(.reorder)
            bitsPerSecond = requests.map(\.bitsPerSecond).filter { $0 > 0 }.min() ?? 0
        }
    }

    package struct Share: Hashable, Sendable {
        package let dose: Dose
        package let senders: [UInt32]
        package let faults: [String]
        package let until: Instant
        package let seed: UInt64
    }

    package let shares: [Share]

    package init(_ faults: [(request: FaultRequest, until: Instant)]) {
        var bySender: [UInt32: [(request: FaultRequest, until: Instant)]] = [:]
        for fault in faults where fault.request.kind.isDosed {
            for sender in fault.request.from { bySender[sender, default: []].append(fault) }
        }
        struct Key: Hashable {
            let dose: Dose
            let faults: [String]
            let until: Instant
        }
        var grouped: [Key: [UInt32]] = [:]
        for (sender, faults) in bySender {
            let requests = faults.map(\.request)
            let dose = Dose(requests)
            guard let until = faults.map(\.until).min() else { continue }
            grouped[Key(dose: dose, faults: requests.map(\.id).sorted(), until: until), default: []].append(sender)
        }
        let seeds = Dictionary(
            faults.map { ($0.request.id, $0.request.seed) }, uniquingKeysWith: { first, _ in first })
        shares = grouped.map { key, senders in
            Share(
                dose: key.dose, senders: senders.sorted(), faults: key.faults, until: key.until,
                seed: key.faults.first.flatMap { seeds[$0] } ?? 1)
        }.sorted { ($0.senders.first ?? 0) < ($1.senders.first ?? 0) }
    }

    /// What a probe from this sender should be held, all faults together.
    package func delay(from sender: UInt32) -> Duration {
        shares.first { $0.senders.contains(sender) }?.dose.delay ?? .zero
    }
}
