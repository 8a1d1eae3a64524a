// A made-up flood as a run directory: what ten minutes at 1,000 intents and 100 books a second leave behind, a fifth
// of the intents accepted, sent, filled and stored, a tenth cancels, and every command to Redis with its round trip.
// Only the judge's own work is real in it.

import Archive
import History
import Messages
import Scenarios
import Units
import Verdicts

struct FloodRun {
    static let start: Int64 = 1_000_000_000_000
    static let wall: Int64 = 1_700_000_000_000_000_000

    private static let noFees = Array(
        """
        {"schema": "gauntlet.fees/1", "name": "none", "currency": "USD", "sec_per_million_sold": "0",
         "taf_per_share_sold": "0", "taf_maximum": "0", "taker_per_share": "0", "maker_per_share": "0",
         "exchange_price_minimum": "0", "taker_percent_below": "0", "clearing_per_share": "0", "commission_tiers": [],
         "commission_minimum": "0", "commission_maximum_percent": "0", "rounding_unit": "0.01", "rounding": "nearest"}
        """.utf8)

    let intents: Int
    let directory: String
    private var samples = Dictionary(uniqueKeysWithValues: SampleStream.allCases.map { ($0, SampleText($0)) })
    private var chain = Chain()
    private var lines: [UInt8] = []
    private var sequence: Int64 = 0
    private var reports: Int64 = 0
    private var sent: Int64 = 0
    private var position: Int64 = 0
    private var cash: Int64 = 0
    private(set) var events = 0

    init(intents: Int, directory: String) {
        self.intents = intents
        self.directory = directory
    }

    /// Writes the run; its scenario is one that ships.
    mutating func write(scenario: [UInt8]) throws {
        add(.rig, "run", 0, [.init("run", "flood"), .init("seed", 1), .init("started_wall_ns", .integer(FloodRun.wall))])
        add(.redis, "monitor", 0, [.init("event", "on")])
        add(.tap, "logon", 1, [.init("conn", 1), .init("resumed", false)])
        add(.rig, "phase", 2, [.init("name", "drive")])
        for number in 0..<intents {
            let at = Int64(number) * 1_000_000
            if number % 10 == 0 { addBook(number, at) }
            if number % 5 == 0 { addScrape(number, at) }
            if number % 100 == 0 {
                add(.rig, "clock", at, [.init("wall_ns", .integer(FloodRun.wall + FloodRun.start + at))])
            }
            addIntent(number, at)
            addCommands(number, at)
        }
        let end = Int64(intents) * 1_000_000 + 2_000_000_000
        addEnd(end)
        try writeFile(scenario, to: "\(directory)/scenario.yaml")
        let environment: JSON = ["evidence": .string(Evidence.form)]
        try writeFile(environment.bytes(), to: "\(directory)/environment.json")
        try writeFile([], to: "\(directory)/orders.pcapng")
        try writeFile([], to: "\(directory)/topology.yaml")
        try writeFile(FloodRun.noFees, to: "\(directory)/fees.json")
        for stream in SampleStream.allCases {
            guard let text = samples[stream] else { continue }
            try writeFile(text.bytes, to: "\(directory)/\(stream.file)")
            add(
                .rig, "samples", end,
                [
                    .init("file", .string(stream.file)), .init("rows", .integer(Int64(text.rows))),
                    .init("bytes", .integer(Int64(text.bytes.count))), .init("sha256", .string(SHA256.hash(text.bytes).hexadecimal)),
                ])
        }
        add(.rig, "end", end, [])
        try writeFile(lines, to: "\(directory)/history.ndjson")
    }

    private mutating func add(_ source: Observation.Source, _ type: String, _ at: Int64, _ fields: [JSON.Member]) {
        lines += chain.append(Observation(source, type, at: Instant(nanoseconds: FloodRun.start + at), fields))
        events += 1
    }

