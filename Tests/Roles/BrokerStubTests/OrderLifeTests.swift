import Books
import FIX
import Messages
import Testing
import Units

@testable import BrokerStubCore

@Suite struct OrderLifeTests {
    @Test func `a market order walks the book and cancels what the book cannot give`() {
        var desk = Desk()
        desk.update(depth(2, asks: [level("101", 60), level("102", 20)]))
        desk.receive(newOrder("a", .buy, 100))
        #expect(desk.story == ["0/0", "F/1", "F/1", "4/4"])
        #expect(desk.reports[1][.lastPx] == "101")
        #expect(desk.reports[2][.lastPx] == "102")
        #expect(desk.reports[3][.cumQty] == "80")
        #expect(desk.reports[3][.leavesQty] == "0")
        #expect(desk.engine.workingOrders.isEmpty)
    }

    @Test func `a day limit rests and is filled as a maker when the book crosses it`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 150, limit: "100"))
        #expect(desk.story == ["0/0"])
        desk.update(depth(2, asks: [level("99.99", 100), level("100", 30), level("100.01", 500)]))
        #expect(desk.story == ["0/0", "F/1", "F/1"])
        #expect(desk.reports.dropFirst().map { $0[.lastLiquidityInd] } == ["1", "1"])
        #expect(desk.engine.workingOrders.first?.state.leaves == shares(20))
        #expect(desk.records.last?.addsLiquidity == true)
    }

    @Test func `a resting order is not filled again by a book that repeats itself`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 150, limit: "101"))
        desk.update(depth(2))
        desk.update(depth(3))
        #expect(desk.engine.workingOrders.first?.state.leaves == shares(50))
    }

    @Test func `immediate-or-cancel cancels the rest, fill-or-kill does all or nothing`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 150, limit: "101", .fok))
        #expect(desk.story == ["0/0", "4/4"])
        desk.receive(newOrder("b", .buy, 40, limit: "101", .ioc))
        desk.receive(newOrder("c", .buy, 100, limit: "101", .ioc))
        #expect(Array(desk.story[2...]) == ["0/0", "F/2", "0/0", "F/1", "4/4"])
    }

    @Test func `fill-or-kill takes nothing from the book when it is killed`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 101, .fok))
        desk.receive(newOrder("b", .buy, 100, .fok))
        #expect(desk.story.last == "F/2")
    }

    @Test func `better prices are filled first, then older orders`() {
        var desk = Desk()
        desk.receive(newOrder("old", .buy, 60, limit: "100"))
        desk.receive(newOrder("young", .buy, 60, limit: "100"))
        desk.receive(newOrder("better", .buy, 60, limit: "100.5"))
        desk.update(depth(2, asks: [level("99", 100)]))
        let trades = desk.records.filter { $0.kind == .trade }
        #expect(trades.map(\.clOrdID) == ["better", "old"])
        #expect(trades.map(\.lastQuantity.shares) == [60, 40])
    }

    @Test func `level-n refuses an order that is deeper than the book`() {
        var desk = Desk { $0.fillModel = .levelN }
        desk.receive(newOrder("a", .buy, 101))
        #expect(desk.story == ["8/8"])
        #expect(desk.reports[0][.ordRejReason] == "3")
    }

    @Test func `identities hold in every report of a mixed run`() {
        var desk = Desk()
        for number in 0..<200 {
            let side: Side = number % 3 == 0 ? .sell : .buy
            let limit = number % 4 == 0 ? nil : "\(98 + number % 5)"
            let timeInForce = TimeInForce.allCases[number % 3]
            desk.receive(newOrder("o\(number)", side, Int64(number % 170 + 1), limit: limit, timeInForce))
            if number % 7 == 0 { desk.receive(cancel("c\(number)", of: "o\(max(0, number - 2))")) }
            if number % 11 == 0 {
                desk.receive(replace("r\(number)", of: "o\(max(0, number - 1))", quantity: 90, limit: "100"))
            }
            let bids = [level("\(97 + number % 3)", 40)]
            desk.update(depth(Int64(number + 2), bids: bids, asks: [level("\(100 + number % 3)", 70)]))
        }
        let reports = desk.reports.filter { $0.msgType == MsgType.executionReport && $0[.execType] != "8" }
        #expect(reports.count > 200)
        for report in reports {
            let violation = OrderState.violation(
                status: OrderState.Status(rawValue: report[.ordStatus] ?? "") ?? .pendingNew,
                quantity: report.quantity(.orderQty) ?? .zero, cumulative: report.quantity(.cumQty) ?? .zero,
                leaves: report.quantity(.leavesQty) ?? .zero)
            #expect(violation == nil)
        }
    }

    @Test func `every ExecID is given once, and the drop copy has no gap`() {
        var desk = Desk()
        for number in 0..<50 {
            desk.receive(newOrder("o\(number)", .buy, 7, limit: number % 2 == 0 ? "101" : "100"))
            desk.receive(Message(MsgType.orderMassStatusRequest, [(.massStatusReqID, "s"), (.massStatusReqType, "7")]))
        }
        let ids = desk.reports.compactMap { $0[.execID] }
        #expect(Set(ids).count == ids.count)
        #expect(desk.records.map(\.sequence) == Array(1...Int64(desk.records.count)))
    }

    @Test func `every trade on the wire is in the drop copy under the same ExecID`() {
        var desk = Desk()
        desk.update(depth(2, asks: [level("101", 60), level("102", 20)]))
        desk.receive(newOrder("a", .buy, 70))
        let wire = desk.reports.filter { $0[.execType] == "F" }.compactMap { $0[.execID] }
        #expect(wire.count == 2)
        #expect(desk.records.filter { $0.kind == .trade }.map(\.execID) == wire)
    }

    @Test func `the ledger's position goes with every record`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 30))
        desk.receive(newOrder("b", .sell, 50))
        #expect(desk.records.filter { $0.kind == .trade }.map(\.position.shares) == [30, -20])
        #expect(desk.engine.ledger.position("NVDA") == shares(-20))
    }

    @Test func `an accepted order that was not matched takes its turn with the next book`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 150), matching: false)
        #expect(desk.story == ["0/0"])
        desk.update(depth(2))
        #expect(desk.story == ["0/0", "F/1", "4/4"])
        #expect(desk.reports[1][.lastLiquidityInd] == "2")
    }

    @Test func `ended orders are forgotten in time, their ClOrdIDs never`() {
        var desk = Desk()
        for number in 0...(2 * BrokerLimits.endedOrdersMaximum) {
            _ = desk.engine.receive(newOrder("o\(number)", .buy, 1, limit: "100", .ioc), at: wall)
        }
        #expect(desk.engine.orders.count <= 2 * BrokerLimits.endedOrdersMaximum)
        desk.receive(newOrder("o0", .buy, 1))
        #expect(desk.reports.last?[.ordRejReason] == "6")
    }
}
