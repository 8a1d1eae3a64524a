import Messages
import Testing
import Units

@testable import ObserverCore

@Suite struct LedgerTests {
    private var ledger = Ledger()
    private var sequence: Int64 = 0

    private mutating func take(
        _ kind: Execution.Kind, _ name: String = "", orig: String = "", side: Side = .buy, quantity: Int64 = 0,
        leaves: Int64 = 0, position: Int64 = 0, reducing: Bool = false
    ) {
        sequence += 1
        _ = ledger.receive(
            Execution(
                sequence: sequence, kind: kind, at: WallTime(nanoseconds: sequence), clOrdID: name, origClOrdID: orig,
                symbol: "NVDA", side: side, quantity: Quantity(shares: quantity), leaves: Quantity(shares: leaves),
                claimsReducing: reducing, position: Quantity(shares: position)))
    }

    private mutating func holdHundred() {
        take(.new, "A", quantity: 100, leaves: 100)
        take(.trade, "A", quantity: 100, leaves: 0, position: 100)
    }

    @Test mutating func `positions and working orders follow the drop copy`() {
        take(.new, "A", quantity: 100, leaves: 100)
        #expect(ledger.working["A"]?.leaves == Quantity(shares: 100))
        take(.trade, "A", quantity: 100, leaves: 60, position: 40)
        #expect(ledger.positions["NVDA"] == Quantity(shares: 40))
        take(.replaced, "B", orig: "A", quantity: 80, leaves: 40, position: 40)
        #expect(ledger.working.keys.sorted() == ["B"])
        take(.cancelled, "C", orig: "B", position: 40)
        #expect(ledger.working.isEmpty)
    }

    @Test mutating func `a claim to reduce is true up to the position and false beyond it`() {
        holdHundred()
        take(.new, "R1", side: .sell, quantity: 60, leaves: 60, position: 100, reducing: true)
        take(.new, "R2", side: .sell, quantity: 40, leaves: 40, position: 100, reducing: true)
        take(.new, "R3", side: .sell, quantity: 1, leaves: 1, position: 100, reducing: true)
        #expect(ledger.verifiedReducing == ["R1": true, "R2": true, "R3": false])
    }

    @Test mutating func `an order on the position's own side reduces nothing, and nothing reduces a flat book`() {
        #expect(!ledger.reduces("NVDA", .sell, adding: Quantity(shares: 1)))
        holdHundred()
        take(.new, "R", side: .buy, quantity: 1, leaves: 1, position: 100, reducing: true)
        #expect(ledger.verifiedReducing["R"] == false)
    }

    @Test mutating func `a rejected duplicate leaves the order that works`() {
        holdHundred()
        take(.new, "A2", quantity: 10, leaves: 10, position: 100)
        sequence += 1
        _ = ledger.receive(
            Execution(
                sequence: sequence, kind: .rejected, at: WallTime(nanoseconds: sequence), orderID: "other",
                clOrdID: "A2",
                symbol: "NVDA", text: "duplicate ClOrdID"))
        #expect(ledger.working.keys.sorted() == ["A2"])
    }

    @Test mutating func `a missing message of the drop copy is a gap`() {
        take(.loggedOn)
        sequence += 1
        let arrival = ledger.receive(Execution(sequence: sequence + 1, kind: .loggedOut, at: WallTime(nanoseconds: 0)))
        #expect(arrival == .gap(expected: "2", found: "3"))
        #expect(ledger.gaps == 1 && !ledger.hasSession)
    }

