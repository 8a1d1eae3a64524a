import Books
import FIX
import Messages
import Testing
import Units

@testable import BrokerStubCore

@Suite struct OrderChangeTests {
    @Test func `a cancel ends the order under its own id and names the original`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 10, limit: "100"))
        desk.receive(cancel("c", of: "a"))
        let report = desk.reports[1]
        #expect([report[.execType], report[.clOrdID], report[.origClOrdID], report[.leavesQty]] == ["4", "c", "a", "0"])
        desk.update(depth(2, asks: [level("99", 100)]))
        #expect(desk.reports.count == 2)
    }

    @Test func `a replace carries on under the new id with what has traded`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 150, limit: "101"))
        desk.receive(replace("b", of: "a", quantity: 250, limit: "101"))
        let report = desk.reports.last
        #expect(report?[.execType] == "5")
        #expect(report?[.ordStatus] == "1")
        #expect(report?[.leavesQty] == "150")
        #expect(report?[.orderID] == desk.reports[0][.orderID])
        desk.receive(cancel("c", of: "a"))
        #expect(desk.reports.last?.msgType == MsgType.orderCancelReject)
        desk.receive(cancel("d", of: "b"))
        #expect(desk.reports.last?[.execType] == "4")
    }

    @Test func `a replace that crosses the book trades at once as a taker`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 50, limit: "100"))
        desk.receive(replace("b", of: "a", quantity: 50, limit: "101"))
        #expect(desk.story == ["0/0", "5/0", "F/2"])
        #expect(desk.reports.last?[.lastLiquidityInd] == "2")
    }

    @Test func `a replace below what traded is refused, one equal to it ends the order`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 150, limit: "101"))
        desk.receive(replace("b", of: "a", quantity: 99, limit: "101"))
        #expect(desk.reports.last?[.cxlRejResponseTo] == "2")
        desk.receive(replace("c", of: "a", quantity: 100, limit: "101"))
        #expect(desk.story.last == "5/2")
        #expect(desk.engine.workingOrders.isEmpty)
    }

    @Test func `asking for less keeps the place in the queue, asking for more loses it`() {
        func first(_ quantity: Int64) -> String? {
            var desk = Desk()
            desk.receive(newOrder("a", .buy, 50, limit: "100"))
            desk.receive(newOrder("b", .buy, 50, limit: "100"))
            desk.receive(replace("a2", of: "a", quantity: quantity, limit: "100"))
            desk.update(depth(2, asks: [level("99", 10)]))
            return desk.records.first { $0.kind == .trade }?.clOrdID
        }
        #expect(first(40) == "a2")
        #expect(first(60) == "b")
    }

    @Test func `a mass cancel ends every working order and says how many`() {
        var desk = Desk()
        desk.update(depth(1, symbol: "AAPL"))
        desk.receive(newOrder("a", .buy, 10, limit: "100"))
        desk.receive(newOrder("b", .buy, 10, limit: "100"))
        desk.receive(newOrder("c", .buy, 10, limit: "100", symbol: "AAPL"))
        var request = Message(
            MsgType.orderMassCancelRequest, [(.clOrdID, "q1"), (.massCancelRequestType, "1"), (.symbol, "AAPL")])
        desk.receive(request)
        #expect(desk.reports.first { $0.msgType == MsgType.orderMassCancelReport }?[.totalAffectedOrders] == "1")
        request[.massCancelRequestType] = "7"
        request[.clOrdID] = "q2"
        desk.receive(request)
        #expect(desk.story.suffix(3) == ["r/", "4/4", "4/4"])
        #expect(desk.engine.workingOrders.isEmpty)
        #expect(desk.records.suffix(2).allSatisfy { $0.msgType == "q" && $0.kind == .cancelled })
        request[.massCancelRequestType] = "9"
        desk.receive(request)
        #expect(desk.reports.last?[.massCancelResponse] == "0")
    }

    @Test func `a mass status names each working order once, numbers them and marks the last`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 150, limit: "101"))
        desk.receive(newOrder("b", .buy, 10, limit: "100"))
        desk.reports = []
        desk.receive(Message(MsgType.orderMassStatusRequest, [(.massStatusReqID, "s1"), (.massStatusReqType, "7")]))
        #expect(desk.reports.map { $0[.clOrdID] } == ["a", "b"])
        #expect(desk.reports.map { $0[.lastRptRequested] } == ["N", "Y"])
        #expect(desk.reports.allSatisfy {
            $0[.execType] == "I" && $0[.massStatusReqID] == "s1" && $0[.totNumReports] == "2"
        })
        #expect(desk.reports[0][.leavesQty] == "50")
    }

    @Test func `a mass status without working orders is one report with 39=8 and 911=0`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 10))
        desk.reports = []
        desk.receive(Message(MsgType.orderMassStatusRequest, [(.massStatusReqID, "s1"), (.massStatusReqType, "7")]))
        #expect(desk.story == ["I/8"])
        #expect(desk.reports[0][.totNumReports] == "0")
        #expect(desk.reports[0][.massStatusReqID] == "s1")
    }

    @Test func `a status request tells an ended order's end and an unknown order's absence`() {
        var desk = Desk()
        desk.receive(newOrder("a", .buy, 10))
        desk.receive(Message(MsgType.orderStatusRequest, [(.clOrdID, "a"), (.symbol, "NVDA"), (.side, "1")]))
        desk.receive(Message(MsgType.orderStatusRequest, [(.clOrdID, "z"), (.symbol, "NVDA"), (.side, "1")]))
        #expect(desk.story.suffix(2) == ["I/2", "I/8"])
        #expect(desk.reports.last?[.clOrdID] == "z")
    }
}