    private mutating func row(_ stream: SampleStream, _ at: Int64, _ fill: (inout SampleText) -> Void) {
        samples[stream]?.append(at: Instant(nanoseconds: FloodRun.start + at), uncertainty: .nanoseconds(200), fill)
        events += 1
    }

    private mutating func addBook(_ number: Int, _ at: Int64) {
        row(.feedDepth, at) { text in
            text.integer(Int64(number + number / 10))
            text.text("NVDA")
            text.integer(Int64(number / 10))
            text.integer(FloodRun.start + at)
            text.integer(4_390_000)
            text.integer(4_390_100)
            text.text("trading")
            text.integer(10)
            text.integer(10)
            text.integer(2_000)
            text.integer(2_000)
        }
    }

    /// The pipeline is scraped every 5 ms.
    private mutating func addScrape(_ number: Int, _ at: Int64) {
        row(.pipeline, at + 900_000) { text in
            text.integer(FloodRun.start + at)
            text.integer(FloodRun.start + at)
            text.truth(true)
            text.integer(Int64(number + number / 10 + 1))
        }
    }

    private mutating func addIntent(_ number: Int, _ at: Int64) {
        let id = "i-\(1_000_000 + number)"
        let tick = Int64(number + number / 10 + 1)
        let isAdmissible = number % 5 == 0
        let side = number % 10 == 0 ? "buy" : "sell"
        row(.feedIntents, at) { text in
            text.integer(tick)
            text.text(id)
            text.text("new")
            text.text(nil)
            text.text("NVDA")
            text.text(side)
            text.integer(10)
            text.text("limit")
            text.integer(4_390_000)
            text.text("ioc")
            text.truth(false)
            text.integer(FloodRun.start + at)
            text.truth(isAdmissible)
            text.text(isAdmissible ? "admissible" : "probe")
            text.text(isAdmissible ? nil : "gross_exposure")
        }
        row(.tapIntents, at + 200_000) { text in
            text.text(id)
            text.integer(tick)
        }
        func decide(_ text: inout SampleText) {
            text.text(id)
            text.integer(tick)
            text.text(isAdmissible ? "accept" : "reject")
            text.integer(isAdmissible ? 10 : 0)
            text.text(isAdmissible ? "ok" : "gross_exposure")
            text.integer(5)
            text.text(isAdmissible ? id : nil)
        }
        row(.tapDecisions, at + 500_000, decide)
        row(.redisDecisions, at + 600_000) { text in
            decide(&text)
            text.text("governor")
        }
        if isAdmissible {
            addOrder(id, side, at + 5_000_000)
        } else if number % 9 == 4 {
            departure("F", id, side, at + 5_000_000)
            execution(.received, id, side, at + 20_000_000, of: "F")
        }
    }

    /// A decision is published each millisecond, flags are read every 20 ms, and the connection is pinged every 100 ms.
    private mutating func addCommands(_ number: Int, _ at: Int64) {
        for (command, every) in [("PUBLISH", 1), ("HSET", 17), ("MGET", 20), ("PING", 100)] where number % every == 0 {
            row(.redisRoundTrips, at + 700_000) { text in
                text.integer(135)
                text.text(command)
                text.integer(Int64(150_000 + number % 1_000))
            }
        }
    }

