// What goes wrong with orders and books in a burst. Each takes the reference core's events or wishes and gives back
// others; what it has to remember for that is its own.

import Books
import FIX
import GovernorCore
import Messages
import Units

struct BookkeepingFlaws {
    /// Fills of one symbol that still reach PostgreSQL.
    private static let fillsWritten = 5
    /// Every so many writes to Redis one is wrong, and every so many orders one is sent twice.
    private static let driftEvery = 20
    private static let duplicateEvery = 25

    private let flaw: Flaw
    private let limits: Limits
    private let forgetful: String
    private var filled: [String: Int64] = [:]
    private var overFilled: Set<String> = []
    private var roundingLedger: Ledger
    private var skipped = 0
    private var writes = 0
    private var orders = 0

    /// `settings`: as an honest governor would have them.
    init(_ flaw: Flaw, _ settings: Governor.Settings) {
        self.flaw = flaw
        limits = settings.limits
        forgetful = settings.symbols.dropFirst().first ?? ""
        roundingLedger = Ledger(schedule: settings.fees)
    }

    /// What the core is made with.
    static func altered(_ settings: Governor.Settings, for flaw: Flaw) -> Governor.Settings {
        var settings = settings
        switch flaw {
        case .forgetsOpenOrders:
            // The core's own checks count open orders; the one in `altered(_:)` below does not.
            settings.limits.maxPosition = Quantity(shares: settings.limits.maxPosition.shares * 1_000)
            settings.limits.maxGrossExposureBasisPoints *= 1_000
            settings.limits.maxNetExposureBasisPoints *= 1_000
            settings.limits.maxOpenOrders *= 1_000
            settings.limits.maxOpenNotional = Money(units: settings.limits.maxOpenNotional.units * 1_000)
        case .wrongFees: settings.fees.secPerMillionSold = .zero
        default: break
        }
        return settings
    }

    mutating func altered(_ event: Event) -> Event {
        guard flaw == .forgetsOpenOrders, case .intent(let intent) = event, intent.action == .new, !intent.reduceOnly
        else { return event }
        let after = (filled[intent.symbol] ?? 0) + intent.side.sign * intent.quantity.shares
        guard after.magnitude > limits.maxPosition.shares.magnitude, intent.quantity <= limits.maxOrderQuantity else {
            return event
        }
        overFilled.insert(intent.id)
        return .unreadableIntent(id: intent.id, tick: intent.tick)
    }

    mutating func altered(_ directive: Directive) -> [Directive] {
        switch (flaw, directive) {
        case (.forgetsOpenOrders, .publish(let decision)) where overFilled.contains(decision.intent ?? ""):
            return [
                .publish(
                    Decision(
                        intent: decision.intent, tick: decision.tick, action: .reject, quantity: .zero,
                        reason: .maxPosition, epoch: decision.epoch, clOrdID: nil))
            ]
        case (.forgetsOpenOrders, .store(.fill(let row))):
            filled[row.symbol, default: 0] += row.side.sign * row.quantity.shares
        case (.roundsEachFill, .store(.fill(let row))): count(row)
        case (.roundsEachFill, .store(.account(let symbol, let cash, _, let position))):
            let fees = roundingLedger.accounts[symbol]?.fees ?? .zero
            return [.store(.account(symbol: symbol, cash: cash, fees: fees, position: position))]
        case (.skipsPostgresWrite, .store(let write)) where isSkipped(write): return []
        case (.redisPositionDrift, .writePositions(var positions)):
            writes += 1
            guard writes % BookkeepingFlaws.driftEvery == 0, let symbol = positions.keys.sorted().first else { break }
            positions[symbol, default: .zero] += Quantity(shares: 1)
            return [.writePositions(positions)]
        case (.duplicateOrders, .sendOrder(let clOrdID, let reference, var message)):
            orders += 1
            guard orders % BookkeepingFlaws.duplicateEvery == 0, message.msgType == MsgType.newOrderSingle else { break }
            message[.clOrdID] = "\(clOrdID)-again"
            return [directive, .sendOrder(clOrdID: "\(clOrdID)-again", reference: reference, message)]
        default: break
        }
        return [directive]
    }

    /// A fill that can't be counted is left out: these are the books of a governor that gets them wrong anyway.
    private mutating func count(_ row: FillRow) {
        let alone = Fill(
            execID: row.execID, orderID: row.execID, symbol: row.symbol, side: row.side, quantity: row.quantity,
            price: row.price, addsLiquidity: row.addsLiquidity)
        do { try roundingLedger.apply(alone) } catch { return }
    }

    private mutating func isSkipped(_ write: StoreWrite) -> Bool {
        switch write {
        case .fill(let row) where row.symbol == forgetful:
            skipped += 1
            return skipped > BookkeepingFlaws.fillsWritten
        case .position(let symbol, _, _), .account(let symbol, _, _, _):
            return symbol == forgetful && skipped > BookkeepingFlaws.fillsWritten
        default: return false
        }
    }
}
