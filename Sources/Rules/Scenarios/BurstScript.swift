// A burst: what every intent of it asks for and when, before any price is known.
//
// Even symbols buy, odd ones sell, so that no own orders meet; the last symbol of the scenario trades nothing and takes
// the probes of the account's limit. A symbol's orders add up to exactly the limit on its position:
//
//   before      resting orders, far from the market
//   at once     the changes, in turn over the symbols, and among them the orders that the broker will reject
//   right after over-limit probes: open orders are all that stands between them and acceptance
//   aftermath   the resting orders are moved into the market, one after the other, the last ones are cancelled;
//               every now and then a probe of the limit on a position
//
// Fills leave position + open orders as they are, so whether a probe is over the limit doesn't depend on how far the
// broker has come. Rejects and cancels give shares back; a probe of a position asks for more than all of them.

import Messages
import Units

struct BurstScript {
    enum Act: Hashable {
        /// Waits far from the market.
        case rest
        /// Trades at once.
        case change
        case brokerReject
        case probe(Decision.Reason)
        /// Moves a resting order into the market.
        case replace(target: String)
        case cancel(target: String)
    }

    struct Step: Hashable {
        let id: String
        /// From the instant of the burst; negative before it.
        let offset: Duration
        let symbol: Int
        let quantity: Quantity
        let act: Act
        /// Among the symbol's orders: each gets a limit of its own.
        let place: Int
    }

    private(set) var steps: [Step] = []
    private let settings: BurstSettings
    private let traded: Int
    private let seed: UInt64
    private var places: [Int]

    static let restInterval = Duration.milliseconds(10)
    /// In the aftermath: one probe after so many moved orders.
    private static let movesPerProbe = 8

    init(_ settings: BurstSettings, symbolCount: Int, seed: UInt64) {
        self.settings = settings
        self.seed = seed
        traded = symbolCount - 1
        places = Array(repeating: 0, count: symbolCount)
        let resting = rest()
        burst()
        probeAtOnce()
        follow(resting)
    }

    static func side(_ symbol: Int) -> Side { symbol.isMultiple(of: 2) ? .buy : .sell }

    /// Intents whose orders the broker has to reject.
    var brokerRejects: [String] { steps.filter { $0.act == .brokerReject }.map(\.id) }

    private mutating func add(_ act: Act, _ symbol: Int, _ quantity: Quantity, at offset: Duration) -> String {
        let number = String(steps.count + 1)
        let id = "b-" + String(repeating: "0", count: max(0, 6 - number.count)) + number
        steps.append(
            Step(id: id, offset: offset, symbol: symbol, quantity: quantity, act: act, place: places[symbol]))
        places[symbol] += 1
        return id
    }

    private mutating func rest() -> [(id: String, symbol: Int)] {
        (0..<settings.restingOrders * traded).map { index in
            let offset = BurstScript.restInterval * index - settings.restingLead
            return (add(.rest, index % traded, settings.restingQuantity, at: offset), index % traded)
        }
    }

    /// Changes and rejects in an order that the seed draws; all at once.
    private mutating func burst() {
        var orders: [(symbol: Int, quantity: Quantity, act: Act)] = []
        for symbol in 0..<traded {
            for quantity in quantities(symbol) { orders.append((symbol, quantity, .change)) }
            for _ in 0..<settings.brokerRejects { orders.append((symbol, settings.restingQuantity, .brokerReject)) }
        }
        let draw = SeededDraw(seed: seed, stream: "burst order")
        for last in stride(from: orders.count - 1, to: 0, by: -1) {
            orders.swapAt(last, Int(draw.whole(in: 0...Int64(last), at: last)))
        }
        for order in orders { _ = add(order.act, order.symbol, order.quantity, at: .zero) }
    }

    /// Sizes of a symbol's changes: drawn around their mean by pairs, together exactly what the symbol has left.
    private func quantities(_ symbol: Int) -> [Quantity] {
        let count = Int64(settings.changes / traded + (symbol < settings.changes % traded ? 1 : 0))
        guard count > 0 else { return [] }
        let (mean, rest) = settings.changedShares.quotientAndRemainder(dividingBy: count)
        let draw = SeededDraw(seed: seed, stream: "burst quantities \(symbol)")
        var shares = (0..<count).map { mean + ($0 < rest ? 1 : 0) }
        for pair in 0..<Int(count / 2) {
            let shift = draw.whole(in: 0...(mean / 3), at: pair)
            shares[2 * pair] += shift
            shares[2 * pair + 1] -= shift
        }
        return shares.map { Quantity(shares: $0) }
    }

    private mutating func probeAtOnce() {
        for round in 0..<settings.probes {
            let symbol = round % traded
            _ = add(.probe(.maxPosition), symbol, settings.probeQuantity, at: .zero)
            _ = add(.probe(.grossExposure), traded, settings.orderQuantity, at: .zero)
            // The dearest symbol comes first in the file.
            _ = add(.probe(.maxNotional), 0, settings.orderQuantity, at: .zero)
            _ = add(.probe(.maxQuantity), symbol, settings.orderQuantity + Quantity(shares: 1), at: .zero)
            _ = add(.probe(.priceCollar), symbol, settings.restingQuantity, at: .zero)
        }
    }

    private mutating func follow(_ resting: [(id: String, symbol: Int)]) {
        let cancelled = settings.cancelledOrders * traded
        // Whole nanoseconds, which is what a plan's file can hold.
        let interval = Duration.nanoseconds(settings.aftermath.nanoseconds / Int64(max(1, resting.count)))
        for (index, order) in resting.enumerated() {
            let offset = interval * (index + 1)
            if index < resting.count - cancelled {
                _ = add(.replace(target: order.id), order.symbol, settings.restingQuantity, at: offset)
            } else {
                _ = add(.cancel(target: order.id), order.symbol, settings.restingQuantity, at: offset)
            }
            if index % BurstScript.movesPerProbe == 0 {
                _ = add(.probe(.maxPosition), order.symbol, settings.probeQuantity, at: offset)
            }
        }
    }
}
