import Messages
import Units

/// What stands open of one symbol, kept with every change of an order: looked at for each decision, so that no
/// decision has to go through all orders.
struct SymbolOrders: Sendable {
    private(set) var open = OrderTable.Open.none
    private var bids = PriceLadder()
    private var offers = PriceLadder()

    /// `sign`: 1 when the order comes, -1 when it goes.
    mutating func account(_ order: TrackedOrder, _ sign: Int64) {
        let change = Quantity(shares: sign * order.exposure.shares)
        if order.side == .buy {
            open.buys += change
            bids.change(order.price, by: Int(sign))
        } else {
            open.sells += change
            offers.change(order.price, by: Int(sign))
        }
    }

    /// Whether an order on `side` that reaches as far as `price` would meet one of these.
    func isCrossed(by side: Side, at price: Price) -> Bool {
        if side == .buy { return offers.lowest.map { $0 <= price } ?? false }
        return bids.highest.map { $0 >= price } ?? false
    }
}

/// Prices in ascending order, each with how often it stands there.
struct PriceLadder: Sendable {
    private var rungs: [(price: Price, count: Int)] = []

    var lowest: Price? { rungs.first?.price }
    var highest: Price? { rungs.last?.price }

    mutating func change(_ price: Price, by difference: Int) {
        let position = index(of: price)
        guard position < rungs.count, rungs[position].price == price else {
            rungs.insert((price, difference), at: position)
            return
        }
        rungs[position].count += difference
        if rungs[position].count == 0 { rungs.remove(at: position) }
    }

    /// Of the first rung that isn't below `price`.
    private func index(of price: Price) -> Int {
        var (low, high) = (0, rungs.count)
        while low < high {
            let middle = (low + high) / 2
            if rungs[middle].price < price { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
