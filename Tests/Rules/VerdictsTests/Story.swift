// A small language to write histories in: times are seconds of the drill, everything else has a default.

import Books
import Glibc
import History
import Messages
import Scenarios
import Testing
import Units
import Verdicts

/// The repository's root, found from this file, links followed.
func repositoryRoot(_ file: String = #filePath) throws -> String {
    let resolved = try #require(realpath(file, nil))
    defer { free(resolved) }
    return String(cString: resolved).split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
}

func shippedScenario(_ name: String, _ choice: Choice = Choice()) throws -> Scenario {
    let path = "chaos/\(name).yaml"
    return try Scenario(yaml: choice.written(into: try shippedFile(path)), file: path)
}

func shippedFile(_ name: String) throws -> [UInt8] {
    let path = "\(try repositoryRoot())/\(name)"
    let file = try #require(fopen(path, "r"), "no \(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var byte = fgetc(file)
    while byte != EOF {
        bytes.append(UInt8(byte))
        byte = fgetc(file)
    }
    return bytes
}

struct Story {
    static let wallOffset: Int64 = 1_700_000_000_000_000_000

    var scenario: Scenario
    var observations: [Observation] = []
    var environment: JSON = ["host": "lab", "backend": "netem"]
    var files = Evidence.required.map { Evidence.File(path: $0, bytes: 1, sha256: String(repeating: "a", count: 64)) }
    /// As the governor was given them; a drill of the governance group is judged without.
    var limits: JSON?
    var fees: FeeSchedule?
    var plan: Plan?
    private var ticks: Int64 = 0
    private var sequence: Int64 = 0
    var position: Int64 = 0
    var fills: [JSON] = []
    var orders: [JSON] = []
    var cash: Int64 = 0
    /// Fees, as the store has them.
    var paid: Int64 = 0
    /// Positions by symbol, where a story trades several.
    var held: [String: Int64] = [:]

    init(_ scenario: Scenario) { self.scenario = scenario }

