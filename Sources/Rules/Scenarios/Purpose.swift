import Messages

/// What an intent is in the plan for, beside its being admissible or not. The governor never hears of it: it stands in
/// the plan and in the feed's own record, for the judge.
package enum Purpose: Hashable, Sendable {
    /// Part of the load, counted by nothing in particular.
    case load
    /// One of the position changes that a burst is about: each must be executed.
    case change
    /// Accepted by a good governor, and then rejected by the broker on purpose.
    case brokerReject
    /// Breaks one limit; a good governor denies it for this reason.
    case probe(Decision.Reason)

    /// `purpose`, and `denied_for` of a probe: members of a plan's line and of the feed's record. None for `load`.
    package var members: [JSON.Member] {
        switch self {
        case .load: []
        case .change: [.init("purpose", "change")]
        case .brokerReject: [.init("purpose", "broker_reject")]
        case .probe(let reason): [.init("purpose", "probe"), .init("denied_for", .string(reason.rawValue))]
        }
    }

    /// `nil` for words that are none of these.
    package init?(purpose: String?, deniedFor: String?) {
        switch (purpose, deniedFor) {
        case (nil, nil): self = .load
        case ("change", nil): self = .change
        case ("broker_reject", nil): self = .brokerReject
        case ("probe", let reason?):
            guard let reason = Decision.Reason(rawValue: reason) else { return nil }
            self = .probe(reason)
        default: return nil
        }
    }
}