    private mutating func addOrder(_ id: String, _ side: String, _ at: Int64) {
        departure("D", id, side, at)
        execution(.received, id, side, at + 15_000_000)
        execution(.new, id, side, at + 15_100_000)
        position += side == "buy" ? 10 : -10
        cash += side == "buy" ? -43_900_000 : 43_900_000
        execution(.trade, id, side, at + 15_200_000)
        for (type, report) in [("0", reports - 1), ("F", reports)] {
            add(
                .tap, "fix_in", at + 30_000_000,
                [
                    .init("conn", 1), .init("msg_type", "8"), .init("seq", .integer(sequence)), .init("poss_dup", false),
                    .init("cl_ord_id", .string(id)), .init("symbol", "NVDA"), .init("exec_type", .string(type)),
                    .init("exec_id", .string("b1-E\(report)")), .init("leaves", 0), .init("cum", 10),
                ])
        }
        row(.storeOrders, Int64(intents) * 1_000_000 + 1_000_000_000) { text in
            text.text(id)
            text.text(nil)
            text.text(id)
            text.text("NVDA")
            text.text(side)
            text.integer(10)
            text.integer(4_390_000)
            text.text("ioc")
            text.truth(false)
            text.integer(5)
            text.text("filled")
            text.integer(10)
            text.integer(0)
            text.integer(FloodRun.wall + at)
            text.integer(FloodRun.wall + at)
        }
        let report = reports
        row(.storeFills, Int64(intents) * 1_000_000 + 1_000_000_000) { text in
            text.text("b1-E\(report)")
            text.text("b1-O\(report / 2)")
            text.text(id)
            text.text("NVDA")
            text.text(side)
            text.integer(10)
            text.integer(4_390_000)
            text.truth(false)
            text.integer(FloodRun.wall + at)
        }
    }

    private mutating func departure(_ type: String, _ id: String, _ side: String, _ at: Int64) {
        sent += 1
        let target: JSON = type == "F" ? .string(id) : .null
        add(
            .tap, "order_left", at,
            [
                .init("conn", 1), .init("interface", "market"), .init("msg_type", .string(type)),
                .init("seq", .integer(sent)), .init("poss_dup", false), .init("cl_ord_id", .string(id)),
                .init("orig_cl_ord_id", target), .init("reference", .string(id)), .init("symbol", "NVDA"),
                .init("side", .string(side)), .init("quantity", 10), .init("price", 4_390_000),
                .init("reducing", false), .init("retransmit", false),
            ])
    }

    /// Each of them has the next number of the drop copy; an answer to an order the next name of a report, besides.
    private mutating func execution(
        _ kind: Execution.Kind, _ id: String, _ side: String, _ at: Int64, of type: String = "D"
    ) {
        sequence += 1
        if kind != .received { reports += 1 }
        var execution = Execution(
            sequence: sequence, kind: kind, at: WallTime(nanoseconds: FloodRun.wall + at),
            execID: kind == .received ? "" : "b1-E\(reports)",
            orderID: kind == .received ? "" : "b1-O\((reports + 1) / 2)",
            clOrdID: id, reference: id, msgType: type, symbol: "NVDA", side: Side(rawValue: side) ?? .buy,
            quantity: Quantity(shares: 10), leaves: Quantity(shares: kind == .trade ? 0 : 10),
            position: Quantity(shares: position))
        if kind == .trade {
            execution.lastQuantity = Quantity(shares: 10)
            execution.cumulative = Quantity(shares: 10)
            execution.lastPrice = Price(units: 4_390_000)
        }
        add(.broker, "execution", at, (execution.json.members ?? []).filter { $0.key != "at_ns" })
    }

    private mutating func addEnd(_ end: Int64) {
        let orders = Int64((intents + 4) / 5)
        add(.feed, "feed_done", end, [.init("intents", .integer(Int64(intents)))])
        for table in ["orders", "fills"] {
            add(.rig, "store", end, [.init("table", .string(table)), .init("count", .integer(orders))])
        }
        let rows: (JSON, JSON) = (
            ["symbol": "NVDA", "quantity": .integer(position), "version": .integer(orders)],
            ["symbol": "NVDA", "cash": .integer(cash), "fees": 0, "position": .integer(position)]
        )
        add(.rig, "store", end, [.init("table", "positions"), .init("rows", [rows.0])])
        add(.rig, "store", end, [.init("table", "pnl"), .init("rows", [rows.1])])
        let clean = ["dropped", "holes", "second_path", "undecodable"].map { JSON.Member($0, 0) }
        add(.tap, "stats", end, [.init("packets", .integer(Int64(intents)))] + clean)
    }
}