    static func instant(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64((1_000 + seconds) * 1e9)) }

    mutating func see(
        _ seconds: Double, _ source: Observation.Source, _ type: String, uncertainty: Int64 = 0, _ fields: [(String, JSON)] = []
    ) {
        observations.append(
            Observation(
                source, type, at: Story.instant(seconds), uncertainty: .nanoseconds(uncertainty),
                fields.map { JSON.Member($0.0, $0.1) }))
    }

    mutating func flag(_ seconds: Double, _ key: String, _ value: String, by: String, uncertainty: Int64 = 1_000) {
        see(seconds, .redis, "flag", uncertainty: uncertainty,
            [("key", .string(key)), ("value", .string(value)), ("by", .string(by)), ("command", "SET")])
    }

    mutating func state(_ seconds: Double, _ state: String, _ reason: String = "because", by: String = "governor") {
        see(seconds, .redis, "state", [
            ("state", .string(state)), ("epoch", 1), ("reason", .string(reason)), ("since_ns", 1), ("by", .string(by)),
        ])
    }

    mutating func broker(_ seconds: Double, _ change: (inout Execution) -> Void) {
        sequence += 1
        var execution = Execution(sequence: sequence, kind: .received, at: WallTime(nanoseconds: 0), msgType: "D", symbol: "NVDA")
        execution.position = Quantity(shares: position)
        change(&execution)
        see(seconds, .broker, "execution", (execution.json.members ?? []).filter { $0.key != "at_ns" }.map { ($0.key, $0.value) })
    }

    mutating func left(
        _ seconds: Double, _ id: String, reference: String? = nil, type: String = "D", side: Side = .buy, quantity: Int64 = 1,
        original: String? = nil, price: Int64? = 4_400_000, reducing: Bool = false, possDup: Bool = false, uncertainty: Int64 = 0
    ) {
        see(seconds, .tap, "order_left", uncertainty: uncertainty, [
            ("conn", 1), ("interface", "market"), ("msg_type", .string(type)), ("seq", 1), ("poss_dup", .bool(possDup)),
            ("cl_ord_id", .string(id)), ("orig_cl_ord_id", .optional(original)), ("reference", .string(reference ?? id)),
            ("symbol", "NVDA"), ("side", .string(side.rawValue)), ("quantity", .integer(quantity)), ("price", .optional(price)),
            ("reducing", .bool(reducing)), ("retransmit", false),
        ])
    }

    /// Left, received, accepted; filled too unless it rests.
    mutating func order(
        _ seconds: Double, _ id: String, reference: String? = nil, side: Side = .buy, quantity: Int64 = 1,
        reducing: Bool = false, possDup: Bool = false, rests: Bool = false, latency: Double = 0.002
    ) {
        left(seconds, id, reference: reference, side: side, quantity: quantity, reducing: reducing, possDup: possDup)
        func fill(_ execution: inout Execution, _ kind: Execution.Kind) {
            execution.kind = kind
            execution.clOrdID = id
            execution.orderID = "O-\(id)"
            execution.side = side
            execution.quantity = Quantity(shares: quantity)
            execution.claimsReducing = reducing
            execution.leaves = Quantity(shares: kind == .trade ? 0 : quantity)
        }
        broker(seconds + latency) { fill(&$0, .received) }
        broker(seconds + latency) { fill(&$0, .new) }
        if !rests {
            position += side.sign * quantity
            cash -= side.sign * quantity * 4_400_000
            let held = position
            broker(seconds + latency) {
                fill(&$0, .trade)
                $0.execID = "X\(id)"
                $0.lastQuantity = Quantity(shares: quantity)
                $0.cumulative = Quantity(shares: quantity)
                $0.lastPrice = Price(units: 4_400_000)
                $0.position = Quantity(shares: held)
            }
            fills.append([
                "exec_id": .string("X\(id)"), "cl_ord_id": .string(id), "quantity": .string("\(quantity)"), "price": "4400000",
            ])
        }
        orders.append([
            "cl_ord_id": .string(id), "status": .string(rests ? "working" : "filled"),
            "cumulative": .string(rests ? "0" : "\(quantity)"),
        ])
    }

    mutating func decide(_ seconds: Double, _ intent: String?, _ tick: Int64?, _ action: String, _ reason: String, _ id: String? = nil) {
        let fields: [(String, JSON)] = [
            ("intent", .optional(intent)), ("tick", .optional(tick)), ("action", .string(action)), ("quantity", 1),
            ("reason", .string(reason)), ("epoch", 1), ("cl_ord_id", .optional(id)),
        ]
        see(seconds, .tap, "decision_out", fields)
        see(seconds + 0.0001, .redis, "decision", fields + [("by", "governor")])
    }

    /// Intents at a steady rate; each is accepted and filled at once, or rejected for `reject`.
    mutating func intents(from: Double, to: Double, perSecond: Int = 50, delay: Double = 0, reject: String? = nil) {
        for index in 0..<Int((to - from) * Double(perSecond)) {
            ticks += 1
            let sent = from + Double(index) / Double(perSecond)
            let id = "i\(ticks)"
            see(sent, .feed, "intent", [
                ("tick", .integer(ticks)), ("id", .string(id)), ("action", "new"), ("symbol", "NVDA"), ("reduce_only", false),
                ("due_ns", 1), ("admissible", true),
            ])
            see(sent + delay + 0.0002, .tap, "intent_in", [("id", .string(id)), ("tick", .integer(ticks))])
            decide(sent + delay + 0.0005, id, ticks, reject == nil ? "accept" : "reject", reject ?? "ok", id)
            guard reject == nil else { continue }
            order(sent + delay + 0.0015, id, side: position > 100 ? .sell : .buy)
        }
    }

    mutating func fault(_ fault: Fault, from: Double, to: Double, node: String) {
        let name: (String, JSON) = ("fault", .string(fault.id))
        let place: (String, JSON) = ("node", .string(node))
        see(from - 0.02, .chaos, "fault_requested", [name, place, ("kind", .string(fault.kind.rawValue))])
        see(from - 0.015, .chaos, "fault_acknowledged", [name, place, ("backend", "netem")])
        see(from - 0.01, .chaos, "fault_readback", [name, place, ("equal", true), ("text", "as asked")])
        see(from, .chaos, "fault_first_effect", [name, place, ("by", "probe")])
        see(to, .chaos, "fault_effect_ended", [name, place])
        see(to + 0.01, .chaos, "fault_healed", [name, place, ("by", "expiry")])
        see(to + 0.02, .chaos, "fault_counters", [name, place, ("packets", 500), ("bytes", 1_000), ("sockets", 1)])
        guard let delay = fault.delay else { return }
        see(to + 0.03, .chaos, "fault_measured", [
            name, place, ("source", "store"), ("n", 700), ("p50_ns", .integer(delay.nanoseconds + 300_000)), ("p99_ns", 260_000_000),
            ("min_ns", 250_000_000), ("max_ns", 261_000_000), ("lost", 0), ("baseline_p50_ns", 200_000),
        ])
    }

    mutating func session(_ seconds: Double, up: Bool) {
        see(seconds, .tap, up ? "logon" : "logout", up ? [("conn", 1), ("resumed", false)] : [("conn", 1), ("reason", "rst")])
    }

    mutating func reconcile(_ seconds: Double) {
        see(seconds - 0.3, .tap, "fix_out", [("conn", 1), ("msg_type", "AF"), ("seq", 5), ("poss_dup", false)])
        see(seconds, .tap, "fix_in", [
            ("conn", 1), ("msg_type", "8"), ("seq", 5), ("poss_dup", false), ("exec_type", "I"), ("last_report", "Y"),
            ("reports_total", 1),
        ])
    }

    // MARK: changing what was told

    mutating func remove(_ type: String, where matches: (Observation) -> Bool = { _ in true }) {
        observations.removeAll { $0.type == type && matches($0) }
    }

    mutating func change(_ type: String, _ field: String, to value: JSON, where matches: (Observation) -> Bool = { _ in true }) {
        for index in observations.indices where observations[index].type == type && matches(observations[index]) {
            observations[index].fields = observations[index].fields.map { $0.key == field ? JSON.Member(field, value) : $0 }
        }
    }

    mutating func shift(_ type: String, by seconds: Double, where matches: (Observation) -> Bool = { _ in true }) {
        for index in observations.indices where observations[index].type == type && matches(observations[index]) {
            observations[index].at = observations[index].at + .nanoseconds(Int64(seconds * 1e9))
        }
    }

    // MARK: the end

    private var inOrder: [Observation] {
        observations.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    /// The chained records; what has a stream of its own is not among them.
    func bytes() -> [UInt8] {
        var chain = Chain()
        return inOrder.filter { SampleStream($0.source, $0.type) == nil }.flatMap { chain.append($0) }
    }

    /// The sample files.
    func samples() -> [SampleText] {
        var texts = SampleStream.allCases.map { SampleText($0) }
        for seen in inOrder {
            guard let stream = SampleStream(seen.source, seen.type) else { continue }
            guard let index = texts.firstIndex(where: { $0.stream == stream }) else { continue }
            let isWhole = texts[index].append(seen)
            #expect(isWhole, "a field of \(seen.type) has no column")
        }
        return texts
    }

    /// What the observer records of its sample files as it closes them.
    func sealed() -> Story {
        var story = self
        guard let last = observations.map(\.at).max() else { return story }
        for text in samples() {
            let hash = String(repeating: "a", count: 64)
            story.observations.append(Observation(.rig, "samples", at: last, [
                .init("file", .string(text.stream.file)), .init("rows", .integer(Int64(text.rows))),
                .init("bytes", .integer(Int64(text.bytes.count))), .init("sha256", .string(hash)),
            ]))
            if !story.files.contains(where: { $0.path == text.stream.file }) {
                story.files.append(Evidence.File(path: text.stream.file, bytes: Int64(text.bytes.count), sha256: hash))
            }
        }
        return story
    }

    func evidence() throws -> Evidence {
        let story = sealed()
        return Evidence(
            scenario: scenario, history: try History(parsing: story.bytes()), samples: story.samples(),
            environment: environment, files: story.files, limits: limits, fees: fees, plan: plan)
    }

    func judged() throws -> Verdict { judge(try evidence()) }
}

