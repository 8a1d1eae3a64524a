import Messages
import Units

extension TapDecoder {
    /// SYN, FIN and RST: what they say about the connection and its session.
    mutating func noteState(of key: Key, _ segment: Segment, _ packet: Packet) {
        guard let connection = connections[key] else { return }
        let isOut = packet.direction == .outbound
        let isShown = connection.initiator != .peer || connection.isFIX
        func show(_ event: String) { if isShown { see(.tcp(event), packet.stamp, connection, packet.interface) } }
        if segment.flags.contains(.syn) {
            if isOut {
                connections[key]?.outbound.stream.begin(synchronize: segment.sequence)
            } else {
                connections[key]?.inbound.stream.begin(synchronize: segment.sequence)
            }
            let isAnswer = segment.flags.contains(.ack)
            show(isAnswer ? "established" : isOut ? "syn_out" : "syn_in")
        }
        if segment.flags.contains(.rst) {
            if !connection.isReset { show(isOut ? "rst_out" : "rst_in") }
            connections[key]?.isReset = true
            endSession(key, "rst", packet)
        } else if segment.flags.contains(.fin) {
            let known = isOut ? connection.outbound.finished : connection.inbound.finished
            if !known { show(isOut ? "fin_out" : "fin_in") }
            if isOut { connections[key]?.outbound.finished = true } else { connections[key]?.inbound.finished = true }
            endSession(key, "fin", packet)
        }
    }

    /// The bytes of a segment, and what its acknowledgement says about those of the other direction.
    mutating func carry(_ key: Key, _ segment: Segment, _ packet: Packet) {
        // A reset's numbers may be made up; a SYN carries no bytes here.
        guard segment.flags.isDisjoint(with: [.syn, .rst]) else { return }
        let isOut = packet.direction == .outbound
        let isLast = segment.flags.contains(.fin)
        if segment.length > 0 || isLast {
            let outputs: [ByteStream.Output]
            if isOut {
                outputs =
                    connections[key]?.outbound.stream.receive(
                        sequence: segment.sequence, payload: segment.payload, length: segment.length, isLast: isLast,
                        stamp: packet.stamp) ?? []
            } else {
                outputs =
                    connections[key]?.inbound.stream.receive(
                        sequence: segment.sequence, payload: segment.payload, length: segment.length, isLast: isLast,
                        stamp: packet.stamp) ?? []
            }
            take(outputs, key, packet.direction, packet)
        }
        guard segment.flags.contains(.ack) else { return }
        let acknowledged: [ByteStream.Output]
        if isOut {
            acknowledged = connections[key]?.inbound.stream.acknowledge(segment.acknowledgement) ?? []
        } else {
            acknowledged = connections[key]?.outbound.stream.acknowledge(segment.acknowledgement) ?? []
        }
        take(acknowledged, key, isOut ? .inbound : .outbound, packet)
    }

    private mutating func take(
        _ outputs: [ByteStream.Output], _ key: Key, _ direction: Packet.Direction, _ packet: Packet
    ) {
        for output in outputs {
            switch output {
            case .hole:
                count { $0.holes += 1 }
                giveUpPairing(key, "a hole")
                if let connection = connections[key] {
                    let event = direction == .outbound ? "hole_out" : "hole_in"
                    see(.tcp(event), packet.stamp, connection, packet.interface)
                }
                if direction == .outbound {
                    connections[key]?.outbound.skipHole()
                } else {
                    connections[key]?.inbound.skipHole()
                }
            case .bytes(let bytes, let stamp):
                let garbledBefore = garbled(key, direction)
                guard let (messages, values) = connections[key]?.read(bytes, direction) else { continue }
                let garbledNow = garbled(key, direction) - garbledBefore
                count {
                    if direction == .outbound { $0.undecodable += garbledNow } else { $0.garbledInbound += garbledNow }
                }
                if garbledNow > 0 { giveUpPairing(key, "bytes of no known form") }
                if direction == .inbound { hear(key, packet) }
                for message in messages { understand(message, key, direction, stamp, packet.interface) }
                for value in values {
                    understand(value, key, direction, stamp, packet.interface)
                    pair(value, key, direction, stamp, packet.interface)
                }
            }
        }
    }

