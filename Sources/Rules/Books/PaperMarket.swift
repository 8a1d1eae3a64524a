// One account's orders against the feed's books, on paper: what the broker's desk would have given, without sessions,
// reports or identities. For whoever asks what would have happened.
//
// The desk's rules: an order trades when it comes; a day order rests and trades when a newer book reaches its limit,
// the better price first, then the older; everything else that the book can't give is gone. Nothing trades in a halt.

import Messages
import Units

package struct PaperMarket: Sendable {
    package struct Order: Hashable, Sendable {
        package var id: String
        package var symbol: String
        package var side: Side
        package var quantity: Quantity
        /// `nil`: a market order.
        package var limit: Price?
        package var timeInForce: TimeInForce

        package init(
            id: String, symbol: String, side: Side, quantity: Quantity, limit: Price?, timeInForce: TimeInForce
        ) {
            self.id = id
            self.symbol = symbol
            self.side = side
            self.quantity = quantity
            self.limit = limit
            self.timeInForce = timeInForce
        }
    }

    package let model: FillModel
    package private(set) var books: [String: Book] = [:]
    /// By symbol, oldest first.
    package private(set) var resting: [String: [Order]] = [:]
    private var fillCount = 0

    package init(_ model: FillModel) { self.model = model }

    /// A newer state of a book, and what resting orders get from it.
    package mutating func update(_ depth: Depth) -> [Fill] {
        guard books[depth.symbol, default: Book(symbol: depth.symbol)].update(depth), depth.status == .trading else {
            return []
        }
        let queue = resting[depth.symbol] ?? []
        guard !queue.isEmpty else { return [] }
        resting[depth.symbol] = nil
        let best = queue.enumerated().sorted { left, right in
            guard let first = left.element.limit, let second = right.element.limit, first != second,
                left.element.side == right.element.side
            else { return left.offset < right.offset }
            return left.element.side == .buy ? first > second : first < second
        }
        var fills: [Fill] = []
        var left: [Int: Order] = [:]
        for (place, order) in best {
            let (made, rest) = trade(order, addsLiquidity: true)
            fills += made
            if let rest { left[place] = rest }
        }
        resting[depth.symbol] = left.sorted { $0.key < $1.key }.map(\.value)
        return fills
    }

    /// What an order gets when it comes; the rest of a day order with a limit stays.
    package mutating func submit(_ order: Order) -> [Fill] {
        guard let book = books[order.symbol], book.status == .trading, order.quantity > .zero else { return [] }
        let match = book.match(order.side, order.quantity, limit: order.limit, model)
        if match.levelMissing != nil || order.timeInForce == .fok && !match.isComplete { return [] }
        let (fills, rest) = trade(order, addsLiquidity: false)
        if let rest, order.timeInForce == .day, order.limit != nil { resting[order.symbol, default: []].append(rest) }
        return fills
    }

    package mutating func cancel(_ id: String) {
        for symbol in resting.keys { resting[symbol]?.removeAll { $0.id == id } }
    }

    private mutating func trade(_ order: Order, addsLiquidity: Bool) -> (fills: [Fill], rest: Order?) {
        guard var book = books[order.symbol] else { return ([], order) }
        let match = book.match(order.side, order.quantity, limit: order.limit, model)
        book.take(match)
        books[order.symbol] = book
        let fills = match.fills.map { level in
            fillCount += 1
            return Fill(
                execID: "paper-\(fillCount)", orderID: order.id, symbol: order.symbol, side: order.side,
                quantity: level.size, price: level.price, addsLiquidity: addsLiquidity)
        }
        var rest = order
        rest.quantity = match.remaining
        return (fills, match.remaining > .zero ? rest : nil)
    }
}
