import Messages
import Testing
import Units

@testable import ObserverCore

@Suite struct TapDecoderTests {
    @Test func `an order departs once: a retransmission, whole or merged, is no second departure`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        var packets = talk.handshake()
        let first = talk.send(newOrder(1))
        packets.append(first)
        packets.append(talk.segment(.outbound, newOrder(1), sequence: 1_001))
        packets.append(talk.segment(.outbound, newOrder(1) + newOrder(2), sequence: 1_001))
        let orders = tap.take(packets).filter { $0.order != nil }
        #expect(orders.map { $0.order?.clOrdID } == ["O1", "O2"])
        #expect(orders.first?.stamp == first.stamp)
        #expect(tap.counters.orders == 2)
    }

    @Test func `an order leaves with the packet that carries its last byte`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let bytes = newOrder(1)
        var packets = talk.handshake()
        packets.append(talk.send(Array(bytes[..<40])))
        let last = talk.send(Array(bytes[40...]))
        packets.append(last)
        #expect(tap.take(packets).compactMap { $0.order == nil ? nil : $0.stamp } == [last.stamp])
    }

    @Test func `what an order carries is read from its tags`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let bytes = fixMessage("35=G|34=9|11=O9|41=O8|526=flatten-1|55=NVDA|54=2|38=70|44=449.5|43=Y|77=C|")
        let order = tap.take(talk.handshake() + [talk.send(bytes)]).compactMap(\.order).first
        #expect(order?.type == "G" && order?.origClOrdID == "O8" && order?.reference == "flatten-1")
        #expect(
            order?.side == .sell && order?.quantity == Quantity(shares: 70) && order?.price == Price(units: 4_495_000))
        #expect(order?.possDup == true && order?.claimsReducing == true)
    }

    @Test(arguments: 1...5)
    func `one packet in twenty lost by the tap shows as holes`(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        var talk = Dialogue()
        var whole = TapDecoder.tested()
        var lossy = TapDecoder.tested()
        var packets = talk.handshake()
        for number in 1...200 {
            packets.append(talk.send(newOrder(number)))
            packets.append(talk.segment(.inbound, [], sequence: talk.heard))
        }
        _ = whole.take(packets)
        _ = lossy.take(
            packets.enumerated().filter { $0.offset < 2 || Int.random(in: 0..<20, using: &random) > 0 }.map(\.element))
        #expect(whole.counters.holes == 0 && whole.counters.orders == 200)
        #expect(lossy.counters.holes > 0, "seed \(seed)")
        #expect(lossy.counters.orders < 200, "seed \(seed)")
        #expect(lossy.counters.undecodable == 0, "a hole is counted once, as a hole; seed \(seed)")
    }

    @Test func `an order on another interface is a second path, and so is a connection of the governor's own`() {
        var talk = Dialogue()
        talk.interface = "control"
        var tap = TapDecoder.tested()
        let seen = tap.take(talk.handshake() + [talk.send(newOrder(1))])
        #expect(seen.compactMap(\.secondPath) == ["connection", "order"])
        #expect(tap.counters.secondPath == 2)
    }

    @Test func `a FIX stream on any port is read, and an order over UDP too`() {
        var odd = Dialogue()
        odd.remote = Endpoint(host: 0xC612_000B, port: 4_444)
        var tap = TapDecoder.tested()
        let bytes = newOrder(1)
        let tcp = tap.take(odd.handshake() + [odd.send(Array(bytes[..<3])), odd.send(Array(bytes[3...]))])
        #expect(tcp.compactMap { $0.order?.clOrdID } == ["O1"])
        let udp = tap.take([odd.datagram(.outbound, newOrder(2))])
        #expect(udp.compactMap { $0.order?.clOrdID } == ["O2"])
        #expect(udp.compactMap(\.secondPath) == ["order over UDP"])
    }

    @Test func `the rig's own evidence link and scrapes of the governor are no second path`() {
        var evidence = Dialogue()
        evidence.interface = "control"
        evidence.remote = Endpoint(host: 0xC612_010F, port: 7_010)
        var scrape = Dialogue()
        scrape.interface = "control"
        scrape.remote = Endpoint(host: 0xC612_010F, port: 50_000)
        scrape.local = Endpoint(host: 0xC612_010D, port: 8_000)
        var tap = TapDecoder.tested(rig: [evidence.remote])
        _ = tap.take(evidence.handshake())
        _ = tap.take([
            scrape.segment(.inbound, [], sequence: 1, flags: 2), scrape.segment(.outbound, [], sequence: 9, flags: 18)
        ])
        #expect(tap.counters.secondPath == 0)
    }

    @Test func `what could hide an order and can't be read is counted`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let ends = (talk.local, talk.remote)
        _ = tap.receive(
            talk.packet(.outbound, protocolNumber: 6, ends, [UInt8](repeating: 0, count: 40), fragment: 0x2000))
        _ = tap.receive(talk.packet(.outbound, protocolNumber: 132, ends, [1, 2, 3, 4]))
        _ = tap.take(talk.handshake() + [talk.send(Array("GARBAGE\u{1}".utf8))])
        #expect(tap.counters.undecodable == 3)
        _ = tap.receive(talk.packet(.outbound, protocolNumber: 1, ends, [8, 0, 0, 0]))
        #expect(tap.counters.undecodable == 3)
    }

    @Test(arguments: [[0x81, 0x00, 0x20, 0x05], [0x88, 0xA8, 0, 7, 0x81, 0x00, 0, 5]] as [[UInt8]])
    func `an order in a tagged frame is read, one tag or two`(tags: [UInt8]) {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let plain = talk.handshake() + [talk.send(newOrder(1))]
        let packets = plain.map { packet in packet.altered { $0.insert(contentsOf: tags, at: 12) } }
        #expect(tap.take(packets).compactMap { $0.order?.clOrdID } == ["O1"])
        #expect(tap.counters.undecodable == 0)
    }

    @Test(arguments: [[0x88, 0x47], [0x88, 0x64], [0x88, 0xE5]] as [[UInt8]])
    func `a frame that may carry an order behind another header is counted, not passed over`(type: [UInt8]) {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        _ = tap.receive(talk.send(newOrder(1)).altered { $0.replaceSubrange(12..<14, with: type + [0, 0, 0, 0]) })
        #expect(tap.counters.undecodable == 1)
    }

    @Test func `a frame with more tags than anybody stacks, and one that ends in its tag, is counted`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let tags = (0..<5).flatMap { _ in [0x81, 0x00, 0, 5] as [UInt8] }
        _ = tap.receive(talk.send(newOrder(1)).altered { $0.insert(contentsOf: tags, at: 12) })
        _ = tap.receive(talk.send(newOrder(2)).altered { $0 = $0[..<12] + [0x81, 0x00, 0] })
        #expect(tap.counters.undecodable == 2)
    }

    @Test func `two thousand orders in one packet of BIG TCP are read to the last`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let orders = (1...2_000).flatMap { newOrder($0) }
        #expect(orders.count > Int(UInt16.max))
        let packets = talk.handshake() + [talk.send(orders).altered { $0[16] = 0; $0[17] = 0 }]
        #expect(tap.take(packets).compactMap(\.order).count == 2_000)
        #expect(tap.counters.undecodable == 0)
    }

    @Test func `what the capture cut off a packet of BIG TCP is a hole`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let handshake = talk.handshake()
        let big = talk.send((1...2_000).flatMap { newOrder($0) })
        let cut = Packet(
            stamp: big.stamp, interface: big.interface, direction: .outbound, networkOffset: 14,
            bytes: big.altered { $0[16] = 0; $0[17] = 0; $0.removeLast(500) }.bytes, originalLength: big.bytes.count)
        _ = tap.take(handshake + [cut, talk.segment(.inbound, [], sequence: talk.heard)])
        #expect(tap.counters.holes == 1)
    }

    @Test func `a length of nothing in a packet that is not BIG TCP can't be read`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        _ = tap.take(talk.handshake() + [talk.send(newOrder(1)).altered { $0[16] = 0; $0[17] = 0 }])
        #expect(tap.counters.undecodable == 1 && tap.counters.orders == 0)
    }

    @Test(arguments: [
        (58, nil, 0), (6, nil, 1), (17, nil, 1), (0, 58, 0), (0, 6, 1),
    ] as [(UInt8, UInt8?, Int)])
    func `IPv6 is passed over only where it can't carry an order, BIG TCP's options included`(
        next: UInt8, behindOptions: UInt8?, undecodable: Int
    ) {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let header: [UInt8] = [0x60, 0, 0, 0, 0, 60, next, 64] + [UInt8](repeating: 1, count: 32)
        let rest = [behindOptions ?? 0] + [UInt8](repeating: 0, count: 60)
        let ethernet = [UInt8](repeating: 0, count: 12) + [0x86, 0xDD]
        _ = tap.receive(talk.send([]).altered { $0 = ethernet + header + rest })
        #expect(tap.counters.undecodable == undecodable)
    }

    @Test func `loopback and the agent's own fault interfaces are not judged`() {
        var tap = TapDecoder.tested()
        for interface in ["lo", "gnt0"] {
            var talk = Dialogue()
            talk.interface = interface
            #expect(tap.take(talk.handshake() + [talk.send(newOrder(1))]).isEmpty)
        }
    }

    @Test func `an intent reaches the governor with the packet that ends its message`() {
        var talk = Dialogue()
        talk.remote = Dialogue.redis
        var tap = TapDecoder.tested()
        let push = bulkArray("message", "strategy.intents", #"{"id":"I1","tick":7}"#)
        var packets = talk.handshake()
        packets.append(talk.hear(bulkArray("message", "market.depth.NVDA", #"{"tick":6}"#) + push[..<30]))
        let last = talk.hear(Array(push[30...]))
        packets.append(last)
        let seen = tap.take(packets).filter { if case .intent = $0.event { true } else { false } }
        #expect(seen.map(\.stamp) == [last.stamp])
        guard case .intent("I1", 7)? = seen.first?.event else {
            Issue.record("expected intent I1 of tick 7, found \(seen)")
            return
        }
    }

    @Test func `a decision leaves with its PUBLISH, whatever its case`() {
        var talk = Dialogue()
        talk.remote = Dialogue.redis
        var tap = TapDecoder.tested()
        let seen = tap.take(
            talk.handshake() + [
                talk.send(bulkArray("publish", "governor.decisions", #"{"intent":"I1","action":"reject"}"#))
            ])
        let json = seen.compactMap { sighting -> JSON? in
            if case .decision(let json) = sighting.event { json } else { nil }
        }
        #expect(json.map { $0["intent"] } == ["I1"])
        #expect(tap.counters.decisions == 1)
    }

    @Test func `a session begins with the Logon that comes in and ends with reset, end or silence`() {
        for (flags, reason) in [(UInt8(20), "rst"), (17, "fin")] {
            var talk = Dialogue()
            var tap = TapDecoder.tested()
            let logon = tap.take(talk.handshake() + [talk.hear(fixMessage("35=A|34=1|"))])
            #expect(logon.contains { $0.isLogon } && tap.hasSession)
            let end = tap.take([talk.segment(.inbound, [], sequence: talk.heard, flags: flags)])
            #expect(end.compactMap(\.logout) == [reason] && !tap.hasSession)
        }
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        _ = tap.take(talk.handshake() + [talk.hear(fixMessage("35=A|34=1|"))])
        let heard = talk.stamp()
        #expect(tap.check(at: heard + .milliseconds(2_300)).isEmpty)
        #expect(tap.check(at: heard + .milliseconds(2_500)).compactMap(\.logout) == ["silence"])
        #expect(tap.take([talk.hear(fixMessage("35=0|34=2|"))]).contains { $0.isLogon })
    }

    @Test func `ports used again are a new connection`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let before = tap.take(
            talk.handshake() + [talk.send(newOrder(1)), talk.segment(.inbound, [], sequence: talk.heard, flags: 4)])
        talk.sent = 77_000
        talk.heard = 88_000
        let after = tap.take(talk.handshake() + [talk.send(newOrder(2))])
        #expect((before + after).compactMap(\.order).map(\.clOrdID) == ["O1", "O2"])
        #expect(before.last?.connection != after.last?.connection)
        #expect(tap.counters.holes == 0)
    }

    @Test func `a FIN that comes again when both sides have ended is no hole, and the end is forgotten in time`() {
        var talk = Dialogue()
        talk.remote = Dialogue.redis
        var tap = TapDecoder.tested()
        let (sent, heard) = (talk.sent + 1, talk.heard + 1)
        _ = tap.take(talk.handshake())
        let end = talk.segment(.outbound, [], sequence: sent, flags: 17)
        let theirs = talk.segment(.inbound, [], sequence: heard, flags: 17, acknowledges: sent + 1)
        let again = talk.segment(.outbound, [], sequence: sent, flags: 17)
        let last = talk.segment(.outbound, [], sequence: sent + 1, acknowledges: heard + 1)
        let seen = tap.take([end, theirs, again, last])
        #expect(seen.compactMap(\.tcp) == ["fin_out", "fin_in"])
        #expect(tap.counters.holes == 0)
        _ = tap.check(at: theirs.stamp + TapDecoder.closedKept)
        #expect(tap.connections.count == 1)
        _ = tap.check(at: theirs.stamp + TapDecoder.closedKept + .milliseconds(1))
        #expect(tap.connections.isEmpty)
    }

    @Test func `a hole says on which connection it was, and in which direction`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let handshake = talk.handshake()
        _ = talk.send(newOrder(1))
        let seen = tap.take(handshake + [talk.segment(.inbound, [], sequence: talk.heard)])
        #expect(seen.last?.tcp == "hole_out" && seen.last?.remote == talk.remote)
        #expect(tap.counters.holes == 1)
    }

    @Test func `a tap that comes late reads from the next message on`() {
        var talk = Dialogue()
        var tap = TapDecoder.tested()
        let packets = [talk.send(Array(newOrder(1)[20...])), talk.send(newOrder(2))]
        #expect(tap.take(packets).compactMap { $0.order?.clOrdID } == ["O2"])
        #expect(tap.counters.undecodable == 0)
    }
}
