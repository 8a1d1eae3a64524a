import Messages
import Units

extension Fault {
    /// As the agent of a node was asked for it, from the fields of its `fault_requested`. Which nodes the senders are,
    /// those don't say. `nil`: no kind of ours.
    package init?(asked: JSON, id: String, at node: String) {
        guard let kind = asked["kind"]?.string.flatMap({ FaultKind(rawValue: $0) }) else { return nil }
        func duration(_ key: String) -> Duration? {
            asked[key]?.integer.flatMap { $0 > 0 ? .nanoseconds($0) : nil }
        }
        let share = asked[kind == .loss ? "loss_ppm" : "share_ppm"]?.integer ?? 0
        self.init(
            id: id, kind: kind, from: .everyone, to: node, delay: duration("delay_ns"), jitter: duration("jitter_ns"),
            percent: share > 0 ? Int(share / 10_000) : nil, bitsPerSecond: asked["bits_per_second"]?.integer,
            port: asked["port"]?.integer.flatMap { UInt16(exactly: $0) }, mode: nil, direction: .oneWay, process: nil,
            duration: duration("duration_ns") ?? .zero, start: .phase(.fault, offset: .zero))
    }
}
