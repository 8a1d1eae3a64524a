import Units

extension Scenario {
    /// What a drill does, for people: phases, load, faults with their expected effect, the operator, gates.
    package func explanation(on topology: Topology) -> String {
        var lines = ["\(title): \(description)", ""]
        lines.append(
            "\(duration.written) in all, on topology '\(topology.name)'"
                + (certifying ? "" : "; its verdict certifies nothing"))
        lines += ["", "Phases"]
        for phase in phases {
            lines.append(
                "  \(padded((start(of: phase.name) ?? .zero).written, 8)) "
                    + "\(padded(phase.name.rawValue, 8)) \(phase.duration.written)"
            )
        }
        lines += ["", "Load"] + loadLines.map { "  " + $0 }
        if !overlayLines.isEmpty {
            lines += ["", "Laid over the tape: invented, not recorded"] + overlayLines.map { "  " + $0 }
        }
        lines += ["", faults.isEmpty ? "No faults" : "Faults"]
        for fault in faults { lines += explanation(fault, topology).map { "  " + $0 } }
        lines += ["", "Operator"] + operatorLines.map { "  " + $0 }
        if !stops.isEmpty { lines += ["", "Ended at once, inconclusive, when"] + stops.map { "  " + $0.words } }
        lines += ["", "Gates"]
        let width = gates.map(\.name.rawValue.count).max() ?? 0
        for gate in gates { lines.append("  \(padded(gate.name.rawValue, width)) \(explanation(gate))") }
        return lines.joined(separator: "\n") + "\n"
    }

    private var loadLines: [String] {
        let books = books.map {
            "\($0.symbol) from \($0.tape)\($0.format == .bars ? "" : ", recorded (\($0.format.rawValue))")"
                + ($0.pricePercent == 100 ? "" : " at \($0.pricePercent) % of its price")
        }
        let interval = feed.depthInterval * 100 / feed.speedPercent
        return books + [
            "a book state every \(interval.written) a symbol, beginning \(feed.lead.written) before the first phase",
            rateLine,
        ] + strategyLines + [
            "broker round trip \(broker.roundTripMean.written), variance \(broker.roundTripVariance) ms², "
                + "fills by \(broker.fillModel.rawValue)",
        ] + (feed.separateRedis ? ["depth and intents through a Redis of their own"] : [])
    }

    private var rateLine: String {
        let start = "\(load.starts.rawValue) + \(load.delay.written)"
        guard load.changes == 0 else { return "\(load.changes) position changes at once, at \(start)" }
        return "\(load.intentsPerSecond) intents a second from \(start), "
            + "\(load.probePercent) % of them probes that must be denied"
    }

    private var operatorLines: [String] {
        ["lets the governor trade at \(operatorRules.unpauseIn.rawValue) + \(operatorRules.unpauseOffset.written)"]
            + operatorRules.resumes.map { resume in
                "resumes after '\(resume.fault)': recovered for \(resume.afterRecovery.written), not before "
                    + "\(resume.earliest.written) and no later than \(resume.latest.written) from its first effect"
            }
    }

    private func explanation(_ fault: Fault, _ topology: Topology) -> [String] {
        let start =
            switch fault.start {
            case .phase(let phase, let offset): "at \(phase.rawValue) + \(offset.written)"
            case .inForce(let other, let within): "as soon as '\(other)' is in force, within \(within.written)"
            }
        var lines = ["\(fault.id): \(fault.kind.rawValue) for \(fault.duration.written), \(start)"]
        for application in fault.applications(on: topology) {
            let address = topology.node(application.node)?.market ?? "no market address"
            lines.append(
                "  at the ingress of \(application.node) (\(address)), "
                    + "from \(application.peers.joined(separator: ", "))"
            )
        }
        return lines + expectedEffects(of: fault, on: topology).map { "  expected: " + $0 }
    }

    private func explanation(_ gate: Gate) -> String {
        let demand =
            switch gate.threshold {
            case .count(let count): "at least \(count)"
            case .number(let limit): "\(gate.name.comparator.words) \(limit) \(gate.name.numberUnit)"
            case .duration(let duration): "at most \(duration.written)"
            case .range(let low, let high): "between \(low.written) and \(high.written)"
            case nil: gate.kind == .never ? "none" : "holds"
            }
        let premises = gate.premises.map(\.rawValue).joined(separator: ", ")
        return "\(padded(gate.kind.rawValue, 9)) \(demand)" + (premises.isEmpty ? "" : "; if \(premises)")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension Scenario {
    /// What a fault does to those who feel it; the round trip is the sum of the one-way delays of both directions.
    package func expectedEffects(of fault: Fault, on topology: Topology) -> [String] {
        fault.applications(on: topology).flatMap { application in
            application.peers.map { peer in effect(of: fault, from: peer, to: application.node, topology) }
        }
    }

    private func effect(of fault: Fault, from peer: String, to node: String, _ topology: Topology) -> String {
        switch fault.kind {
        case .latency:
            let delay = fault.delay ?? .zero
            let roundTrip = roundTripDelay(between: peer, and: node, in: fault, topology)
            let held = fault.jitter.map { "\(delay.written) to \((delay + $0).written), evenly" } ?? delay.written
            return
                "\(peer) → \(node) held \(held), "
                + "round trip \(peer) ↔ \(node) + \(roundTrip.written)"
        case .loss: return "\(fault.percent ?? 0) % of the packets \(peer) → \(node) lost"
        case .duplicate: return "\(fault.percent ?? 0) % of the packets \(peer) → \(node) twice"
        case .corrupt: return "\(fault.percent ?? 0) % of the packets \(peer) → \(node) with one bit flipped, so mostly lost"
        case .reorder:
            return "packets \(peer) → \(node) held \((fault.delay ?? .zero).written), "
                + "\(fault.percent ?? 0) % of them at once, before those"
        case .rate: return "\(peer) → \(node) at most \(fault.bitsPerSecond ?? 0) bits a second"
        case .dropSocket: return "connections \(peer) → \(node) port \(fault.port ?? 0) die at once"
        case .disconnect:
            let meets = fault.mode == .silent ? "silence" : "RST"
            return
                "connections \(peer) → \(node) port \(fault.port ?? 0) die, "
                + "new ones meet \(meets) for \(fault.duration.written)"
        case .halfOpen:
            return "\(node) forgets its connections of port \(fault.port ?? 0), \(peer) goes on believing in them"
        case .partition: return "no packet \(peer) → \(node); sockets stay; no round trip"
        case .linkDown: return "no packet to or from \(node)"
        case .restart: return "\(fault.process ?? "") on \(node): killed, started again after \(fault.duration.written)"
        case .kill, .pause: return "\(fault.process ?? "") on \(node): \(fault.kind.rawValue)"
        }
    }

    /// Of this fault and of every other latency that lies over it in time.
    private func roundTripDelay(between left: String, and right: String, in fault: Fault, _ topology: Topology)
        -> Duration
    {
        var sum = Duration.zero
        for other in faults where other.kind == .latency && overlap(other, fault) {
            for application in other.applications(on: topology) {
                let isForward = application.node == right && application.peers.contains(left)
                let isBackward = application.node == left && application.peers.contains(right)
                if isForward || isBackward { sum += other.delay ?? .zero }
            }
        }
        return sum
    }

    private func overlap(_ left: Fault, _ right: Fault) -> Bool {
        guard let first = expectedStart(of: left.id), let second = expectedStart(of: right.id) else {
            return left.id == right.id
        }
        return first < second + right.duration && second < first + left.duration
    }
}
