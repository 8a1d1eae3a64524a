import History
import Messages
import Testing
import Units
import Verdicts

/// The flash crash with price bands, which halt it for five seconds on the way down.
@Suite struct HaltGateTests {
    private static let honoured = Result { try told() }

    private static func told(_ change: (inout CrashTeller) -> Void = { _ in }) throws -> Story {
        var teller = try CrashTeller(variant: "luld")
        change(&teller)
        return try teller.told()
    }

    private func outcomes(_ story: Story) throws -> (fail: Set<String>, inconclusive: Set<String>, text: String) {
        let gates = try story.judged().gates
        func names(_ outcome: Outcome) -> Set<String> {
            Set(gates.filter { $0.outcome == outcome }.map(\.name.rawValue))
        }
        let text = gates.filter { $0.outcome != .pass }.map { "\($0.name.rawValue): \($0.reason ?? "")" }
        return (names(.fail), names(.inconclusive), text.joined(separator: "; "))
    }

    @Test func `who stays out of a halt and trades after it passes every gate`() throws {
        let story = try Self.honoured.get()
        let found = try outcomes(story)
        #expect(found.fail.isEmpty && found.inconclusive.isEmpty, "\(found.text)")
        let verdict = try JSON(parsing: story.judged().bytes)
        #expect(verdict["measurements"]?["orders_in_halt"] == 0)
    }

    @Test func `who trades in a halt fails, though the broker gives it nothing`() throws {
        let found = try outcomes(try Self.told { $0.tradesInHalts = true })
        #expect(found.fail.contains("orders_in_halt") && found.inconclusive.isEmpty, "\(found.text)")
        // By the time of the halt so much was lost that each order breaks the limit on losses, too.
        #expect(found.fail.isSubset(of: ["orders_in_halt", "hard_limit_breaches"]), "\(found.text)")
    }

    @Test func `an order within max_quote_age of the halt is excused, and one after the first open book`() throws {
        var story = try Self.honoured.get()
        let books = story.observations.filter { $0.type == "depth" }
        let halted = try #require(books.first { $0["status"] == "halted" })
        let opened = try #require(books.first { $0.at > halted.at && $0["status"] == "trading" })
        func seconds(_ at: Instant) -> Double { (at - Story.instant(0)).seconds }
        story.left(seconds(halted.at) + 0.49, "early")
        story.left(seconds(opened.at) + 0.001, "late")
        #expect(try !outcomes(story).fail.contains("orders_in_halt"))
        story.left(seconds(opened.at) - 0.001, "within")
        #expect(try outcomes(story).fail.contains("orders_in_halt"))
    }

    @Test func `an exit in a halt is excused, an order that only claims to be one is not`() throws {
        var story = try Self.honoured.get()
        let halted = try #require(story.observations.first { $0.type == "depth" && $0["status"] == "halted" })
        let at = (halted.at - Story.instant(0)).seconds + 2
        story.left(at, "exit", side: .sell, reducing: true)
        #expect(try !outcomes(story).fail.contains("orders_in_halt"))
        story.left(at, "no exit", side: .buy, reducing: true)
        #expect(try outcomes(story).fail.contains("orders_in_halt"))
    }

    @Test func `a halt that never ends, one that nobody asked for orders in, and a broker that trades in it show nothing`()
        throws
    {
        var endless = try Self.honoured.get()
        endless.change("depth", "status", to: "halted") { $0.at > Story.instant(20) }
        #expect(try outcomes(endless).inconclusive.contains("orders_in_halt"))
        var quiet = try Self.honoured.get()
        quiet.remove("intent_in")
        #expect(try outcomes(quiet).inconclusive.contains("orders_in_halt"))
        var trading = try Self.honoured.get()
        let halted = try #require(trading.observations.first { $0.type == "depth" && $0["status"] == "halted" })
        let trade = try #require(trading.observations.firstIndex { $0.type == "execution" && $0["kind"] == "trade" })
        trading.observations[trade].at = halted.at + .seconds(2)
        #expect(try outcomes(trading).inconclusive.contains("orders_in_halt"))
    }
}
