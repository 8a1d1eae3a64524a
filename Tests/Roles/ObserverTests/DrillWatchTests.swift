import History
import Messages
import Testing
import Units

@testable import ObserverCore

@Suite struct DrillWatchTests {
    private var watch = DrillWatch(
        tap: TapDecoder.Configuration(brokerPort: 9_878), governor: "198.18.0.13", conductor: "198.18.1.16", store: "198.18.0.14")
    private static let wall: Int64 = 1_700_000_000_000_000_000

    private mutating func begin() {
        _ = watch.sample(
            ClockMap.Sample(
                monotonic: Instant(nanoseconds: 500), wall: WallTime(nanoseconds: DrillWatchTests.wall),
                bound: .nanoseconds(20)))
    }

    private func records(_ directives: [Directive]) -> [Observation] {
        directives.compactMap { directive in
            switch directive {
            case .record(let observation), .alarm(let observation, _): observation
            default: nil
            }
        }
    }

    private func announcements(_ directives: [Directive]) -> [String] {
        directives.compactMap { directive in
            switch directive {
            case .announce(let text), .alarm(_, let text): text
            default: nil
            }
        }
    }

    @Test mutating func `an order that leaves under the governor's own pause is announced and written down`() {
        begin()
        _ = watch.begin(flag: GovernorState.pauseKey, value: "false", at: WallTime(nanoseconds: DrillWatchTests.wall))
        _ = watch.begin(
            flag: GovernorState.criticalPauseKey, value: "false", at: WallTime(nanoseconds: DrillWatchTests.wall))
        let text = #"1700000000.000005 [0 198.18.0.13:4] "SET" "governor.critical_pause" "true""#
        guard let line = MonitorLine(parsing: Array(text.utf8)) else {
            Issue.record("the line is no line")
            return
        }
        #expect(records(watch.monitor(line)).map(\.type) == ["flag"])
        var talk = Dialogue()
        let directives = (talk.handshake() + [talk.send(newOrder(1))]).flatMap { watch.receive($0).directives }
        #expect(announcements(directives).count == 1)
        let invariant = records(directives).first { $0.type == "invariant" }
        #expect(invariant?["cl_ord_id"] == "O1" && invariant?["flag"] == "critical_pause")
    }

    @Test mutating func `stamps of the wall become monotonic by the samples`() {
        begin()
        var talk = Dialogue()
        let packet = talk.handshake()[0]
        let seen = records(watch.receive(packet).directives).first
        #expect(seen?.at == Instant(nanoseconds: 500 + packet.stamp.nanoseconds - DrillWatchTests.wall))
        #expect(seen?.uncertainty == .nanoseconds(20))
    }

    @Test mutating func `a drop copy that can't be read is a gap in the evidence`() {
        begin()
        #expect(records(watch.dropCopy(Array("{}".utf8))).map(\.type) == ["evidence_gap"])
    }

    @Test mutating func `no record repeats a field of the line's head`() {
        begin()
        let head: Set = ["i", "t", "u", "source", "type", "prev"]
        let execution = Execution(sequence: 4, kind: .loggedOn, at: WallTime(nanoseconds: DrillWatchTests.wall))
        let later = Execution(sequence: 9, kind: .loggedOut, at: WallTime(nanoseconds: DrillWatchTests.wall))
        var directives = watch.dropCopy(execution.json.bytes()) + watch.dropCopy(later.json.bytes())
        directives.append(watch.statistics(dropped: 0, isRealTime: true, at: Instant(nanoseconds: 9)))
        var talk = Dialogue()
        for packet in talk.handshake() + [talk.send(newOrder(1))] { directives += watch.receive(packet).directives }
        let observations = records(directives)
        #expect(observations.contains { $0.type == "evidence_gap" })
        for observation in observations {
            #expect(observation.writtenFields.allSatisfy { !head.contains($0.key) }, "\(observation.type)")
        }
    }

    /// A two-way cut between governor and store, as the agents at its ends report it.
    private mutating func cut(from seconds: Int64, to end: Int64) {
        func see(_ type: String, _ at: Int64, _ fields: [JSON.Member]) {
            _ = watch.evidence(
                Observation(.chaos, type, at: Instant(nanoseconds: at * 1_000_000_000), [.init("fault", "cut")] + fields))
        }
        for (node, from) in [("store", "198.18.0.13"), ("governor", "198.18.0.14")] {
            see(
                "fault_requested", seconds,
                [.init("kind", "partition"), .init("to", .string(node)), .init("from", [.string(from)])])
        }
        see("fault_first_effect", seconds, [])
        see("fault_first_effect", seconds, [])
        see("fault_effect_ended", end - 1, [])
        if end < 100 { see("fault_effect_ended", end, []) }
    }

