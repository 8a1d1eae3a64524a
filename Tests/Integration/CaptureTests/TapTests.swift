import Capture
import Glibc
import ObserverCore
import Sockets
import Testing
import Units

@Suite(.enabled(if: Cable.isAllowed, "needs CAP_SYS_ADMIN for network namespaces"), .serialized)
struct TapTests {
    /// Runs the reactor until the tap has been quiet for three of its holds.
    private func drain(_ reactor: Reactor, _ count: () -> Int) {
        var last = -1
        var quietSince = Instant.now
        // The condition is looked at after each turn, and a quiet reactor has none by itself.
        let turns = reactor.every(.milliseconds(10)) {}
        defer { turns.cancel() }
        _ = reactor.run(until: .now + .seconds(20)) {
            if count() != last {
                last = count()
                quietSince = .now
            }
            return Instant.now - quietSince > .milliseconds(60)
        }
    }

    private func packet(_ seen: TapPacket, _ tap: Tap) -> Packet {
        Packet(
            stamp: seen.stamp, interface: tap.name(of: seen.interface),
            direction: seen.isOutgoing ? .outbound : .inbound,
            networkOffset: seen.networkOffset, bytes: seen.bytes)
    }

    @Test func `a tap in another namespace sees both directions, by interface name and kernel time`() throws {
        let cable = try Cable()
        let reactor = try Reactor()
        let tap = try Tap(namespace: cable.nearPath, on: reactor)
        defer { tap.close() }
        var seen: [Packet] = []
        tap.onPacket = { seen.append(packet($0, tap)) }
        let before = WallTime.now
        let (near, far) = try cable.connect(port: 9_878)
        pump(Array("hello".utf8), from: near, to: far)
        pump(Array("welcome".utf8), from: far, to: near)
        let after = WallTime.now
        drain(reactor) { seen.count }
        let tcp = seen.filter { $0.bytes.count > 33 && $0.bytes[12] == 8 && $0.bytes[13] == 0 && $0.bytes[23] == 6 }
        #expect(tcp.contains { $0.direction == .outbound && $0.bytes.suffix(5) == Array("hello".utf8)[...] })
        #expect(tcp.contains { $0.direction == .inbound && $0.bytes.suffix(7) == Array("welcome".utf8)[...] })
        #expect(tcp.allSatisfy { $0.interface == "market" && $0.stamp >= before && $0.stamp <= after })
    }

    @Test func `a burst in packets of up to 64 KiB is read to the last order, nothing dropped, no hole`() throws {
        let cable = try Cable()
        let reactor = try Reactor()
        let tap = try Tap(namespace: cable.nearPath, on: reactor)
        defer { tap.close() }
        var decoder = TapDecoder(TapDecoder.Configuration(brokerPort: 9_878))
        var orders: [String] = []
        var longest = 0
        tap.onPacket = { seen in
            longest = max(longest, seen.bytes.count)
            for sighting in decoder.receive(packet(seen, tap)).sightings {
                if case .order(let order) = sighting.event { orders.append(order.clOrdID) }
            }
        }
        let (near, far) = try cable.connect(port: 9_878)
        pump((1...20_000).flatMap(fixOrder), from: near, to: far)
        drain(reactor) { decoder.counters.packets }
        #expect(orders == (1...20_000).map { "O\($0)" })
        #expect(longest > 9_000, "expected packets beyond any Ethernet frame, found at most \(longest) bytes")
        #expect(decoder.counters.holes == 0 && decoder.counters.undecodable == 0)
        #expect(try tap.statistics().dropped == 0)
    }

    @Test func `one packet in twenty that the tap loses is seen as holes`() throws {
        let cable = try Cable()
        let reactor = try Reactor()
        let tap = try Tap(namespace: cable.nearPath, on: reactor)
        defer { tap.close() }
        var decoder = TapDecoder(TapDecoder.Configuration(brokerPort: 9_878))
        var number = 0
        tap.onPacket = { seen in
            number += 1
            if number % 20 != 0 { _ = decoder.receive(packet(seen, tap)) }
        }
        let (near, far) = try cable.connect(port: 9_878)
        for order in 1...300 { pump(fixOrder(order), from: near, to: far) }
        drain(reactor) { number }
        #expect(decoder.counters.holes > 0)
        #expect(decoder.counters.orders < 300)
    }

    @Test func `packets that nobody takes in time are counted as dropped`() throws {
        let cable = try Cable()
        let reactor = try Reactor()
        var sizes = Tap.Sizes()
        sizes.snapLength = 64 << 10
        sizes.kernelRing = 128 << 10
        sizes.ownRing = 128 << 10
        let tap = try Tap(namespace: cable.nearPath, sizes: sizes, on: reactor)
        defer { tap.close() }
        let (near, far) = try cable.connect(port: 9_878)
        pump([UInt8](repeating: 7, count: 8 << 20), from: near, to: far)
        #expect(try tap.statistics().dropped > 0)
    }

    @Test func `a namespace that is not there is refused with its path and what to look at`() throws {
        let reactor = try Reactor()
        let error = #expect(throws: SystemError.self) { try Tap(namespace: "/run/netns/nobody-here", on: reactor) }
        #expect(error?.description.contains("/run/netns/nobody-here") == true)
        #expect(error?.description.contains("network namespace") == true)
    }
}
