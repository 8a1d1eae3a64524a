import Messages
import Testing
import Units

private let instant = WallTime(nanoseconds: 1_700_000_000_000_000_001)

@Suite struct MessageTests {
    @Test func `depth survives the wire`() throws {
        let depth = Depth(
            sequence: 7, symbol: "NVDA", tick: 12, sent: instant, due: instant, status: .halted,
            bids: [Level(price: Price(units: 4_399_900), size: Quantity(shares: 200))], asks: [])
        #expect(try Depth(parsing: depth.json.bytes()) == depth)
    }

    @Test func `an intent survives the wire`() throws {
        let intent = Intent(
            id: "i-1", tick: 3, action: .replace, target: "i-0", symbol: "AMD", side: .sell, quantity: Quantity(shares: 5),
            type: .limit, limit: Price(units: 1_000_000), timeInForce: .fok, reduceOnly: true, sent: instant, due: instant)
        #expect(try Intent(parsing: intent.json.bytes()) == intent)
    }

    @Test func `a decision survives the wire, flattenings included`() throws {
        let flatten = Decision(
            intent: nil, tick: nil, action: .flatten, quantity: Quantity(shares: 300), reason: .sustainedLatency, epoch: 4, clOrdID: nil)
        #expect(try Decision(parsing: flatten.json.bytes()) == flatten)
    }

    @Test func `an execution survives the wire`() throws {
        let execution = Execution(
            sequence: 1, kind: .trade, at: instant, execID: "e1", orderID: "o1", clOrdID: "c1", reference: "i-1", msgType: "D",
            symbol: "NVDA", side: .sell, quantity: Quantity(shares: 10), lastQuantity: Quantity(shares: 4),
            cumulative: Quantity(shares: 4), leaves: Quantity(shares: 6), lastPrice: Price(units: 4_400_000), position: Quantity(shares: -4))
        #expect(try Execution(parsing: execution.json.bytes()) == execution)
    }

    @Test func `a wrong field is refused by name, with what was expected and found`() {
        let bytes = Array(#"{"intent":"i","tick":1,"action":"maybe","quantity":1,"reason":"ok","epoch":1,"cl_ord_id":null}"#.utf8)
        do {
            _ = try Decision(parsing: bytes)
            Issue.record("an unknown action was taken")
        } catch {
            #expect(error.field == "action")
            #expect(error.expected == "accept, reduce, reject, withdrawn, flatten")
            #expect(error.found == "\"maybe\"")
        }
    }

    @Test func `a book of more than ten levels is refused`() {
        let levels = JSON.array([JSON](repeating: [1, 1], count: 11))
        let json = JSON.object([
            .init("seq", 1), .init("symbol", "X"), .init("tick", 1), .init("sent_ns", 1), .init("due_ns", 1),
            .init("status", "trading"), .init("bids", levels), .init("asks", []),
        ])
        #expect(throws: MessageError.self) { try Depth(parsing: json.bytes()) }
    }

    @Test func `a crossed book is recognised`() {
        func depth(_ bid: Int64, _ ask: Int64) -> Depth {
            Depth(
                sequence: 1, symbol: "X", tick: 1, sent: instant, due: instant, status: .trading,
                bids: [Level(price: Price(units: bid), size: Quantity(shares: 1))],
                asks: [Level(price: Price(units: ask), size: Quantity(shares: 1))])
        }
        #expect(!depth(1, 2).isCrossed)
        #expect(depth(2, 2).isCrossed)
    }
}