    private func garbled(_ key: Key, _ direction: Packet.Direction) -> Int {
        guard let connection = connections[key] else { return 0 }
        let half = direction == .outbound ? connection.outbound : connection.inbound
        return (half.fix?.garbled ?? 0) + (half.resp?.garbled ?? 0)
    }

    private mutating func understand(
        _ message: WireMessage, _ key: Key, _ direction: Packet.Direction, _ stamp: WallTime, _ interface: String
    ) {
        guard let connection = connections[key] else { return }
        if direction == .outbound, !Sighting.Order.harmless.contains(message.type) {
            see(.order(Sighting.Order(message)), stamp, connection, interface)
            if interface != configuration.marketInterface { see(.secondPath("order"), stamp, connection, interface) }
            return
        }
        see(.fix(message, direction), stamp, connection, interface)
        if message.type == "A", direction == .inbound {
            connections[key]?.session = .loggedOn(lastHeard: stamp)
            see(.logon(resumed: false), stamp, connection, interface)
        } else if message.type == "5", case .loggedOn = connection.session {
            connections[key]?.session = .over
            see(.logout("logout"), stamp, connection, interface)
        }
    }

    private mutating func hear(_ key: Key, _ packet: Packet) {
        guard let connection = connections[key] else { return }
        switch connection.session {
        case .loggedOn: connections[key]?.session = .loggedOn(lastHeard: packet.stamp)
        case .silent:
            connections[key]?.session = .loggedOn(lastHeard: packet.stamp)
            see(.logon(resumed: true), packet.stamp, connection, packet.interface)
        case .none, .over: break
        }
    }

    private mutating func endSession(_ key: Key, _ reason: String, _ packet: Packet) {
        guard let connection = connections[key] else { return }
        if case .loggedOn = connection.session { see(.logout(reason), packet.stamp, connection, packet.interface) }
        if connection.isFIX { connections[key]?.session = .over }
    }

    private mutating func understand(
        _ value: RESPValue, _ key: Key, _ direction: Packet.Direction, _ stamp: WallTime, _ interface: String
    ) {
        guard let connection = connections[key], let elements = value.elements, elements.count >= 3 else { return }
        let kind = elements[0].text?.lowercased()
        switch direction {
        case .inbound where kind == "message" || kind == "pmessage":
            guard elements[elements.count - 2].text == Intent.channel, let payload = elements[elements.count - 1].bytes
            else {
                return
            }
            // An intent that is no JSON is the governor's to reject; it has no id to record.
            guard let json = try? JSON(parsing: payload) else { return }
            see(.intent(id: json["id"] ?? .null, tick: json["tick"] ?? .null), stamp, connection, interface)
        case .outbound where kind == "publish" && elements[1].text == Decision.channel:
            // What is no JSON is recorded too, all of its fields null: an outcome nobody can read.
            let json = elements[2].bytes.flatMap { try? JSON(parsing: $0) } ?? .null
            see(.decision(json), stamp, connection, interface)
        default: return
        }
    }

    /// Never on a copy of the connection: what waits for replies would be copied at each command.
    private mutating func pair(
        _ value: RESPValue, _ key: Key, _ direction: Packet.Direction, _ stamp: WallTime, _ interface: String
    ) {
        guard connections[key]?.pairing != nil else { return }
        let wasCertain = connections[key]?.pairing?.doubt == nil
        if direction == .outbound {
            count { $0.redisCommands += 1 }
            connections[key]?.pairing?.left(value, at: stamp)
        } else {
            let answer = connections[key]?.pairing?.came(value, at: stamp) ?? .none
            if answer != .none { count { $0.redisAnswered += 1 } }
            if case .timed(let trip) = answer, let connection = connections[key] {
                see(.roundTrip(trip.command, trip.took), stamp, connection, interface)
            }
        }
        if wasCertain, connections[key]?.pairing?.doubt != nil { count { $0.redisGivenUp += 1 } }
    }

    private mutating func giveUpPairing(_ key: Key, _ reason: String) {
        guard let pairing = connections[key]?.pairing, pairing.doubt == nil else { return }
        count { $0.redisGivenUp += 1 }
        connections[key]?.pairing?.giveUp(reason)
    }
}
