// What the governor's interfaces carried, understood: TCP by sequence number, FIX and Redis on top of it.
//
// The tap counts a departure at the first packet that carried a message's last byte, and never again. What it
// could not see (holes) or read (undecodable) it counts, because a verdict that rests on it must not be given.

import Messages
import Units

package struct TapDecoder: Sendable {
    package struct Configuration: Sendable {
        package var brokerPort: UInt16
        package var redisPort: UInt16
        package var marketInterface: String
        /// Where the rig's own programs in the governor's node connect to: an agent that sends evidence, an observer
        /// that sits there and listens to the control side of Redis, whose password the governor isn't given.
        package var rig: Set<Endpoint>

        package init(
            brokerPort: UInt16, redisPort: UInt16 = 6379, marketInterface: String = "market", rig: Set<Endpoint> = []
        ) {
            self.brokerPort = brokerPort
            self.redisPort = redisPort
            self.marketInterface = marketInterface
            self.rig = rig
        }
    }

    package struct Counters: Hashable, Sendable {
        package var packets = 0
        /// Stretches of bytes that the peer acknowledged and the tap did not see.
        package var holes = 0
        package var secondPath = 0
        /// Packets and outgoing stretches that could hold an order and could not be read.
        package var undecodable = 0
        /// Incoming stretches of no known form.
        package var garbledInbound = 0
        package var orders = 0
        package var intents = 0
        package var decisions = 0
        /// Commands that left for Redis, and how many of them were answered as far as the wire can tell.
        package var redisCommands = 0
        package var redisAnswered = 0
        /// Connections on which it became uncertain which reply is whose.
        package var redisGivenUp = 0
    }

    struct Key: Hashable {
        let local: Endpoint
        let remote: Endpoint
    }

    /// Nothing heard for this long on a logged-on session (2.4 × HeartBtInt): the session counts as down.
    package static let silenceMaximum = Duration.nanoseconds(2_400_000_000)
    /// How long a connection that is over is remembered: its last FIN may come again, and is acknowledged again. Taken
    /// for a connection of its own, that acknowledgement would be of a byte that nobody saw.
    package static let closedKept = Duration.nanoseconds(10_000_000_000)
    /// Interfaces of the chaos agent's own, behind which packets are seen a second time.
    static let faultInterfacePrefix = "gnt"

    let configuration: Configuration
    package private(set) var counters = Counters()
    var connections: [Key: WireConnection] = [:]
    private var connectionsBegun = 0
    var sightings: [Sighting] = []

    package init(_ configuration: Configuration) { self.configuration = configuration }

    package var hasSession: Bool {
        connections.values.contains { if case .loggedOn = $0.session { true } else { false } }
    }

    /// Understands one packet. `keep` says whether it belongs into the wire file.
    package mutating func receive(_ packet: Packet) -> (sightings: [Sighting], keep: Bool) {
        counters.packets += 1
        guard packet.interface != "lo", !packet.interface.hasPrefix(TapDecoder.faultInterfacePrefix) else {
            return ([], false)
        }
        var keep = false
        switch packet.carried() {
        case .ignored: break
        case .undecodable:
            counters.undecodable += 1
            keep = true
        case .datagram(let datagram): keep = receive(datagram, packet)
        case .segment(let segment): keep = receive(segment, packet)
        }
        defer { sightings.removeAll(keepingCapacity: true) }
        return (sightings, keep)
    }

    /// Looks for sessions that have gone silent, and forgets what is long over. Call it ten times a second.
    package mutating func check(at now: WallTime) -> [Sighting] {
        for (key, connection) in connections {
            if let over = connection.overSince, !connection.isFIX, now - over > TapDecoder.closedKept {
                connections[key] = nil
                continue
            }
            guard case .loggedOn(let heard) = connection.session, now - heard > TapDecoder.silenceMaximum else {
                continue
            }
            connections[key]?.session = .silent
            see(.logout("silence"), now, connection, connection.interface)
        }
        defer { sightings.removeAll(keepingCapacity: true) }
        return sightings
    }

    mutating func see(_ event: Sighting.Event, _ stamp: WallTime, _ connection: WireConnection, _ interface: String) {
        if case .order = event { counters.orders += 1 }
        if case .intent = event { counters.intents += 1 }
        if case .decision = event { counters.decisions += 1 }
        if case .secondPath = event { counters.secondPath += 1 }
        sightings.append(
            Sighting(
                stamp: stamp, connection: connection.identifier, interface: interface, local: connection.local,
                remote: connection.remote, event: event))
    }

    private mutating func receive(_ datagram: Datagram, _ packet: Packet) -> Bool {
        guard datagram.payload.starts(with: FIXSplitter.mark) else { return false }
        var splitter = FIXSplitter()
        let messages = splitter.receive(datagram.payload)
        if messages.isEmpty { counters.undecodable += 1 }
        let isOut = packet.direction == .outbound
        connectionsBegun += 1
        let flow = WireConnection(
            identifier: connectionsBegun, local: isOut ? datagram.source : datagram.destination,
            remote: isOut ? datagram.destination : datagram.source, interface: packet.interface, initiator: .unknown)
        for message in messages {
            guard isOut, !Sighting.Order.harmless.contains(message.type) else {
                see(.fix(message, packet.direction), packet.stamp, flow, packet.interface)
                continue
            }
            see(.order(Sighting.Order(message)), packet.stamp, flow, packet.interface)
            see(.secondPath("order over UDP"), packet.stamp, flow, packet.interface)
        }
        return true
    }

    private mutating func receive(_ segment: Segment, _ packet: Packet) -> Bool {
        let isOut = packet.direction == .outbound
        let key =
            isOut
            ? Key(local: segment.source, remote: segment.destination)
            : Key(local: segment.destination, remote: segment.source)
        let isSYN = segment.flags.contains(.syn)
        let isFirstSYN = isSYN && !segment.flags.contains(.ack)
        if connections[key] == nil || (isFirstSYN && beginsAnew(key, segment, isOut)) { open(key, segment, packet) }
        noteState(of: key, segment, packet)
        carry(key, segment, packet)
        guard let connection = connections[key] else { return true }
        let keep = connection.isFIX || !segment.flags.isDisjoint(with: [.syn, .fin, .rst])
        if connection.isOver, connection.overSince == nil { connections[key]?.overSince = packet.stamp }
        return keep
    }

    /// A SYN that is no retransmission: the ports are used again.
    private func beginsAnew(_ key: Key, _ segment: Segment, _ isOut: Bool) -> Bool {
        guard let connection = connections[key], !connection.isOver else { return true }
        let stream = isOut ? connection.outbound.stream : connection.inbound.stream
        return !stream.began(synchronize: segment.sequence)
    }

    private mutating func open(_ key: Key, _ segment: Segment, _ packet: Packet) {
        let isSYN = segment.flags.contains(.syn)
        let opensHere = segment.flags.contains(.ack) ? packet.direction == .inbound : packet.direction == .outbound
        connectionsBegun += 1
        var connection = WireConnection(
            identifier: connectionsBegun, local: key.local, remote: key.remote, interface: packet.interface,
            initiator: !isSYN ? .unknown : opensHere ? .governor : .peer)
        if !isSYN {
            connection.outbound.isTorn = true
            connection.inbound.isTorn = true
        }
        if key.remote.port == configuration.brokerPort {
            connection.outbound.chooseFIX()
            connection.inbound.chooseFIX()
        } else if key.remote.port == configuration.redisPort {
            connection.outbound.chooseRESP()
            connection.inbound.chooseRESP()
            if !configuration.rig.contains(key.remote) {
                connection.pairing = CommandPairing(seenFromItsBeginning: isSYN)
            }
        }
        connections[key] = connection
        guard packet.interface != configuration.marketInterface, connection.initiator == .governor,
            !configuration.rig.contains(key.remote)
        else { return }
        see(.secondPath("connection"), packet.stamp, connection, packet.interface)
    }

    mutating func count(_ change: (inout Counters) -> Void) { change(&counters) }
}
