// What the feed sent, in rows: a flood has a hundred thousand books, and a tick for each book and each intent.

import Messages
import Units

struct BookRow: PackedRow {
    let stamp: Stamp
    private let due: Instant
    private let tick: Number
    private let bid: Number
    private let ask: Number
    private let bidShares: Number
    private let askShares: Number
    private let bidLevels: Number
    private let askLevels: Number
    private let symbol: Text
    private let isHalted: Bool

    init(_ seen: PublishedBook, _ lexicon: inout Lexicon) {
        stamp = seen.stamp
        due = seen.due
        tick = lexicon.note(seen.tick)
        bid = lexicon.note(seen.bid?.units)
        ask = lexicon.note(seen.ask?.units)
        bidShares = lexicon.note(seen.bidShares?.shares)
        askShares = lexicon.note(seen.askShares?.shares)
        bidLevels = lexicon.note(seen.bidLevels)
        askLevels = lexicon.note(seen.askLevels)
        symbol = lexicon.note(seen.symbol)
        isHalted = seen.isHalted
    }

    func seen(_ lexicon: Lexicon) -> PublishedBook {
        PublishedBook(
            stamp: stamp, symbol: lexicon[symbol], tick: lexicon[tick] ?? 0, due: due,
            bid: lexicon[bid].map { Price(units: $0) }, ask: lexicon[ask].map { Price(units: $0) },
            bidShares: lexicon[bidShares].map { Quantity(shares: $0) },
            askShares: lexicon[askShares].map { Quantity(shares: $0) }, bidLevels: lexicon[bidLevels],
            askLevels: lexicon[askLevels], isHalted: isHalted)
    }
}

struct TickRow: PackedRow {
    private let due: Instant
    private let number: Number
    /// Nanoseconds from due to sent. Wrapped around: a forged time may be any number.
    private let lateness: Number

    init(_ seen: OfferedTick, _ lexicon: inout Lexicon) {
        due = seen.due
        number = lexicon.note(seen.number)
        lateness = lexicon.note(seen.sent.nanoseconds &- seen.due.nanoseconds)
    }

    func seen(_ lexicon: Lexicon) -> OfferedTick {
        OfferedTick(
            number: lexicon[number] ?? 0, due: due,
            sent: Instant(nanoseconds: due.nanoseconds &+ (lexicon[lateness] ?? 0)))
    }
}
