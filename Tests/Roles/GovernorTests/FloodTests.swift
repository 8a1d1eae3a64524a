// The flood's oracle against the reference governor, in virtual time: two programs that share no code must agree on
// every intent.

import Books
import FIX
import Glibc
import Messages
import Scenarios
import Testing
import Units

import GovernorCore

/// A governor that is fed a plan, with a store that answers after 3 ms and a broker after 32.
private struct Flood {
    struct Differs: Hashable, CustomStringConvertible {
        let intent: String
        let expected: String
        let found: String
        var description: String { "\(intent): expected \(expected), found \(found)" }
    }

    private enum Late { case durable(String), answer(Message) }

    var governor: Governor
    var differs: [Differs] = []
    var answered: [Decision.Reason: Int] = [:]
    private let start = Instant(nanoseconds: 1_000_000_000_000)
    private var queue: [(due: Instant, what: Late)] = []
    private var next = 0
    private var nextTick: Instant
    private var books: [String: Depth] = [:]
    private var resting: [String: Message] = [:]
    private var execs = 0

    init(_ scenario: Scenario, limits: Limits) {
        governor = Governor(
            Governor.Settings(
                limits: limits, fees: FeeSchedule(), symbols: scenario.symbols,
                mode: scenario.governor.mode == .shadow ? .shadow : .live))
        nextTick = start
        hear(.recovered(Recovered()), at: start)
        hear(.keysRead(Keys(pause: "false", criticalPause: "false", command: nil)), at: start)
        hear(.session(.loggedOn), at: start)
    }

    mutating func play(_ plan: Plan) {
        for event in plan.events where event.due <= plan.duration {
            let at = start + .seconds(10) + event.due
            pass(until: at)
            let wall = WallTime(nanoseconds: at.nanoseconds)
            switch event.content {
            case .depth(let depth):
                let sent = Depth(
                    sequence: depth.sequence, symbol: depth.symbol, tick: depth.tick, sent: wall, due: wall,
                    status: depth.status, bids: depth.bids, asks: depth.asks)
                books[depth.symbol] = sent
                hear(.depth(sent), at: at)
            case .intent(var intent, let admissible):
                intent.sent = wall
                intent.due = wall
                let expected = admissible ? "accept" : "reject \(breach(event)?.rawValue ?? "?")"
                let decisions = hear(.intent(intent), at: at).filter { $0.intent == intent.id }
                let found = decisions.map { $0.action == .accept ? "accept" : "\($0.action) \($0.reason.rawValue)" }
                if found != [expected] {
                    differs.append(Differs(intent: "\(intent) at \(event.due.written)", expected: expected, found: "\(found)"))
                }
                for decision in decisions { answered[decision.reason, default: 0] += 1 }
            }
        }
    }

    @discardableResult
    private mutating func hear(_ event: Event, at: Instant) -> [Decision] {
        let moment = Moment(now: at, wall: WallTime(nanoseconds: at.nanoseconds), unsentBytes: 0)
        var decisions: [Decision] = []
        for directive in governor.handle(event, at: moment) {
            switch directive {
            case .publish(let decision): decisions.append(decision)
            case .store(.order(let row, gates: true)): wait(.durable(row.clOrdID), at + .milliseconds(3))
            case .sendOrder(_, _, let message), .send(let message): wait(.answer(message), at + .milliseconds(32))
            default: break
            }
        }
        return decisions
    }

    private mutating func wait(_ what: Late, _ due: Instant) {
        let place = queue.lastIndex { $0.due <= due }.map { $0 + 1 } ?? next
        queue.insert((due, what), at: max(place, next))
    }

    private mutating func pass(until: Instant) {
        while true {
            let late = next < queue.count ? queue[next].due : until
            if nextTick <= min(late, until) {
                let at = nextTick
                nextTick = nextTick + .milliseconds(10)
                hear(.keysRead(Keys(pause: "false", criticalPause: "false", command: nil)), at: at)
                hear(.session(.heard), at: at)
                hear(.tick, at: at)
                continue
            }
            guard next < queue.count, late <= until else { break }
            next += 1
            carry(queue[next - 1].what, at: late)
            if next > 1_000 {
                queue.removeFirst(next)
                next = 0
            }
        }
    }

    private mutating func carry(_ what: Late, at: Instant) {
        switch what {
        case .durable(let id): hear(.durable([id]), at: at)
        case .answer(let message):
            switch message.msgType {
            case MsgType.orderMassStatusRequest:
                let id = message[.massStatusReqID] ?? ""
                report("I", [(.massStatusReqID, id), (.totNumReports, "0"), (.ordStatus, "8")], at: at)
            case MsgType.newOrderSingle: order(message, at: at)
            case MsgType.orderCancelRequest: cancel(message, at: at)
            default: break
            }
        }
    }

