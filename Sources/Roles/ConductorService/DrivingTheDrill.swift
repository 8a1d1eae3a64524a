import Commands
import ConductorCore
import Messages
import Scenarios
import Sockets
import Units

extension Conductor {
    /// From the first tick to the last phase's end.
    func drive() throws {
        // The feed has to read its plan, and to send the book for a while, before the first phase.
        let startAt = Instant.now + scenario.feed.lead + .milliseconds(500)
        try start(
            "feed-replayer", commands.feed(namespace: namespace(of: "feed"), startAt: startAt), node: "feed")
        agents.onNews = { [unowned self] node, event in tell(event, from: node) }
        _ = reactor.run(until: startAt, or: { rigFailure != nil || drill.isFinished })
        var isAsking = false
        let watched: JSON = .array(Set(scenario.stops.map(\.metric)).sorted().map { .string($0) })
        let pulse = reactor.every(.milliseconds(20)) { [unowned self] in
            guard !drill.isFinished else { return }
            if !isAsking {
                isAsking = true
                observer.request("status", [.init("metrics", watched)], within: RigPatience.answer) { [unowned self] reply in
                    isAsking = false
                    see(reply)
                }
            }
            view.faults = agents.faults
            perform(drill.step(at: Instant.now, seeing: view))
        }
        let reading = readPositionsWhileTheyMove()
        defer { reading?.cancel() }
        try reactor.wait(for: "the end of the drill", within: scenario.duration + .seconds(60)) { drill.isFinished }
        pulse.cancel()
        progress.closeLine()
    }

    private func see(_ reply: CommandClient.Reply) {
        switch reply {
        case .failure(let error):
            if !drill.isFinished {
                fail("\(error)")
                perform(drill.abort(because: "the observer does not answer"))
            }
        case .success(let status):
            view.sessionIsUp = status["session"]?.bool ?? false
            view.positions = Dictionary(
                (status["positions"]?.members ?? []).map { ($0.key, $0.value.integer ?? 0) }, uniquingKeysWith: { $1 })
            view.workingOrders = Int(status["working"]?.integer ?? 0)
            view.pause = status["flags"]?["pause"]?.string.flatMap(Bool.init)
            view.criticalPause = status["flags"]?["critical_pause"]?.string.flatMap(Bool.init)
            view.state = status["state"]?["state"]?.string ?? ""
            view.epoch = status["state"]?["epoch"]?.integer ?? 0
            view.reason = status["state"]?["reason"]?.string ?? ""
            view.metrics = Dictionary(
                (status["metrics"]?.members ?? []).compactMap { member in reading(member.value).map { (member.key, $0) } },
                uniquingKeysWith: { $1 })
            progress.show(line(status))
        }
    }

    private func reading(_ json: JSON) -> DrillView.Reading? {
        guard let value = json["value"]?.double, let at = json["t"]?.integer, value.magnitude < 9e14 else { return nil }
        return DrillView.Reading(
            value: Figure(units: Int64((value * Double(Price.scale)).rounded())), at: Instant(nanoseconds: at))
    }

    private func line(_ status: JSON) -> String {
        let positions = view.positions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ")
        let flag = view.criticalPause == true ? "CRITICAL PAUSE" : view.pause == true ? "paused" : "flags clear"
        return "\(drill.phase ?? "")  session \(view.sessionIsUp ? "up" : "down")  \(flag)  \(view.state)  "
            + "position \(positions.isEmpty ? "flat" : positions)  working \(view.workingOrders)  "
            + "orders \(status["orders_left"]?.integer ?? 0)  leaks \(status["leaks"]?.integer ?? 0)"
    }

    func perform(_ directives: [Drill.Directive]) {
        for directive in directives {
            switch directive {
            case .enter(let phase):
                progress.say("phase: \(phase)")
                record("phase", [.init("name", .string(phase))])
            case .unpause: operate("clear_pause") { [desk] done in desk.set(GovernorState.pauseKey, "false", done) }
            case .resume(let epoch): resume(epoch: epoch, attempts: 20)
            case .premise(let holds, let reason): recordPremise(holds: holds, reason: reason)
            case .inject(let fault): inject(fault)
            case .abort(let reason):
                progress.say("aborted: \(reason)")
                record("aborted", [.init("reason", .string(reason))])
            case .finish: break
            }
        }
    }

    private func recordPremise(holds: Bool, reason: String) {
        progress.say(holds ? "armed: position, working order, session, flags clear" : reason)
        record(
            "premise",
            [
                .init("name", "armed"), .init("holds", .bool(holds)),
                .init(
                    "position",
                    .object(view.positions.sorted { $0.key < $1.key }.map { .init($0.key, .integer($0.value)) })),
                .init("working", .integer(Int64(view.workingOrders))), .init("session", .bool(view.sessionIsUp)),
                .init("flags_clear", .bool(view.flagsAreClear)), .init("reason", .string(reason)),
            ])
    }

    /// Does what an operator would, and records when it was done and whether it was accepted.
    private func operate(_ action: String, epoch: Int64? = nil, _ act: (@escaping (Bool) -> Void) -> Void) {
        act { [unowned self] ok in
            progress.say("operator: \(action.replacing("_", with: " "))\(ok ? "" : ": refused")")
            record(
                "operator",
                [
                    .init("action", .string(action)), .init("epoch", .optional(epoch)), .init("ok", .bool(ok)),
                    .init("value", .null),
                ])
        }
    }

    /// Clears the latch at the epoch that was read; when the epoch has moved on, reads again.
    private func resume(epoch: Int64, attempts: Int) {
        desk.clearLatch(epoch: epoch) { [unowned self] cleared in
            record(
                "operator",
                [
                    .init("action", "clear_latch"), .init("epoch", .integer(epoch)), .init("ok", .bool(cleared)),
                    .init("value", .null),
                ])
            guard cleared else {
                guard attempts > 1 else {
                    return fail("the latch could not be cleared: its epoch changes all the time")
                }
                reactor.after(.milliseconds(50)) { [unowned self] in resume(epoch: view.epoch, attempts: attempts - 1) }
                return
            }
            progress.say("operator: latch cleared at epoch \(epoch)")
            operate("clear_pause") { [desk] done in desk.set(GovernorState.pauseKey, "false", done) }
        }
    }

    private func tell(_ event: JSON, from node: String) {
        guard let kind = event["event"]?.string, let fault = event["fault"]?.string else { return }
        let words = kind.replacing("fault_", with: "").replacing("_", with: " ")
        switch words {
        case "measured":
            guard let source = event["source"]?.string, let p50 = event["p50_ns"]?.integer else { return }
            let dose = Double(p50 - (event["baseline_p50_ns"]?.integer ?? 0)) / 1e6
            let count = event["n"]?.integer ?? 0
            progress.say(
                "fault \(fault) on \(node): \(source) was held \(JSON.real(dose).text()) ms (p50 of \(count) probes)")
        case "first effect", "effect ended", "healed", "failed":
            let detail = event["reason"]?.string ?? event["by"]?.string ?? event["text"]?.string ?? ""
            progress.say("fault \(fault) on \(node): \(words)\(detail.isEmpty ? "" : " (\(detail))")")
        default: break
        }
    }
}
