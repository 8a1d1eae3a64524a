import Units

/// A decimal number of a gate's threshold, in ten-thousandths: `15`, `0.01`.
package struct Figure: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var units: Int64

    package init(units: Int64) { self.units = units }

    package init?(decimal text: String) {
        guard let price = Price(decimal: text) else { return nil }
        units = price.units
    }

    package var description: String { Price(units: units).description }
    package var value: Double { Double(units) / Double(Price.scale) }

    package static func < (left: Figure, right: Figure) -> Bool { left.units < right.units }
}

/// How an observed number stands to a gate's threshold when the gate holds.
package enum Comparator: String, Hashable, Sendable, CaseIterable {
    case below = "<"
    case atMost = "<="
    case above = ">"
    case atLeast = ">="

    package func holds(_ observed: Double, _ threshold: Figure) -> Bool {
        switch self {
        case .below: observed < threshold.value
        case .atMost: observed <= threshold.value
        case .above: observed > threshold.value
        case .atLeast: observed >= threshold.value
        }
    }

    package var words: String {
        switch self {
        case .below: "below"
        case .atMost: "at most"
        case .above: "above"
        case .atLeast: "at least"
        }
    }
}

extension GateName {
    /// Of gates whose threshold is a number.
    package var comparator: Comparator {
        switch self {
        case .finalPositionShares, .feeAdjustedProfitDelta: .atMost
        case .executionRate: .above
        case .ungovernedTwin, .acceptedRate: .atLeast
        default: .below
        }
    }

    /// A gate that measures a number says in its name what in: `max_drawdown_pct`.
    package var numberUnit: String {
        if self == .ungovernedTwin || self == .acceptedRate { return "pct" }
        let last = rawValue.split(separator: "_").last.map(String.init) ?? ""
        return ["pct", "ms", "mb", "usd", "shares"].contains(last) ? last : "number"
    }
}