    @Test mutating func `what a restarted broker publishes again as it was is no gap and changes nothing`() {
        let records = [
            fill(1, .new, leaves: 100), fill(2, .trade, leaves: 60, position: 40), fill(3, .trade, leaves: 0, position: 100)
        ]
        for record in records { #expect(ledger.receive(record) == .next) }
        for record in records { #expect(ledger.receive(record) == .repeated) }
        #expect(ledger.receive(fill(4, .disconnected)) == .next)
        #expect(ledger.gaps == 0 && ledger.working.isEmpty && ledger.positions["NVDA"] == Quantity(shares: 100))
    }

    @Test mutating func `another record under a number that was used is a gap, and the first one counts`() {
        _ = ledger.receive(fill(1, .trade, leaves: 0, position: 40))
        let forged = ledger.receive(fill(1, .trade, leaves: 0, position: 41))
        #expect(forged == .gap(expected: "the record that bore number 1 before", found: "another record"))
        #expect(ledger.gaps == 1 && ledger.positions["NVDA"] == Quantity(shares: 40))
    }

    @Test mutating func `a repeat of what is no longer remembered is a gap`() {
        let count = Int64(Ledger.rememberedMaximum)
        for number in 1...(count + 1) { _ = ledger.receive(fill(number, .received)) }
        #expect(ledger.receive(fill(2, .received)) == .repeated)
        #expect(ledger.receive(fill(1, .received)) == .gap(expected: "\(count + 2)", found: "1"))
    }

    private func fill(_ sequence: Int64, _ kind: Execution.Kind, leaves: Int64 = 0, position: Int64 = 0) -> Execution {
        Execution(
            sequence: sequence, kind: kind, at: WallTime(nanoseconds: sequence), clOrdID: "A", symbol: "NVDA",
            quantity: Quantity(shares: 100), leaves: Quantity(shares: leaves), position: Quantity(shares: position))
    }
}

@Suite struct LeakWatchTests {
    private var watch = LeakWatch()
    private var ledger = Ledger()

    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func order(_ name: String, type: String = "D", reducing: Bool = false) -> Sighting.Order {
        Sighting.Order(
            type: type, sequence: 1, possDup: false, clOrdID: name, symbol: "NVDA", side: .sell,
            quantity: Quantity(shares: 10), claimsReducing: reducing)
    }

    private mutating func open() {
        _ = watch.flag("pause", value: "false", by: "operator", at: at(0))
        _ = watch.flag("critical_pause", value: "false", by: "operator", at: at(0))
    }

    @Test mutating func `an order at the instant of the governor's own pause leaks, one before it doesn't`() {
        open()
        #expect(watch.departed(order("before"), at: at(999), ledger: ledger).isEmpty)
        _ = watch.flag("critical_pause", value: "true", by: "governor", at: at(1_000))
        #expect(watch.departed(order("at"), at: at(1_000), ledger: ledger).map(\.order.clOrdID) == ["at"])
    }

    @Test mutating func `a flag whose line arrives after the packet still finds the leak`() {
        open()
        #expect(watch.departed(order("late"), at: at(1_001), ledger: ledger).isEmpty)
        let leaks = watch.flag("critical_pause", value: "true", by: "governor", at: at(1_000))
        #expect(leaks.map(\.order.clOrdID) == ["late"])
        #expect(watch.tick(at: at(1_050)).isEmpty, "announced once")
    }

    @Test mutating func `cancels are free, and orders after the pause was cleared`() {
        open()
        _ = watch.flag("pause", value: "true", by: "governor", at: at(1_000))
        #expect(watch.departed(order("cancel", type: "F"), at: at(1_010), ledger: ledger).isEmpty)
        _ = watch.flag("pause", value: "false", by: "operator", at: at(1_100))
        #expect(watch.departed(order("after"), at: at(1_100), ledger: ledger).isEmpty)
    }

    @Test mutating func `a replace that asks for less is free, one that asks for more or pays more leaks`() {
        open()
        func sized(_ name: String, _ type: String, of original: String?, _ quantity: Int64, price: Int64)
            -> Sighting.Order
        {
            var sized = order(name, type: type)
            sized.origClOrdID = original
            sized.side = .buy
            sized.quantity = Quantity(shares: quantity)
            sized.price = Price(units: price)
            return sized
        }
        _ = watch.departed(sized("A", "D", of: nil, 100, price: 50), at: at(10), ledger: ledger)
        _ = watch.flag("critical_pause", value: "true", by: "governor", at: at(1_000))
        #expect(watch.departed(sized("B", "G", of: "A", 60, price: 50), at: at(1_010), ledger: ledger).isEmpty)
        #expect(watch.departed(sized("C", "G", of: "B", 61, price: 50), at: at(1_020), ledger: ledger).count == 1)
        #expect(watch.departed(sized("D", "G", of: "B", 60, price: 51), at: at(1_030), ledger: ledger).count == 1)
        #expect(watch.departed(sized("E", "G", of: "unknown", 1, price: 1), at: at(1_040), ledger: ledger).count == 1)
    }

    @Test mutating func `the operator's pause counts after propagation and delay, or from the acknowledgement`() {
        open()
        watch.delay = .milliseconds(250)
        _ = watch.flag("pause", value: "true", by: "operator", at: at(1_000))
        #expect(watch.departed(order("travelling"), at: at(1_299), ledger: ledger).isEmpty)
        #expect(watch.departed(order("leak"), at: at(1_300), ledger: ledger).count == 1)
        var prompt = LeakWatch()
        _ = prompt.flag("pause", value: "true", by: "operator", at: at(1_000))
        _ = prompt.acknowledged(at: at(1_010))
        #expect(prompt.departed(order("leak"), at: at(1_011), ledger: ledger).count == 1)
    }

    @Test mutating func `a claim to reduce is believed only with the ledger behind it`() {
        open()
        _ = watch.flag("critical_pause", value: "true", by: "governor", at: at(1_000))
        #expect(
            watch.departed(order("flat", reducing: true), at: at(1_010), ledger: ledger).isEmpty, "waits for the broker"
        )
        #expect(watch.tick(at: at(1_051)).map(\.order.clOrdID) == ["flat"])
        #expect(watch.departed(order("true", reducing: true), at: at(1_060), ledger: ledger).isEmpty)
        _ = watch.accepted("true", reduces: true, at: at(1_065))
        #expect(watch.tick(at: at(1_200)).isEmpty)
    }

    @Test mutating func `a leak is announced within a tenth of a second, with its order`() {
        open()
        _ = watch.flag("critical_pause", value: "true", by: "governor", at: at(1_000))
        let claim = watch.departed(order("R", reducing: true), at: at(1_010), ledger: ledger)
        #expect(claim.isEmpty)
        var now = at(1_010)
        var announced: Instant?
        while announced == nil, now < at(1_200) {
            now = now + .milliseconds(20)
            if watch.tick(at: now).contains(where: { $0.order.clOrdID == "R" }) { announced = now }
        }
        #expect(announced.map { $0 - at(1_010) <= .milliseconds(100) } == true)
    }
}
