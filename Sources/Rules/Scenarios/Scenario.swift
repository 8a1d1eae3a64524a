// A drill, as written in one file under `chaos/`: what flows, what breaks, what the operator does, what must hold.
//
// A scenario is data. It names no process, no address and no interface: those are the topology's, so that the
// same file runs in a lab of this machine and in containers. Offsets count from the start of a phase or from
// another fault, never from the wall clock. `docs/scenarios.md` lists every key with its legal values.

import Messages
import Units

package struct Scenario: Hashable, Sendable {
    /// The file's name without its ending: `hard_kill_governance`.
    package var name: String
    /// The variant and the profile that all the rest was read with.
    package var choice: Choice
    package var description: String
    /// `false` for shortened drills, and with any profile: their verdict proves the rig, not the governor.
    package var certifying: Bool
    package var books: [SymbolSource]
    package var feed: FeedSettings
    package var load: LoadSettings
    package var governor: GovernorSettings
    package var broker: BrokerSettings
    /// In order; a phase may be missing, never twice.
    package var phases: [Phase]
    package var faults: [Fault]
    package var operatorRules: OperatorRules
    package var gates: [Gate]
    /// When the drill is ended before its time.
    package var stops: [StopCondition] = []

    /// A drill may not take longer than this.
    package static let durationMaximum: Duration = .seconds(3_600)
}

/// Where the book of a symbol comes from.
package struct SymbolSource: Hashable, Sendable {
    package enum Format: String, Hashable, Sendable, CaseIterable { case bars, lobster, mbp10 }

    package var symbol: String
    package var format: Format
    /// Path from the project's root. For LOBSTER the order book file.
    package var tape: String
    /// LOBSTER: the message file, where it isn't the one beside the book that bears its name.
    package var messages: String?
    /// Where to begin: the first bar, or the first row, counted from 0.
    package var first: Int
    /// Prices are multiplied by this and rounded to the cent: one tape serves several symbols.
    package var pricePercent: Int
    /// What the published book is like: a flood offers intents beside books that nobody may trade on.
    package var condition: Condition = .trading
    /// Shares, signed: a flood builds this position up first, and then keeps it.
    package var held: Int64 = 0

    package enum Condition: String, Hashable, Sendable, CaseIterable {
        case trading
        /// Every state has the status `halted`.
        case halted
        /// No asks.
        case oneSided = "one-sided"
        /// Nothing is sent once the feed's lead is over.
        case silent
    }
}

package struct FeedSettings: Hashable, Sendable {
    /// Book states that a bar is expanded to.
    package var statesPerBar: Int
    /// Between two book states of one symbol, before `speed`.
    package var depthInterval: Duration
    /// Percent: 100 is the tape's own pace, 200 twice as fast.
    package var speedPercent: Int
    /// Shares at each synthetic level.
    package var sharesPerLevel: Quantity
    /// How long depth flows before the first phase begins, so that no governor starts with a stale feed.
    package var lead: Duration
    /// Depth and intents travel through a Redis of their own on node `feed`, which no store fault cuts.
    package var separateRedis: Bool
    package var overlays: FeedOverlays = FeedOverlays()
}

/// How intents are made. See `IntentGenerator` for what each number does.
package struct LoadSettings: Hashable, Sendable {
    /// Who makes the intents.
    package enum Strategy: Hashable, Sendable {
        case cycle
        case dipBuyer(DipSettings)
        /// Many position changes at one instant: `BurstScript`.
        case burst(BurstSettings)
        /// See `FloodMix`; only the rate, the start and the delay are its.
        case flood

        package enum Name: String, Hashable, Sendable, CaseIterable {
            case cycle
            case dipBuyer = "dip_buyer"
            case burst
            case flood
        }
    }

    package var strategy: Strategy = .cycle
    package var intentsPerSecond: Int
    package var starts: PhaseName
    /// After the start of that phase: the operator's unpause has to arrive first.
    package var delay: Duration
    /// How long a symbol only buys, then only sells. Longer than the broker's round trip.
    package var run: Duration
    /// Between two runs of a symbol: only resting orders and their cancels, so that own orders don't cross.
    package var quiet: Duration
    package var quantityMaximum: Quantity
    /// Of the buys: market orders; the others are marketable limits, immediate or cancel.
    package var marketPercent: Int
    /// Of all intents: probes above the governor's quantity limit, which it must deny.
    package var probePercent: Int
    package var probeQuantity: Quantity
    /// How far below the best bid a resting order waits, in hundredths of a percent of its price.
    package var restingDistanceBasisPoints: Int
    /// Resting orders of a symbol kept alive; an older one is cancelled when there are more.
    package var restingOrders: Int
}

/// What `DipBuyer` takes for a falling price, and what it does then.
package struct DipSettings: Hashable, Sendable {
    /// The price lies so far below its highest of the last `lookback`, in hundredths of a percent.
    package var basisPoints: Int
    package var lookback: Duration
    /// Shares of a buy in a dip, from 1.
    package var quantityMaximum: Quantity
    /// From the start of this phase on it only closes what it has.
    package var closesIn: PhaseName
}

package struct GovernorSettings: Hashable, Sendable {
    /// Paths from the project's root.
    package var limits: String
    package var fees: String
    /// Members that replace those of the limits file: only keys which that file has.
    package var limitOverrides: [JSON.Member]
    /// `GAUNTLET_MODE`: in shadow mode a governor decides and publishes, and never sends.
    package var mode: Mode = .live

    package enum Mode: String, Hashable, Sendable, CaseIterable { case live, shadow }
}

package struct BrokerSettings: Hashable, Sendable {
    package enum FillModel: String, Hashable, Sendable, CaseIterable {
        case walk
        case levelN = "level-n"
    }

    /// What a disconnect does to what is on its way.
    package enum InFlight: String, Hashable, Sendable, CaseIterable {
        case lost
        case acknowledgementLost = "acknowledgement-lost"
        case fillLost = "fill-lost"
    }

    package var fillModel: FillModel
    package var roundTripMean: Duration
    package var roundTripVariance: SquareMilliseconds
    package var cancelOnDisconnect: Bool
    package var inFlight: InFlight
}

/// A variance of times, in ten-thousandths of a square millisecond. Written as decimal text in ms².
package struct SquareMilliseconds: Hashable, Sendable, CustomStringConvertible {
    package var units: Int64

    package init(units: Int64) { self.units = units }

    package var description: String { Price(units: units).description }
}

package enum PhaseName: String, Hashable, Sendable, CaseIterable {
    case warmUp = "warm-up"
    case drive, fault, heal, after
}

package struct Phase: Hashable, Sendable {
    package var name: PhaseName
    package var duration: Duration
}

extension Scenario {
    package var symbols: [String] { books.map(\.symbol) }
    /// Name, variant and profile: `hard_kill_governance-selftest`.
    package var title: String { [name, choice.variant, choice.profile].compactMap { $0 }.joined(separator: "-") }
    package var duration: Duration { phases.reduce(.zero) { $0 + $1.duration } }

    /// From the start of the first phase. `nil` when the scenario has no such phase.
    package func start(of name: PhaseName) -> Duration? {
        guard let position = phases.firstIndex(where: { $0.name == name }) else { return nil }
        return phases[..<position].reduce(.zero) { $0 + $1.duration }
    }

    package func gate(_ name: GateName) -> Gate? { gates.first { $0.name == name } }
    package func fault(_ id: String) -> Fault? { faults.first { $0.id == id } }
}
