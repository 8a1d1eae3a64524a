// Our tables of nf_tables. In family ip: three chains in prerouting, one in output, and for each fault its own sets and rules.
//
// A verdict resumes at the next chain, so what the queue chain lets go of meets the cuts a second time; without
// that, held packets would leak through a partition. All of it comes before conntrack. The members of the sets
// carry a time-out: when the agent dies, the kernel ends the fault.

import ChaosAgentCore
import Netlink
import Sockets
import Units

final class FaultTable {
    enum Chain: String, CaseIterable {
        case cut, queue, answer
        case cutAgain = "cut_again"
        /// In family netdev, at the ingress of the device: before a packet is one of IPv4 for the kernel.
        case detour

        var priority: Int32 {
            switch self {
            case .cut, .answer: -320
            case .queue, .detour: -310
            case .cutAgain: -305
            }
        }

        var hook: Nftables.Hook { self == .answer ? .output : self == .detour ? .ingress : .prerouting }
    }

    /// What the kernel is to hold for one owner.
    struct Entry {
        let owner: String
        var sets: [(name: String, type: Nftables.KeyType, keys: [[UInt8]])]
        var rules: [(chain: Chain, expressions: [NftExpression])]
        /// How long the kernel keeps it without us.
        var timeout: Duration
    }

    struct Readback {
        var isEqual: Bool
        var text: String
    }

    /// The kernel lets go this much later than the agent should have.
    static let grace = Duration.milliseconds(100)

    /// The kernel keeps a time-out in its ticks, of 10 ms at most, and tells the rounded one.
    private static let tick = Duration.milliseconds(10)

    let table: Nftables
    private var serial = 0
    private var entries: [String: Entry] = [:]
    /// When the last change had been taken. Removing an empty table then waits for the kernel's grace periods, up to
    /// 200 ms, in which nothing of the fault is left.
    private(set) var changed = Instant(nanoseconds: 0)

    private let device: String?
    private let chains: [Chain]

    /// With a `device`: the table at its ingress, in family netdev. Else the one of family ip.
    init(node: String, device: String? = nil) {
        self.device = device
        table = Nftables(node: node, family: device == nil ? .ip : .netdev)
        chains = device == nil ? [.cut, .queue, .answer, .cutAgain] : [.detour]
    }

    var isEmpty: Bool { entries.isEmpty }
    var owners: Set<String> { Set(entries.keys) }

    func nextSetName() -> String {
        serial += 1
        return "s\(serial)"
    }

    /// Puts all of `added` in force and takes all of `removed` away, in one batch.
    func change(adding added: [Entry], removing removed: [String] = []) throws(NetlinkError) {
        try table.refuseForeign()
        var changes: [Nftables.Change] = [.table]
        for chain in chains {
            changes.append(.chain(chain.rawValue, hook: chain.hook, priority: chain.priority, device: device))
        }
        if !removed.isEmpty { changes += try removal(of: removed) }
        for entry in added {
            for set in entry.sets {
                changes += [
                    .set(set.name, set.type),
                    .elements(set: set.name, set.keys, timeout: entry.timeout + FaultTable.grace),
                ]
            }
            changes += entry.rules.map { .rule(chain: $0.chain.rawValue, owner: entry.owner, $0.expressions) }
        }
        try table.apply(changes, added.isEmpty ? "heal" : "apply fault")
        changed = Instant.now
        for owner in removed { entries[owner] = nil }
        for entry in added { entries[entry.owner] = entry }
        if entries.isEmpty { try table.remove() }
    }

    private func removal(of owners: [String]) throws(NetlinkError) -> [Nftables.Change] {
        let rules = try table.rules().filter { owners.contains($0.owner) }
        let sets = owners.flatMap { entries[$0]?.sets ?? [] }
        return rules.map { .removeRule(chain: $0.chain, handle: $0.handle) } + sets.map { .removeSet($0.name) }
    }

    /// Compares what the kernel has for `owner` with what was asked for.
    func readBack(_ owner: String) throws(NetlinkError) -> Readback {
        guard let entry = entries[owner] else { return Readback(isEqual: false, text: "nothing was asked for") }
        let found = try table.rules().filter { $0.owner == owner }
        let foundTexts = found.map { "\($0.chain): \($0.text)" }.sorted()
        let wantedTexts = entry.rules.map { rule in
            "\(rule.chain.rawValue): " + rule.expressions.map(\.description).joined(separator: " ")
        }.sorted()
        var isEqual = foundTexts == wantedTexts
        var text = foundTexts.joined(separator: "; ")
        for set in entry.sets {
            let elements = try table.elements(of: set.name)
            let wanted = entry.timeout + FaultTable.grace
            isEqual =
                isEqual && Set(elements.map(\.key)) == Set(set.keys)
                && elements.allSatisfy { ($0.timeout - wanted).nanoseconds.magnitude <= FaultTable.tick.nanoseconds.magnitude }
            let members = elements.map { element in
                (set.type == .address
                    ? element.key.map(String.init).joined(separator: ".")
                    : "port \(Int(element.key[0]) << 8 | Int(element.key[1]))")
                    + " timeout \(element.timeout.written)"
            }
            text += "; @\(set.name) { \(members.sorted().joined(separator: ", ")) }"
        }
        return Readback(isEqual: isEqual, text: text)
    }

    /// Counters of every owner, all its rules together.
    func counters() throws(NetlinkError) -> [String: FaultLife.Counters] {
        var counters: [String: FaultLife.Counters] = [:]
        guard !entries.isEmpty else { return counters }
        for rule in try table.rules() {
            counters[rule.owner, default: .init()].packets += rule.packets
            counters[rule.owner, default: .init()].bytes += rule.bytes
        }
        return counters
    }

    /// Whether the kernel has nothing of `owner` any more.
    func isGone(_ owner: String) throws(NetlinkError) -> Bool {
        if try table.presence() == .absent { return true }
        return try table.rules().allSatisfy { $0.owner != owner }
    }
}