extension Story {
    /// Tells the final tables again, after they were changed.
    mutating func retellStores(_ seconds: Double) {
        for type in ["store", "stored_order", "stored_fill"] { remove(type) }
        tellStores(seconds)
    }

    /// The governor's tables as they are read after the run.
    mutating func tellStores(_ seconds: Double) {
        tellRows(seconds)
        func table(_ name: String, _ rows: [JSON]) {
            see(seconds, .rig, "store", [("table", .string(name)), ("rows", .array(rows))])
        }
        table("positions", [["symbol": "NVDA", "quantity": .string("\(position)"), "version": "1"]])
        table("pnl", [["symbol": "NVDA", "cash": .string("\(cash)"), "fees": .string("\(paid)"), "position": .string("\(position)")]])
    }

    /// The two long tables.
    mutating func tellRows(_ seconds: Double) {
        for (table, type, rows) in [("orders", "stored_order", orders), ("fills", "stored_fill", fills)] {
            for row in rows {
                let members = (row.members ?? []).map { member in
                    (member.key, member.value.string.flatMap { Int64($0) }.map { JSON.integer($0) } ?? member.value)
                }
                see(seconds, .rig, type, members)
            }
            see(seconds, .rig, "store", [("table", .string(table)), ("count", .integer(Int64(rows.count)))])
        }
    }