    private mutating func order(_ message: Message, at: Instant) {
        let id = message[.clOrdID] ?? ""
        let symbol = message[.symbol] ?? ""
        guard let price = message.price(.price), let quantity = message.quantity(.orderQty), let book = books[symbol] else {
            return
        }
        let isBuy = message[.side] == "1"
        let best = isBuy ? book.asks.first?.price : book.bids.first?.price
        let identity: [(FIX.Tag, String)] = [
            (.clOrdID, id), (.orderID, "O-\(id)"), (.symbol, symbol), (.side, message[.side] ?? "1"),
        ]
        report("0", identity + [(.ordStatus, "0"), (.leavesQty, quantity.description)], at: at)
        if let best, isBuy ? price >= best : price <= best {
            report(
                "F",
                identity + [
                    (.ordStatus, "2"), (.lastQty, quantity.description), (.cumQty, quantity.description),
                    (.leavesQty, "0"), (.lastPx, best.description),
                ], at: at)
        } else if message[.timeInForce] == "0" {
            resting[id] = message
        } else {
            report("4", identity + [(.ordStatus, "4"), (.leavesQty, "0")], at: at)
        }
    }

    private mutating func cancel(_ message: Message, at: Instant) {
        let target = message[.origClOrdID] ?? ""
        guard resting.removeValue(forKey: target) != nil else { return }
        let fields: [(FIX.Tag, String)] = [
            (.clOrdID, message[.clOrdID] ?? ""), (.origClOrdID, target), (.orderID, "O-\(target)"),
            (.symbol, message[.symbol] ?? ""), (.side, message[.side] ?? "1"), (.ordStatus, "4"), (.leavesQty, "0"),
        ]
        report("4", fields, at: at)
    }

    private mutating func report(_ execType: String, _ fields: [(FIX.Tag, String)], at: Instant) {
        execs += 1
        let message = Message(MsgType.executionReport, [(.execType, execType), (.execID, "E\(execs)")] + fields)
        guard let report = Report(message) else { return }
        hear(.report(report), at: at)
    }
}

/// The one limit that an intent was built to break.
private func breach(_ event: Plan.Event) -> Decision.Reason? {
    if case .probe(let reason) = event.purpose { reason } else { nil }
}

@Suite struct FloodTests {
    private static let root: String = {
        guard let real = realpath(#filePath, nil) else { return "." }
        defer { free(real) }
        return String(cString: real).split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
    }()

    private static func bytes(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen("\(FloodTests.root)/\(path)", "r"), "no \(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    private func flood(_ choice: Choice, seed: UInt64) throws -> (Plan, Flood) {
        let limits = try JSON(parsing: Self.bytes("data/limits-default.json"))
        let yaml = choice.written(into: try Self.bytes("chaos/decision_flood_enhanced.yaml"))
        let scenario = try Scenario(yaml: yaml, file: "chaos/decision_flood_enhanced.yaml", limits: limits)
        let topology = try Topology(yaml: Self.bytes("topology/local.yaml"), file: "topology/local.yaml")
        let tapes = TapeShelf { (file) throws(Mistakes) in
            // A tape that isn't there is for the plan to complain about.
            (try? Self.bytes(file)).map { TapeSource(file: file, bytes: $0) }
        }
        let plan = try Plan(scenario, on: topology, seed: seed, tapes: tapes)
        let merged = (limits.members ?? []).map { member in
            scenario.governor.limitOverrides.first { $0.key == member.key } ?? member
        }
        return (plan, Flood(scenario, limits: try Limits(parsing: JSON.object(merged).bytes())))
    }

    @Test(arguments: [1, 7] as [UInt64])
    func `oracle and reference governor agree on every intent of a flood`(_ seed: UInt64) throws {
        var (plan, flood) = try flood(Choice(profile: "selftest"), seed: seed)
        flood.play(plan)
        #expect(flood.differs.isEmpty, "\(flood.differs.count) of \(plan.events.count): \(flood.differs.prefix(5))")
        let reasons = plan.events.compactMap(breach)
        #expect(Set(reasons).count == 18, "\(Set(reasons).map(\.rawValue).sorted())")
        let intents = plan.events.count { if case .intent = $0.content { true } else { false } }
        let admissible = plan.events.count { if case .intent(_, admissible: true) = $0.content { true } else { false } }
        // Cancels count; the base of the first seconds and one stage of pace in twenty-odd seconds take their share.
        #expect((23...33).contains(admissible * 100 / intents), "\(admissible) of \(intents)")
    }

    /// What comes round every six seconds and what comes round every twenty meet only once a minute.
    @Test func `oracle and reference governor agree on every intent of the whole ten minutes`() throws {
        var (plan, flood) = try flood(Choice(), seed: 1)
        flood.play(plan)
        #expect(flood.differs.isEmpty, "\(flood.differs.count) of \(plan.events.count): \(flood.differs.prefix(5))")
        #expect(plan.events.count > 600_000)
    }

    @Test func `oracle and reference governor agree on every intent in shadow mode`() throws {
        var (plan, flood) = try flood(Choice(variant: "shadow", profile: "selftest"), seed: 3)
        flood.play(plan)
        #expect(flood.differs.isEmpty, "\(flood.differs.count) of \(plan.events.count): \(flood.differs.prefix(5))")
        #expect(Set(plan.events.compactMap(breach)).count >= 12)
    }

    @Test func `every check is broken about as often as every other`() throws {
        let (plan, _) = try flood(Choice(profile: "selftest"), seed: 5)
        var counts: [Decision.Reason: Int] = [:]
        for reason in plan.events.compactMap(breach) { counts[reason, default: 0] += 1 }
        // Those on pace have their own stages, and come in fewer numbers.
        #expect(counts.values.allSatisfy { $0 >= 20 }, "\(counts.map { "\($0.key.rawValue) \($0.value)" }.sorted())")
    }
}