    @Test(arguments: [(10.9, false), (11.1, true), (14.9, true), (15.1, false)])
    mutating func `an order that leaves a second after the flags became unreadable is announced at once`(
        _ seconds: Double, _ isLeak: Bool
    ) {
        _ = watch.begin(flag: GovernorState.pauseKey, value: "false", at: WallTime(nanoseconds: DrillWatchTests.wall))
        _ = watch.begin(flag: GovernorState.criticalPauseKey, value: "false", at: WallTime(nanoseconds: DrillWatchTests.wall))
        cut(from: 10, to: seconds > 15 ? 15 : 100)
        var talk = Dialogue()
        let packets = talk.handshake() + [talk.send(newOrder(1))]
        let order = packets[packets.count - 1]
        let at = Int64(seconds * 1e9)
        _ = watch.sample(
            ClockMap.Sample(monotonic: Instant(nanoseconds: at), wall: order.stamp, bound: .nanoseconds(20)))
        let said = packets.flatMap { announcements(watch.receive($0).directives) }
        #expect(said.count == (isLeak ? 1 : 0))
        #expect(said.allSatisfy { $0.contains("unreadable") })
    }

    @Test mutating func `a cut between governor and broker makes no flag unreadable`() {
        _ = watch.evidence(
            Observation(
                .chaos, "fault_requested", at: Instant(nanoseconds: 0),
                [.init("fault", "cut"), .init("kind", "partition"), .init("to", "broker"), .init("from", ["198.18.0.13"])]))
        _ = watch.evidence(Observation(.chaos, "fault_first_effect", at: Instant(nanoseconds: 0), [.init("fault", "cut")]))
        begin()
        var talk = Dialogue()
        let packets = talk.handshake() + [talk.send(newOrder(1))]
        #expect(packets.flatMap { announcements(watch.receive($0).directives) }.isEmpty)
    }

    @Test(arguments: [("started", 7, "governor 7"), ("ready", 0, "nobody"), ("exited", 7, "governor gone"), ("exited", 0, "governor gone")])
    mutating func `a process is followed by its pid, and one whose pid nobody tells is left to the observer`(
        event: String, pid: Int64, followed: String
    ) {
        begin()
        let directives = watch.evidence(
            Observation(
                .rig, "process", at: Instant(nanoseconds: 600),
                [.init("name", "governor"), .init("pid", .integer(pid)), .init("event", .string(event))]))
        let found = directives.compactMap { directive -> String? in
            guard case .follow(let name, let pid) = directive else { return nil }
            return "\(name) \(pid.map(String.init) ?? "gone")"
        }
        #expect((found.first ?? "nobody") == followed)
    }

    @Test mutating func `what the agents report is passed on to the dashboards`() {
        begin()
        let directives = watch.evidence(
            Observation(
                .chaos, "fault_requested", at: Instant(nanoseconds: 1),
                [
                    .init("fault", "f1"), .init("to", "governor"), .init("delay_ns", 250_000_000)
                ]))
        #expect(directives.contains { if case .publish("chaos.events", _) = $0 { true } else { false } })
        #expect(watch.leakWatch.delay == .milliseconds(250))
        _ = watch.evidence(Observation(.chaos, "fault_healed", at: Instant(nanoseconds: 2), [.init("fault", "f1")]))
        #expect(watch.leakWatch.delay == .zero)
    }
}

@Suite struct ClockMapTests {
    @Test func `a step of the realtime clock is seen, and stamps use the sample nearest to them`() {
        var map = ClockMap()
        func sample(_ monotonic: Int64, _ wall: Int64) -> ClockMap.Sample {
            ClockMap.Sample(
                monotonic: Instant(nanoseconds: monotonic), wall: WallTime(nanoseconds: wall), bound: .nanoseconds(10))
        }
        map.add(sample(0, 1_000_000))
        let moved = map.add(sample(100_000, 1_100_000 + 200_000))
        #expect(moved == .nanoseconds(200_000) && moved > ClockMap.stepMinimum)
        #expect(map.instant(of: WallTime(nanoseconds: 1_000_100)).at == Instant(nanoseconds: 100))
        #expect(map.instant(of: WallTime(nanoseconds: 1_300_100)).at == Instant(nanoseconds: 100_100))
        #expect(map.instant(of: WallTime(nanoseconds: 1_000_100)).uncertainty == .nanoseconds(200_010))
    }
}
