import Messages
import Testing
import Units

import Scenarios

/// What a burst promises, checked on the plan of the shipped one.
@Suite struct BurstTests {
    private static let file = "chaos/concurrent_order_burst.yaml"

    private struct Planned {
        let due: Duration
        let intent: Intent
        let admissible: Bool
        let purpose: Purpose
    }

    private static func planned(_ scenario: Scenario, seed: UInt64 = 3) throws -> [Planned] {
        return try Plan(scenario, on: ProjectFiles.topology(), seed: seed, tapes: ProjectFiles.tapes).events.compactMap { event in
            guard case .intent(let intent, let admissible) = event.content else { return nil }
            return Planned(due: event.due, intent: intent, admissible: admissible, purpose: event.purpose)
        }
    }

    private static func shipped() throws -> (Scenario, BurstSettings) {
        let scenario = try ProjectFiles.scenario(file, limits: "data/limits-burst.json")
        guard case .burst(let settings) = scenario.load.strategy else { throw ProjectFiles.Missing(path: "\(file): load.strategy") }
        return (scenario, settings)
    }

    private static func isProbe(_ purpose: Purpose) -> Bool { if case .probe = purpose { true } else { false } }

    @Test(arguments: [50, 500, 5_000])
    func `exactly so many position changes are due at one instant, over at least five symbols`(_ count: Int) throws {
        var (scenario, settings) = try Self.shipped()
        settings.changes = count
        scenario.load.strategy = .burst(settings)
        let changes = try Self.planned(scenario).filter { $0.purpose == .change }
        #expect(changes.count == count)
        #expect(Set(changes.map(\.due)) == [scenario.start(of: .drive)])
        #expect(Set(changes.map(\.intent.symbol)).count >= 5)
        #expect(changes.allSatisfy { $0.admissible && $0.intent.quantity > .zero && $0.intent.action == .new })
        #expect(Set(changes.map(\.intent.side)).count == 2)
        #expect(changes.allSatisfy { $0.intent.quantity <= settings.orderQuantity })
    }

    @Test func `five thousand changes are five thousand contents: an honest governor takes none for a duplicate`() throws {
        var (scenario, settings) = try Self.shipped()
        settings.changes = 5_000
        scenario.load.strategy = .burst(settings)
        struct Content: Hashable {
            let symbol: String
            let quantity: Quantity
            let limit: Price?
        }
        let contents = try Self.planned(scenario).filter { $0.purpose == .change }.map {
            Content(symbol: $0.intent.symbol, quantity: $0.intent.quantity, limit: $0.intent.limit)
        }
        #expect(contents.count == 5_000)
        #expect(Set(contents).count == 5_000)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `a symbol's orders fill the limit on its position to the last share`(_ seed: UInt64) throws {
        let (scenario, settings) = try Self.shipped()
        var sums: [String: Int64] = [:]
        for planned in try Self.planned(scenario, seed: seed) where planned.admissible && planned.intent.action == .new {
            sums[planned.intent.symbol, default: 0] += planned.intent.quantity.shares
        }
        #expect(sums.count == scenario.symbols.count - 1)
        #expect(sums.values.allSatisfy { $0 == settings.shares.shares })
    }

    @Test func `beside the changes there are probes of five limits, cancels, replaces, and rejects by the broker`() throws {
        let (scenario, settings) = try Self.shipped()
        let all = try Self.planned(scenario)
        let reasons = Set(all.compactMap { if case .probe(let reason) = $0.purpose { reason } else { nil } })
        #expect(reasons == [.maxPosition, .grossExposure, .maxNotional, .maxQuantity, .priceCollar])
        #expect(all.allSatisfy { $0.admissible != Self.isProbe($0.purpose) })
        #expect(all.count { $0.intent.action == .cancel } == 15)
        #expect(all.count { $0.intent.action == .replace } == 45)
        let rejects = all.filter { $0.purpose == .brokerReject }.map(\.intent.id)
        #expect(rejects.count == settings.brokerRejects * 5)
        #expect(Set(rejects) == Set(scenario.brokerRejects(seed: 3)))
        #expect(Set(rejects) != Set(scenario.brokerRejects(seed: 4)))
    }

    @Test func `changes cross the book, resting orders stay away from it, replaces name orders that rest`() throws {
        let (scenario, _) = try Self.shipped()
        var books: [String: Depth] = [:]
        var resting: Set<String> = []
        for event in try Plan(scenario, on: ProjectFiles.topology(), seed: 1, tapes: ProjectFiles.tapes).events {
            switch event.content {
            case .depth(let depth): books[depth.symbol] = depth
            case .intent(let intent, let admissible):
                let limit = try #require(intent.limit)
                let book = try #require(books[intent.symbol])
                let crosses = intent.side == .buy ? limit >= book.asks[4].price : limit <= book.bids[4].price
                if intent.action != .new {
                    #expect(resting.remove(try #require(intent.target)) != nil)
                } else if event.purpose == .load {
                    #expect(!crosses)
                    resting.insert(intent.id)
                } else if admissible {
                    #expect(crosses)
                }
            }
        }
        #expect(resting.isEmpty)
    }

    @Test func `purposes survive the plan's file, and unknown ones are refused`() throws {
        let plan = try ProjectFiles.plan(Self.file, seed: 1)
        #expect(try Plan(parsing: plan.bytes, file: "plan.ndjson") == plan)
        #expect(Purpose(purpose: "probe", deniedFor: nil) == nil)
        #expect(Purpose(purpose: "probe", deniedFor: "max_positon") == nil)
        #expect(Purpose(purpose: "change", deniedFor: "ok") == nil)
        #expect(Purpose(purpose: "chance", deniedFor: nil) == nil)
        for purpose in [Purpose.load, .change, .brokerReject, .probe(.maxNotional)] {
            let text = { (key: String) in purpose.members.first { $0.key == key }?.value.string }
            #expect(Purpose(purpose: text("purpose"), deniedFor: text("denied_for")) == purpose)
        }
    }

    @Test func `a burst that leaves room, or has none, is refused with its line`() throws {
        let yaml = String(decoding: try ProjectFiles.bytes(Self.file), as: UTF8.self)
        func mistakes(_ old: String, _ new: String) throws -> String {
            let limits = try JSON(parsing: ProjectFiles.bytes("data/limits-burst.json"))
            let text = Array(yaml.replacing(old, with: new).utf8)
            let error = #expect(throws: Mistakes.self) { try Scenario(yaml: text, file: Self.file, limits: limits) }
            return error?.description ?? ""
        }
        #expect(try mistakes("shares: 1600", "shares: 1500").contains("expected the limit max_position (1600), found 1500"))
        #expect(try mistakes("order_quantity: 250", "order_quantity: 99").contains("expected the limit max_order_quantity (250)"))
        #expect(try mistakes("changes: 50", "changes: 5001").contains("changes: expected a whole number from 1 to 5000"))
        #expect(try mistakes("resting_orders: 12", "resting_orders: 200").contains("resting_lead: expected at least 10s"))
        #expect(try mistakes("resting_quantity: 10", "resting_quantity: 120").contains("expected at least a share a change"))
        #expect(try mistakes("  strategy: burst\n", "").contains("'burst' has no meaning without strategy burst"))
        let symbol = "  - {symbol: META, tape: data/nvda-2023-10-17-reconstruction.csv, first: 40, price_percent: 73}\n"
        #expect(try mistakes(symbol, "").contains("symbols: expected at least 6, found 5"))
    }
}
