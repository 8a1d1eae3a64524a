import Messages
import Testing
import Units

import Scenarios

/// What the scripted strategy promises, checked on the plans of all shipped scenarios that use it, as a broker that fills
/// everything at once would see them.
@Suite struct LoadTests {
    private struct Seen {
        var due: Duration
        var intent: Intent
        var admissible: Bool
        var book: Depth
    }

    private func intents(_ file: String) throws -> [Seen] {
        var books: [String: Depth] = [:]
        var seen: [Seen] = []
        for event in try ProjectFiles.plan(file, seed: 11).events {
            switch event.content {
            case .depth(let depth): books[depth.symbol] = depth
            case .intent(let intent, let admissible):
                let book = try #require(books[intent.symbol])
                seen.append(Seen(due: event.due, intent: intent, admissible: admissible, book: book))
            }
        }
        return seen
    }

    @Test(arguments: ProjectFiles.cycleDrills)
    func `from the second cycle on there is a position and a working order, within the limits`(_ file: String) throws {
        let scenario = try ProjectFiles.scenario(file)
        let cycle = (scenario.load.run + scenario.load.quiet) * 2
        let begin = try #require(scenario.start(of: scenario.load.starts)) + scenario.load.delay
        var positions: [String: Int64] = [:]
        var working: [String: Set<String>] = [:]
        for seen in try intents(file) where seen.admissible {
            let intent = seen.intent
            switch (intent.action, intent.timeInForce) {
            case (.cancel, _): working[intent.symbol]?.remove(try #require(intent.target))
            case (_, .day): working[intent.symbol, default: []].insert(intent.id)
            default: positions[intent.symbol, default: 0] += intent.side.sign * intent.quantity.shares
            }
            guard seen.due > begin + cycle * 2 else { continue }
            for symbol in scenario.symbols {
                #expect((1...2_000).contains(positions[symbol] ?? 0), "\(symbol) at \(seen.due.written)")
                #expect(working[symbol]?.isEmpty == false, "\(symbol) at \(seen.due.written)")
            }
        }
    }

    @Test(arguments: ProjectFiles.cycleDrills.filter(ProjectFiles.faultDrills.contains))
    func `by the first fault there is a position and a working order`(_ file: String) throws {
        let scenario = try ProjectFiles.scenario(file)
        let cycle = (scenario.load.run + scenario.load.quiet) * 2
        let begin = try #require(scenario.start(of: scenario.load.starts)) + scenario.load.delay
        let first = try #require(scenario.faults.compactMap { scenario.expectedStart(of: $0.id) }.min())
        #expect(begin + cycle * 2 < first)
    }

    @Test(arguments: ProjectFiles.cycleDrills)
    func `a symbol's buys and sells lie more than the broker's round trip apart`(_ file: String) throws {
        let scenario = try ProjectFiles.scenario(file)
        var last: [String: (side: Side, due: Duration)] = [:]
        for seen in try intents(file)
        where seen.admissible && seen.intent.timeInForce == .ioc && seen.intent.action == .new {
            if let before = last[seen.intent.symbol], before.side != seen.intent.side {
                #expect(seen.due - before.due > scenario.broker.roundTripMean * 3)
            }
            last[seen.intent.symbol] = (seen.intent.side, seen.due)
        }
    }

    @Test(arguments: ProjectFiles.cycleDrills)
    func `limits lie inside a 5 % collar, cross the book where they should and never an own resting order`(
        _ file: String
    ) throws {
        var resting: [String: [String: Price]] = [:]
        for seen in try intents(file) where seen.admissible {
            let intent = seen.intent
            if intent.action == .cancel { resting[intent.symbol]?[intent.target ?? ""] = nil }
            guard intent.action == .new, let limit = intent.limit else { continue }
            let bid = seen.book.bids[0].price
            let ask = seen.book.asks[0].price
            #expect((limit.units - bid.units).magnitude * 20 < UInt64(bid.units))
            if intent.timeInForce == .day {
                #expect(intent.side == .buy && limit < bid)
                resting[intent.symbol, default: [:]][intent.id] = limit
            } else {
                #expect(intent.side == .buy ? limit > ask : limit < bid)
                let highest = resting[intent.symbol]?.values.max()
                if intent.side == .sell, let highest { #expect(limit > highest) }
            }
        }
    }

    @Test(arguments: ProjectFiles.cycleDrills)
    func `sells are never market orders, and every probe is far above the quantity limit`(_ file: String) throws {
        let all = try intents(file)
        #expect(!all.contains { $0.intent.side == .sell && $0.intent.type == .market })
        #expect(all.filter { !$0.admissible }.allSatisfy { $0.intent.quantity.shares > 1_000 })
        #expect(all.contains { !$0.admissible })
        #expect(Set(all.map(\.intent.id)).count == all.count)
    }

    @Test func `each 3 s of the hard kill hold 100 admissible buys, so that a pause is put to the test`() throws {
        let buys = try intents("chaos/hard_kill_short.yaml").filter {
            $0.admissible && $0.intent.action == .new && $0.intent.side == .buy
        }
        for second in 4..<25 {
            let window = buys.count { $0.due >= .seconds(second) && $0.due < .seconds(second + 3) }
            #expect(window >= 100, "from \(second) s")
        }
    }
}
