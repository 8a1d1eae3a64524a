import FIX
import Testing
import Units

@Suite struct SessionFuzzTests {
    /// Valid session traffic, changed at random and cut at random, against a live session.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `no bytes crash a session, and its numbers never go down`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let types = ["0", "1", "2", "3", "4", "5", "8", "A", "D", "F", "j", "ZZ"]
        let bodies = ["", "112=x|", "7=1|16=0|", "123=Y|36=9|", "36=3|", orderBody, "45=1|", "98=0|108=1|", "58=|"]
        let headers = ["", "43=Y|", "43=Y|122=\(stamp)|", "97=Y|"]
        for round in 0..<300 {
            var bench = Bench.loggedOn(round % 2 == 0 ? .acceptor : .initiator)
            var last = bench.session.numbers
            for _ in 0..<20 {
                var bytes = bench.raw(
                    types[Int(random.next() % UInt64(types.count))], Int(random.next() % 6) + last.nextIncoming - 1,
                    bodies[Int(random.next() % UInt64(bodies.count))],
                    header: headers[Int(random.next() % UInt64(headers.count))])
                if random.next() % 4 == 0 {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                let cut = Int(random.next() % UInt64(bytes.count))
                bench.receive(Array(bytes[..<cut]))
                bench.receive(Array(bytes[cut...]))
                bench.pass(.milliseconds(Int64(random.next() % 400)))
                let numbers = bench.session.numbers
                let wasReset = bench.directives.contains(.forgetStored)
                #expect(wasReset || numbers.nextOutgoing >= last.nextOutgoing, "seed \(seed) round \(round)")
                #expect(wasReset || numbers.nextIncoming >= last.nextIncoming, "seed \(seed) round \(round)")
                last = numbers
                bench.directives = []
            }
        }
    }

    @Test(arguments: [UInt64(11), 12, 13])
    func `two sessions that lose their connection again and again lose no report and repeat no order`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var governor = Bench(.initiator) { $0.resetOnFirstLogon = true }
        var broker = Bench(.acceptor)
        var orders = 0
        var reports = 0
        for round in 0..<40 {
            governor.connect()
            broker.connect()
            for _ in 0..<Int(random.next() % 12) + 4 {
                exchange(&governor, &broker, cutting: round < 39 ? random.next() % 8 == 0 : false, &random)
                if governor.session.isLoggedOn {
                    governor.send(.order)
                    orders += 1
                }
                // An order comes first: until then a retried reset Logon may void what the broker said.
                if orders > 0 {
                    reports += 1
                    broker.send(.report("E-\(reports)"))
                }
            }
            if round == 39 { for _ in 0..<8 { exchange(&governor, &broker, cutting: false, &random) } }
            _ = governor.session.disconnected(at: governor.now)
            _ = broker.session.disconnected(at: broker.now)
            _ = governor.takeBytes()
            _ = broker.takeBytes()
        }
        let isWhole = governor.delivered.map { $0[.execID] } == (1...reports).map { "E-\($0)" }
        #expect(isWhole, "seed \(seed): \(governor.delivered.count) of \(reports) reports, or out of order")
        #expect(broker.delivered.count <= orders)
        #expect(Set(broker.delivered.map(\.header.seq)).count == broker.delivered.count)
        #expect(!broker.delivered.contains { $0.header.possDup })
    }

    /// Moves what both sides said across; a cut loses the tail of it.
    private func exchange(_ governor: inout Bench, _ broker: inout Bench, cutting: Bool, _ random: inout SplitMix) {
        var toBroker = governor.takeBytes()
        var toGovernor = broker.takeBytes()
        if cutting {
            toBroker.removeLast(Int(random.next() % UInt64(toBroker.count + 1)))
            toGovernor.removeLast(Int(random.next() % UInt64(toGovernor.count + 1)))
        }
        broker.receive(toBroker)
        governor.receive(toGovernor)
        if cutting {
            _ = governor.session.disconnected(at: governor.now)
            _ = broker.session.disconnected(at: broker.now)
        }
    }
}
