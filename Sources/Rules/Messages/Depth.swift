import Units

/// One price level: how many shares wait at a price.
package struct Level: Hashable, Sendable {
    package let price: Price
    package let size: Quantity

    package init(price: Price, size: Quantity) {
        self.price = price
        self.size = size
    }
}

/// The state of one symbol's book: channel `market.depth.<SYMBOL>`. Best level first, at most ten a side.
package struct Depth: Hashable, Sendable {
    package enum Status: String, Hashable, Sendable, CaseIterable { case trading, halted }

    package static let levelsMaximum = 10

    /// Counts the states of this symbol, without gaps.
    package let sequence: Int64
    package let symbol: String
    /// One gap-free counter over depth and intents of a run.
    package let tick: Int64
    package let sent: WallTime
    package let due: WallTime
    package let status: Status
    package let bids: [Level]
    package let asks: [Level]

    package init(
        sequence: Int64, symbol: String, tick: Int64, sent: WallTime, due: WallTime, status: Status,
        bids: [Level], asks: [Level]
    ) {
        self.sequence = sequence
        self.symbol = symbol
        self.tick = tick
        self.sent = sent
        self.due = due
        self.status = status
        self.bids = bids
        self.asks = asks
    }

    package var isCrossed: Bool {
        guard let bid = bids.first, let ask = asks.first else { return false }
        return bid.price >= ask.price
    }

    package static func channel(_ symbol: String) -> String { "market.depth.\(symbol)" }
}

extension Depth {
    package var json: JSON {
        func side(_ levels: [Level]) -> JSON {
            .array(levels.map { .array([.integer($0.price.units), .integer($0.size.shares)]) })
        }
        return [
            "seq": .integer(sequence), "symbol": .string(symbol), "tick": .integer(tick),
            "sent_ns": .integer(sent.nanoseconds), "due_ns": .integer(due.nanoseconds),
            "status": .string(status.rawValue), "bids": side(bids), "asks": side(asks),
        ]
    }

    package init(parsing bytes: [UInt8]) throws(MessageError) {
        try self.init(MessageReader("market.depth", bytes))
    }

    package init(_ reader: MessageReader) throws(MessageError) {
        self.init(
            sequence: try reader.integer("seq"), symbol: try reader.string("symbol"), tick: try reader.integer("tick"),
            sent: WallTime(nanoseconds: try reader.integer("sent_ns")),
            due: WallTime(nanoseconds: try reader.integer("due_ns")), status: try reader.oneOf("status"),
            bids: try Depth.levels(reader, "bids"), asks: try Depth.levels(reader, "asks"))
    }

    private static func levels(_ reader: MessageReader, _ field: String) throws(MessageError) -> [Level] {
        guard let rows = reader.json[field]?.array, rows.count <= levelsMaximum else {
            throw reader.failure(field, "an array of at most \(levelsMaximum) [price, size] pairs")
        }
        var levels: [Level] = []
        for row in rows {
            guard let pair = row.array, pair.count == 2, let price = pair[0].integer, let size = pair[1].integer, size >= 0
            else { throw reader.failure(field, "[price, size] pairs of integers, size ≥ 0") }
            levels.append(Level(price: Price(units: price), size: Quantity(shares: size)))
        }
        return levels
    }
}
