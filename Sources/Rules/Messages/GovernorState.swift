import Units

/// The hash `governor.state`.
package struct GovernorState: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case active = "ACTIVE"
        case reduceOnly = "REDUCE_ONLY"
        case paused = "PAUSED"
        case killed = "KILLED"
    }

    package static let key = "governor.state"
    package static let pauseKey = "governor.pause"
    package static let criticalPauseKey = "governor.critical_pause"
    package static let commandKey = "governor.command"
    package static let positionsKey = "positions"

    package let kind: Kind
    /// Grows whenever `state` or `reason` is rewritten.
    package let epoch: Int64
    package let reason: String
    package let since: WallTime

    package init(kind: Kind, epoch: Int64, reason: String, since: WallTime) {
        self.kind = kind
        self.epoch = epoch
        self.reason = reason
        self.since = since
    }
}
