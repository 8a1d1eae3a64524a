/// Eight bytes instead of an id, so that a million of them fit in some twenty megabytes.
///
/// FNV-1a (Fowler, Noll, Vo), its bits mixed once more. Two ids share one with a chance of 2^-64 a pair, about one in
/// forty million among a million ids; the later order is then denied as a duplicate: on the safe side.
struct Fingerprint: Hashable, Sendable {
    private let value: UInt64

    init(_ id: String) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        value = hash ^ (hash >> 32)
    }
}

/// The last `limit` fingerprints; older ones are forgotten in the order of their coming.
struct FingerprintRing: Sendable {
    let limit: Int
    private var order: [Fingerprint] = []
    private var next = 0
    private var members: Set<Fingerprint> = []

    init(limit: Int) { self.limit = limit }

    func contains(_ print: Fingerprint) -> Bool { members.contains(print) }

    mutating func insert(_ print: Fingerprint) {
        guard members.insert(print).inserted else { return }
        if order.count < limit {
            order.append(print)
        } else {
            members.remove(order[next])
            order[next] = print
            next = (next + 1) % limit
        }
    }
}
