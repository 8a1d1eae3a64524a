// The reference governor: a value. Events and the time go in, directives come out.
//
// Invariant: an order that can increase risk is written only while the state is ACTIVE, at the epoch of its decision,
// with confirmed clear flags, a session that is up and reconciled, a fresh book, and nothing unsent before it. Whatever
// is missing denies.
//
// Legal transitions: PAUSED ↔ ACTIVE ↔ REDUCE_ONLY, everything → KILLED, which is final for the process. Each change of
// state or reason is a new epoch.

import Books
import FIX
import Messages
import Units

package struct Governor: Decider, Sendable {
    package enum Mode: String, Sendable, CaseIterable { case live, shadow }

    package struct Settings: Sendable {
        package var limits: Limits
        package var fees: FeeSchedule
        package var symbols: [String]
        package var mode: Mode
        package var timing = Timing()

        package init(limits: Limits, fees: FeeSchedule, symbols: [String], mode: Mode = .live) {
            self.limits = limits
            self.fees = fees
            self.symbols = symbols
            self.mode = mode
        }
    }

    let settings: Settings
    var limits: Limits { settings.limits }
    var timing: Timing { settings.timing }
    let symbols: Set<String>

    // What is known.
    var market = Market()
    var ledger: Ledger
    package internal(set) var orders = OrderTable()
    var flags: Flags
    var latency: LatencyMonitor
    var reconciliation = Reconciliation()
    var peakEquity: Money
    var equity: Money?
    var storeReachable = false
    var recovered = false

    // The session.
    var sessionUp = false
    var hadSession = false
    var lastHeard: Instant?
    var sessionLost: Instant?
    var brokerDownAnnounced = false
    var nextTestRequest: Instant?
    var testRequests: Int64 = 0

    // The state that is published.
    var kind = GovernorState.Kind.paused
    var reason = "starting"
    var epoch: Int64 = 0
    var since = WallTime(nanoseconds: 0)

    // Conditions that last.
    var killed = false
    var massCancelAsked: Instant?
    var commandHandled = false
    var lossLatched: Decision.Reason?
    var flattening: Flattening?
    var troubleSince: Instant?
    var recoveryTime: Duration?

    // Budgets and identities.
    var openingRate: RateWindow
    var exitRate: RateWindow
    var cancelRate: RateWindow
    var contents: ContentMemory
    var instance: Int64 = 1
    var ownNames: Int64 = 0
    /// Orders and replaces that wait for their row to be durable, oldest first.
    var undurable: [(clOrdID: String, decided: Instant)] = []

    var out: [Directive] = []

    package init(_ settings: Settings) {
        self.settings = settings
        symbols = Set(settings.symbols)
        let limits = settings.limits
        ledger = Ledger(schedule: settings.fees)
        flags = Flags(timing: settings.timing)
        latency = LatencyMonitor(timing: settings.timing)
        peakEquity = limits.openingEquity
        equity = limits.openingEquity
        openingRate = RateWindow(limit: limits.maxOrdersPerSecond, per: .seconds(1))
        exitRate = RateWindow(limit: limits.maxExitsPerSecond, per: .seconds(1))
        cancelRate = RateWindow(limit: limits.maxCancelsPerSecond, per: .seconds(1))
        contents = ContentMemory((limits.duplicateWindow, limits.repeatWindow, limits.maxRepeatedOrders))
    }

    package mutating func handle(_ event: Event, at moment: Moment) -> [Directive] {
        out.removeAll(keepingCapacity: true)
        switch event {
        case .recovered(let memory): recover(memory, at: moment)
        case .depth(let depth): receive(depth, at: moment)
        case .intent(let intent): decide(intent, at: moment)
        case .unreadableIntent(let id, let tick): rejectUnread(id, tick, at: moment)
        case .keysRead(let keys): receive(keys, at: moment)
        case .stateWritten(let epoch): flags.written(epoch: epoch)
        case .commandForgotten: commandHandled = false
        case .pingSent(let id): latency.redis.sent(id, at: moment.now)
        case .pingAnswered(let id): latency.redis.answered(id, at: moment.now)
        case .pingsLost: break
        case .storeReachable(let reachable): storeReachable = reachable
        case .durable(let names): for name in names { leave(name, at: moment) }
        case .session(let event): receive(event, at: moment)
        case .report(let report): receive(report, at: moment)
        case .cancelRejected(let rejection): receive(rejection, at: moment)
        case .refused(let clOrdID, let text): refused(clOrdID, text, at: moment)
        case .withheld: if sessionUp { askStatus(at: moment) }
        case .reportsLost(let seqs):
            // Which orders are open can be asked; what was filled in between can't.
            raiseCriticalPause(
                "the broker's messages \(seqs.lowerBound) to \(seqs.upperBound) are lost, fills may be among them",
                deemedDead: false, at: moment)
            if sessionUp { askStatus(at: moment) }
        case .notSent(let clOrdID): withdraw(clOrdID, .pathBackedUp, at: moment)
        case .tick: tick(at: moment)
        }
        settle(at: moment)
        return out
    }

    private mutating func recover(_ memory: Recovered, at moment: Moment) {
        epoch = memory.epoch
        instance = memory.instance
        peakEquity = max(limits.openingEquity, memory.peakEquity ?? limits.openingEquity)
        for fill in memory.fills {
            do {
                try ledger.apply(fill)
                market.filled(fill.symbol, at: fill.price)
            } catch {
                out.append(.announce("a stored fill can't be counted: \(error)"))
            }
        }
        orders.recover(references: memory.references)
        for row in memory.orders {
            orders.put(TrackedOrder(row, at: moment.now))
        }
        storeReachable = true
        recovered = true
        since = moment.wall
        writePositions(ledger.accounts.keys)
        // A loss outlives the process. What a position is worth now, only a book can tell.
        equity = nil
        // An epoch is never used twice, whatever the last process wrote before it died.
        changeState(.paused, "starting", at: moment)
    }

    private mutating func receive(_ depth: Depth, at moment: Moment) {
        guard symbols.contains(depth.symbol) else { return market.count(depth.tick, sent: depth.sent) }
        market.receive(depth, at: moment)
        guard ledger.position(depth.symbol) != .zero || equity == nil else { return }
        lookAtEquity(at: moment)
    }

    private mutating func tick(at moment: Moment) {
        if latency.look(at: moment.now, sessionUp: sessionUp) { startFlattening(.sustainedLatency, at: moment) }
        watchSession(at: moment)
        withdrawOverdue(at: moment)
        if reconciliation.isOverdue(at: moment.now, patience: timing.statusPatience), sessionUp {
            askStatus(at: moment)
        }
    }

    package var view: View {
        View(
            state: kind, reason: reason, epoch: epoch, positions: ledger.accounts.mapValues(\.position),
            watermark: market.watermark, lostTicks: market.lostTicks, lastTick: market.lastTick,
            feedLatency: market.latency, networkLatency: latency.current, recoveryTime: recoveryTime,
            equity: equity ?? limits.openingEquity, cashFlow: ledger.cashFlow, openOrders: orders.count,
            isReconciled: reconciliation.isDone)
    }
}

extension TrackedOrder {
    /// An order of an earlier life: sent, for all that is known, until the broker says otherwise.
    init(_ row: OrderRow, at now: Instant) {
        self.init(
            clOrdID: row.clOrdID, origClOrdID: row.origClOrdID, reference: row.reference, tick: nil, symbol: row.symbol,
            side: row.side, quantity: row.quantity, price: row.price ?? Price(units: 0), timeInForce: row.timeInForce,
            reducing: row.reducing, isFlattening: row.reference.hasPrefix("flatten-"), epoch: row.epoch, decided: now,
            decidedWall: row.decided, cumulative: row.cumulative, stage: .sent)
    }
}
