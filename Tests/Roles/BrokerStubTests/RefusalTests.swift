import Books
import FIX
import Messages
import Testing
import Units

@testable import BrokerStubCore

@Suite struct RefusalTests {
    @Test func `a ClOrdID used before is refused with 103=6, whatever became of it`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 10))
        desk.receive(newOrder("a", .buy, 10))
        desk.receive(newOrder("x", symbol: "NONE"))
        desk.receive(newOrder("x", .buy, 10))
        #expect(desk.reports.filter { $0[.ordRejReason] == "6" }.map { $0[.clOrdID] } == ["a", "x"])
        #expect(desk.engine.ledger.position("NVDA") == shares(10))
    }

    @Test(arguments: [
        (FIX.Tag.symbol, "TSLA", "1"), (.orderQty, "0", "13"), (.orderQty, "-5", "13"), (.orderQty, "0.5", "13"),
        (.orderQty, "1000001", "13"), (.side, "5", "11"), (.ordType, "3", "11"), (.timeInForce, "1", "11"),
        (.price, "0", "99"), (.price, "-1", "99"), (.price, "1.00001", "99"), (.price, "1000001", "99"),
    ])
    func `a wrong field is refused with its reason`(_ tag: FIX.Tag, _ value: String, _ reason: String) {
        var desk = Desk()
        var order = newOrder("a", .buy, 10, limit: "100")
        order[tag] = value
        desk.receive(order)
        #expect(desk.story == ["8/8"])
        #expect(desk.reports[0][.ordRejReason] == reason)
        #expect(desk.reports[0][.leavesQty] == "0")
        #expect(desk.records.map(\.kind) == [.rejected])
    }

    @Test func `a limit order without a limit is refused, and one without a ClOrdID gets a BusinessMessageReject`() {
        var desk = Desk()
        var order = newOrder("a", .buy, 10, limit: "100")
        order[.price] = nil
        desk.receive(order)
        #expect(desk.reports[0][.ordRejReason] == "99")
        order[.clOrdID] = nil
        desk.receive(order)
        #expect(desk.reports[1].msgType == MsgType.businessMessageReject)
        #expect(desk.reports[1][.businessRejectReason] == "5")
    }

    @Test func `a halted symbol takes no order, fills none, and still cancels`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 10, limit: "100"))
        desk.update(depth(2, asks: [level("99", 100)], status: .halted))
        desk.receive(newOrder("b", .buy, 10))
        desk.receive(cancel("c", of: "a"))
        #expect(desk.story == ["0/0", "8/8", "4/4"])
        #expect(desk.reports[1][.ordRejReason] == "2")
    }

    @Test func `injected rejects hit the named orders and the asked-for share, the same ones for the same seed`() {
        func rejected(seed: UInt64) -> [String] {
            var desk = Desk {
                $0.seed = seed
                $0.injectedRejects = InjectedRejects(perMillion: 200_000, references: ["intent-o7"])
            }
            for number in 0..<500 { desk.receive(newOrder("o\(number)", .buy, 1, limit: "100")) }
            return desk.records.filter { $0.kind == .rejected }.map(\.clOrdID)
        }
        #expect(rejected(seed: 1) == rejected(seed: 1))
        #expect(rejected(seed: 1) != rejected(seed: 2))
        #expect(rejected(seed: 1).contains("o7"))
        #expect((70...140).contains(rejected(seed: 1).count))
    }

    @Test func `a cancel of nothing, of something ended, and with a used id are told apart`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 10))
        desk.receive(newOrder("b", .buy, 10, limit: "100"))
        desk.receive(cancel("c1", of: "nothing"))
        desk.receive(cancel("c2", of: "a"))
        desk.receive(cancel("a", of: "b"))
        let rejects = desk.reports.filter { $0.msgType == MsgType.orderCancelReject }
        #expect(rejects.map { $0[.cxlRejReason] } == ["1", "0", "6"])
        #expect(rejects.map { $0[.ordStatus] } == ["8", "2", "0"])
        #expect(rejects.allSatisfy { $0[.cxlRejResponseTo] == "1" })
        #expect(desk.records.suffix(3).map(\.kind) == [.cancelRejected, .cancelRejected, .cancelRejected])
    }

    @Test func `an unknown kind of message gets a BusinessMessageReject`() {
        var desk = Desk()
        desk.receive(Message("R", [(FIX.Tag(131), "q")]))
        #expect(desk.reports[0][.businessRejectReason] == "3")
    }

    @Test func `a book with prices no order could have is not taken over`() {
        var desk = Desk()
        desk.update(depth(2, asks: [Level(price: Price(units: Int64.max), size: shares(1))]))
        desk.update(depth(3, asks: [level("0", 1)]))
        desk.receive(newOrder("a", .buy, 1))
        #expect(desk.reports.last?[.lastPx] == "101")
    }
}
