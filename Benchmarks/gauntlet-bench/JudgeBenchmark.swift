import Archive
import History
import Judging
import Messages
import Scenarios
import Sockets
import Units
import Verdicts

/// Reading the chain of 100,000 records and judging them; the records are those of a drill, as far as they go round.
struct JudgeBenchmark {
    let records: Int
    let root: String
    /// A run to judge besides.
    let run: String?
    let report: FigureTable

    func measure() throws {
        report.begin("judge, \(records) records")
        let name = "hard_kill_governance"
        let scenario = try Scenario(yaml: readFile("\(root)/chaos/\(name).yaml"), file: "\(name).yaml")
        let start = Instant.now
        let bytes = chain()
        let chained = Instant.now
        let history = try History(parsing: bytes)
        let parsed = Instant.now
        let files = Evidence.required.map { Evidence.File(path: $0, bytes: 1, sha256: Chain.start) }
        let verdict = judge(Evidence(scenario: scenario, history: history, samples: [], environment: [:], files: files))
        let judged = Instant.now
        _ = (verdict.bytes, verdict.junit)
        let written = Instant.now
        report.add(
            "judge, \(records) synthetic records, \(bytes.count / 1_000_000) MB",
            "read and check the chain \(shown(parsed - chained)), judge \(shown(judged - parsed)), "
                + "write the verdict \(shown(written - judged)), all \(shown(written - chained)) "
                + "(\(verdict.outcome)); to write the chain took \(shown(chained - start))")
        guard let run else { return }
        let directory = try RunDirectory(existing: run)
        let begin = Instant.now
        let real = try RunJudge.judge(directory)
        report.add("judge, \(real.records) records of a real run", "\(shown(Instant.now - begin)) (\(real.outcome))")
    }

    /// Each intent of a drill leaves about these records behind.
    private func chain() -> [UInt8] {
        var chain = Chain()
        var bytes: [UInt8] = []
        func add(_ source: Observation.Source, _ type: String, _ at: Int64, _ fields: [JSON.Member]) {
            guard chain.count < records else { return }
            bytes += chain.append(Observation(source, type, at: Instant(nanoseconds: at), fields))
        }
        var at: Int64 = 1_000_000_000_000
        let wall: Int64 = 1_700_000_000_000_000_000
        for (number, phase) in ["warm-up", "drive", "fault", "heal", "after"].enumerated() {
            let share = records / 5 * (number + 1)
            add(.rig, "phase", at, [.init("name", .string(phase))])
            while chain.count < share {
                at += 5_000_000
                add(.rig, "clock", at, [.init("wall_ns", .integer(wall + at))])
                addIntent(number: chain.count, at: at, wall: wall, add)
            }
        }
        while chain.count < records { add(.rig, "clock", at, [.init("wall_ns", .integer(wall + at))]) }
        return bytes
    }

    private func addIntent(
        number: Int, at: Int64, wall: Int64, _ add: (Observation.Source, String, Int64, [JSON.Member]) -> Void
    ) {
        let id = JSON.string("i-\(number)")
        let order: [JSON.Member] = [
            .init("cl_ord_id", id), .init("reference", id), .init("symbol", "NVDA"), .init("side", "buy"),
            .init("quantity", 10), .init("price", 4_390_000)
        ]
        add(
            .feed, "intent", at,
            [
                .init("tick", .integer(Int64(number))), .init("id", id), .init("action", "new"),
                .init("symbol", "NVDA"), .init("side", "buy"), .init("quantity", 10), .init("kind", "limit"),
                .init("limit", 4_390_000), .init("due_ns", .integer(at)), .init("reduce_only", false)
            ])
        add(.tap, "intent_in", at + 200_000, [.init("id", id), .init("tick", .integer(Int64(number)))])
        add(
            .tap, "decision_out", at + 500_000,
            [
                .init("intent", id), .init("tick", .integer(Int64(number))), .init("action", "accept"),
                .init("quantity", 10), .init("reason", "ok"), .init("epoch", 5), .init("cl_ord_id", id)
            ])
        add(
            .tap, "order_left", at + 5_000_000,
            [
                .init("conn", 1), .init("interface", "market"), .init("msg_type", "D"),
                .init("seq", .integer(Int64(number))), .init("poss_dup", false), .init("reducing", false),
                .init("retransmit", false)
            ] + order)
        add(
            .broker, "execution", at + 35_000_000,
            [
                .init("seq", .integer(Int64(number))), .init("exec_id", .string("x-\(number)")),
                .init("exec_type", "F"), .init("ord_status", "2"), .init("last_quantity", 10),
                .init("last_price", 4_390_000), .init("cumulative", 10), .init("leaves", 0)
            ] + order)
    }
}