    /// Puts the ledger in the order of time again, with its numbers and positions, and the tables after it.
    mutating func retell(_ seconds: Double) {
        retellLedger()
        retellStores(seconds)
    }

    /// Takes an order out of the broker's ledger, and closes the numbering behind it.
    mutating func removeLedger(of id: String) {
        observations.removeAll { $0.type == "execution" && $0["cl_ord_id"]?.string == id }
        retellLedger()
    }

    /// What a broker does that doesn't know whether its records arrived; later than everything, under their own times.
    mutating func publishAgain(
        where matches: (Observation) -> Bool, changing fields: [String: JSON] = [:], later seconds: Double = 0
    ) {
        for seen in observations where seen.type == "execution" && matches(seen) {
            var again = seen
            again.at = seen.at + .nanoseconds(Int64(seconds * 1e9))
            again.fields = seen.fields.map { JSON.Member($0.key, fields[$0.key] ?? $0.value) }
            observations.append(again)
        }
    }

    /// The broker accepts nobody for a while: its acceptances become rejections of the same order.
    mutating func muteAcceptances(from: Double, to: Double) {
        change("execution", "kind", to: "rejected") {
            $0["kind"] == "new" && $0.at > Story.instant(from) && $0.at < Story.instant(to)
        }
    }

    private mutating func retellLedger() {
        let ordered = observations.indices.filter { observations[$0].type == "execution" }
            .sorted { (observations[$0].at, $0) < (observations[$1].at, $1) }
        position = 0
        for (number, index) in ordered.enumerated() {
            let seen = observations[index]
            if seen["kind"] == "trade", let quantity = seen["last_quantity"]?.integer {
                position += (seen["side"] == "buy" ? 1 : -1) * quantity
            }
            let values: [String: JSON] = ["seq": .integer(Int64(number + 1)), "position": .integer(position)]
            observations[index].fields = seen.fields.map { JSON.Member($0.key, values[$0.key] ?? $0.value) }
        }
    }
}
