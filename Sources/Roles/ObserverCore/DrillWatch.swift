// Everything the observer knows while a drill runs: events in, directives out.
//
// It holds no clock, socket or file. Realtime stamps of tap, Redis and broker become monotonic here, by the
// samples that `sample` brings.

import History
import Messages
import Units

package enum Directive: Sendable {
    /// One line of history.
    case record(Observation)
    /// For a person who watches: standard error.
    case announce(String)
    /// A leak: one line of history that ends with the instant at which it is said, as `announced_t`, and the words for a
    /// person who watches.
    case alarm(Observation, String)
    /// For dashboards: a Redis channel.
    case publish(channel: String, payload: [UInt8])
    /// Read this flag: something changed it that MONITOR didn't show.
    case ask(key: String)
    /// From now on the memory of this process is sampled; `nil` ends it.
    case follow(name: String, pid: Int32?)
}

package struct DrillWatch: Sendable {
    package static let chaosChannel = "chaos.events"

    package internal(set) var tap: TapDecoder
    package internal(set) var flags: FlagLog
    package internal(set) var ledger = Ledger()
    package internal(set) var leakWatch = LeakWatch()
    package internal(set) var clock = ClockMap()
    private var delays: [String: Duration] = [:]
    private var cuts: [String: StoreCut] = [:]
    private let governor: String
    private let store: String

    /// - Parameters: market addresses of governor and store, the conductor's on control.
    package init(tap: TapDecoder.Configuration, governor: String, conductor: String, store: String) {
        self.tap = TapDecoder(tap)
        self.governor = governor
        self.store = store
        flags = FlagLog(governor: governor, conductor: conductor)
    }

    // MARK: the clock

    package mutating func sample(_ sample: ClockMap.Sample) -> [Directive] {
        clock.add(sample)
        let observation = Observation(
            .rig, "clock", at: sample.monotonic, uncertainty: sample.bound,
            [.init("wall_ns", .integer(sample.wall.nanoseconds))])
        return [.record(observation)]
    }

    /// Ten times a second or more often.
    package mutating func tick(monotonic: Instant, wall: WallTime) -> [Directive] {
        directives(for: tap.check(at: wall)) + DrillWatch.announce(leakWatch.tick(at: monotonic))
    }

    // MARK: the wire

    package mutating func receive(_ packet: Packet) -> (directives: [Directive], keep: Bool) {
        let (sightings, keep) = tap.receive(packet)
        return (sightings.isEmpty ? [] : directives(for: sightings), keep)
    }

    private mutating func directives(for sightings: [Sighting]) -> [Directive] {
        var directives: [Directive] = []
        for sighting in sightings {
            let observation = sighting.observation(clock)
            directives.append(.record(observation))
            if case .order(let order) = sighting.event {
                directives += DrillWatch.announce(leakWatch.departed(order, at: observation.at, ledger: ledger))
            }
        }
        return directives
    }

    /// The record `tap stats`, for the end of the run. `isRealTime`: the receive thread ran under SCHED_FIFO.
    package func statistics(dropped: Int, isRealTime: Bool, at now: Instant) -> Directive {
        let counters = tap.counters
        return .record(
            Observation(
                .tap, "stats", at: now,
                [
                    .init("packets", .integer(Int64(counters.packets))), .init("dropped", .integer(Int64(dropped))),
                    .init("holes", .integer(Int64(counters.holes))),
                    .init("second_path", .integer(Int64(counters.secondPath))),
                    .init("undecodable", .integer(Int64(counters.undecodable))),
                    .init("garbled_in", .integer(Int64(counters.garbledInbound))),
                    .init("redis_commands", .integer(Int64(counters.redisCommands))),
                    .init("redis_answered", .integer(Int64(counters.redisAnswered))),
                    .init("redis_given_up", .integer(Int64(counters.redisGivenUp))),
                    .init("sched_fifo", .bool(isRealTime)),
                ]))
    }

    // MARK: Redis

    package mutating func monitor(_ line: MonitorLine) -> [Directive] { record(flags.receive(line)) }

    package mutating func keyspace(key: String, event: String, at: WallTime) -> [Directive] {
        let (entries, ask) = flags.keyspace(key: key, event: event, at: at)
        return record(entries) + (ask ? [.ask(key: key)] : [])
    }

    package mutating func found(flag key: String, value: String?, at: WallTime) -> [Directive] {
        record(flags.found(key: key, value: value, at: at))
    }

    /// What stood there when the observer came: nobody's act, and yet a pause that orders must respect.
    package mutating func begin(flag key: String, value: String?, at: WallTime) -> [Directive] {
        flags.begin(flag: key, value: value)
        let name = FlagLog.shortName(key)
        let known = value ?? FlagLog.absent
        let (instant, uncertainty) = clock.instant(of: at)
        _ = leakWatch.flag(name, value: known, by: "operator", at: instant)
        return [
            .record(
                Observation(
                    .redis, "flag", at: instant, uncertainty: uncertainty,
                    [
                        .init("key", .string(name)), .init("value", .string(known)), .init("by", .string("found")),
                        .init("command", .string("GET"))
                    ]))
        ]
    }

    package mutating func begin(state: [String: String]) { flags.begin(state: state) }

    private mutating func record(_ entries: [FlagLog.Entry]) -> [Directive] {
        var directives: [Directive] = []
        for entry in entries {
            let (at, uncertainty) = clock.instant(of: entry.at)
            let (type, fields) = entry.event.typeAndFields
            directives.append(
                .record(Observation(.redis, type, at: at, uncertainty: uncertainty + entry.bound, fields)))
            switch entry.event {
            case .flag(let key, let value, let by, _):
                directives += DrillWatch.announce(leakWatch.flag(key, value: value, by: by, at: at))
            case .state(let state, let by)
            where by == "governor" && state["state"] == GovernorState.Kind.paused.rawValue:
                directives += DrillWatch.announce(leakWatch.acknowledged(at: at))
            default: break
            }
        }
        return directives
    }

    // MARK: the broker's drop copy

    package mutating func dropCopy(_ payload: [UInt8]) -> [Directive] {
        let execution: Execution
        let json: JSON
        do {
            json = try JSON(parsing: payload)
            execution = try Execution(parsing: payload)
        } catch {
            return [
                .announce("broker.executions: unreadable, so the evidence has a gap: \(error)"),
                gap("broker", "a message", "\(error)")
            ]
        }
        let isNew = ledger.verifiedReducing[execution.clOrdID] == nil
        let arrival = ledger.receive(execution)
        let (at, uncertainty) = clock.instant(of: execution.at)
        let members = (json.members ?? []).filter { $0.key != "at_ns" }
        var directives: [Directive] = [
            .record(Observation(.broker, "execution", at: at, uncertainty: uncertainty, members))
        ]
        if case .gap(let expected, let found) = arrival { directives.append(gap("broker", expected, found)) }
        if isNew, let reduces = ledger.verifiedReducing[execution.clOrdID] {
            directives += DrillWatch.announce(leakWatch.accepted(execution.clOrdID, reduces: reduces, at: at))
        }
        return directives
    }

    private func gap(_ source: String, _ expected: String, _ found: String) -> Directive {
        .record(
            Observation(
                .rig, "evidence_gap", at: clock.latest,
                [.init("source", .string(source)), .init("expected", .string(expected)), .init("found", .string(found))]
            ))
    }

    // MARK: evidence of the others

    package mutating func evidence(_ observation: Observation) -> [Directive] {
        var directives: [Directive] = [.record(observation)]
        if observation.source == .chaos {
            noteDelay(observation)
            directives += DrillWatch.announce(noteCut(observation))
            let json = JSON.object([.init("type", .string(observation.type))] + observation.fields)
            directives.append(.publish(channel: DrillWatch.chaosChannel, payload: json.bytes()))
        }
        if observation.source == .rig, observation.type == "process", let name = observation["name"]?.string {
            let isOver = observation["event"]?.string == "exited"
            let pid = observation["pid"]?.integer.flatMap { Int32(exactly: $0) } ?? 0
            // 0: whoever tells it doesn't know it, and the observer may.
            if isOver || pid > 0 { directives.append(.follow(name: name, pid: isOver ? nil : pid)) }
        }
        return directives
    }

    /// The operator's pause takes as long to arrive as the faults in force delay it.
    private mutating func noteDelay(_ observation: Observation) {
        guard let fault = observation["fault"]?.string else { return }
        switch observation.type {
        case "fault_requested":
            guard observation["to"]?.string == "governor", let delay = observation["delay_ns"]?.integer else { return }
            delays[fault] = .nanoseconds(delay)
        case "fault_healed", "fault_failed": delays[fault] = nil
        default: return
        }
        leakWatch.delay = delays.values.reduce(.zero, +)
    }

    /// A fault that keeps the governor from reading its flags: by the judge's rule it counts as paused a second later.
    private mutating func noteCut(_ observation: Observation) -> [LeakWatch.Leak] {
        guard let fault = observation["fault"]?.string else { return [] }
        switch observation.type {
        case "fault_requested":
            guard StoreCut.cuts(observation, governor: governor, store: store) else { return [] }
            cuts[fault, default: StoreCut()].requested += 1
        case "fault_first_effect" where cuts[fault] != nil:
            return leakWatch.cutOff(by: fault, since: observation.at)
        case "fault_effect_ended":
            cuts[fault]?.ended += 1
            guard let cut = cuts[fault], cut.ended >= cut.requested else { return [] }
            cuts[fault] = nil
            leakWatch.reconnected(fault, at: observation.at)
        default: break
        }
        return []
    }

    /// Static: called on `self` it would keep a copy of everything while its argument changes the original.
    private static func announce(_ leaks: [LeakWatch.Leak]) -> [Directive] {
        leaks.flatMap { leak -> [Directive] in
            let late = leak.at - leak.pausedAt
            let record = Observation(
                .rig, "invariant", at: leak.at,
                [
                    .init("name", .string("leak")), .init("flag", .string(leak.flag)),
                    .init("paused_t", .integer(leak.pausedAt.nanoseconds))
                ] + leak.order.fields)
            let what =
                "\(leak.order.type) \(leak.order.clOrdID) \(leak.order.side?.rawValue ?? "?") "
                + "\(leak.order.quantity?.description ?? "?") \(leak.order.symbol ?? "?")"
            return [.alarm(record, "LEAK: order \(what) left \(late.milliseconds) ms after \(leak.flag) was set")]
        }
    }
}
