// The checks can fail: a recorded run passes all of them, and each copy of it with one thing wrong turns red.

import Messages
import Processes
import Testing

private func recorded() throws -> ProofRecords {
    try ProofRecords(
        String(decoding: ProcessTable.contents("\(ProvingGround.scripts)/recorded.ndjson"), as: UTF8.self))
}

/// The recorded run with one record replaced.
private func doctored(_ of: String, _ what: String, _ found: JSON) throws -> ProofChecks {
    var records = try recorded()
    try #require(records[of, what] != nil, "the recorded run has no such record")
    records[of, what] = found
    return ProofChecks(records: records)
}

private func pings(_ count: Int, sent: Int? = nil, _ milliseconds: (Int) -> Double) -> JSON {
    .object([
        .init("sent", .integer(Int64(sent ?? count))),
        .init("times", .array((0..<count).map { .real(milliseconds($0)) })),
    ])
}

private func kernel(_ qdiscs: [String], filters: Int64, devices: String, netem: Int64, rules: Int64 = 0) -> JSON {
    .object([
        .init("rules", .integer(rules)),
        .init("qdiscs", .array(qdiscs.map { .object([.init("kind", .string($0))]) })),
        .init("filters", .integer(filters)),
        .init("devices", .string(devices)), .init("netem", .integer(netem)),
    ])
}

private let untouched = kernel(["noqueue"], filters: 0, devices: "", netem: 0)

@Suite struct ProofCheckTests {
    @Test func `a recorded run passes every check`() throws {
        let checks = ProofChecks(records: try recorded())
        let findings =
            checks.whole + checks.dose("latency-100", 100) + checks.dose("latency-250", 250) + checks.bystander
            + checks.jitter(from: 100, by: 40) + checks.loss(0.2) + checks.overlap + checks.killed + checks.stopped
            + checks.orphaned + checks.foreign
        #expect(findings == [])
        let shares =
            checks.duplicates(0.3) + checks.spoilt(0.3) + checks.overtakers(0.2, held: 60) + checks.rate(1_000_000)
            + checks.sharesHealed
        #expect(shares == [])
    }

    @Test(arguments: [0.0, 50, 97.5, 102.5, 200])
    func `a dose of 100 ms that is something else is found`(_ milliseconds: Double) throws {
        let checks = try doctored("latency-100", "pings", pings(150) { _ in milliseconds })
        #expect(checks.dose("latency-100", 100).contains { $0.contains("pings") })
    }

    @Test func `a dose that the probes deny is found`() throws {
        var records = try recorded()
        let faults = try #require(records["agent", "faults"]?.array)
        records["agent", "faults"] = .array(
            faults.map { fault in
                guard fault["id"] == "latency-100" else { return fault }
                return .object(
                    (fault.members ?? []).map { member in
                        member.key == "measured" ? .init("measured", [["p50_ns": 50_000_000]]) : member
                    })
            })
        #expect(ProofChecks(records: records).dose("latency-100", 100).contains { $0.contains("probes") })
    }

    @Test func `a delay that an unnamed sender meets is found`() throws {
        #expect(try doctored("latency-100", "bystander", pings(50) { _ in 100 }).bystander != [])
    }

    @Test func `a delay that does not go away is found`() throws {
        let checks = try doctored("latency-250", "pings-after", pings(50) { _ in 250 })
        #expect(checks.dose("latency-250", 250) != [])
    }

    @Test func `echoes that were lost on the way are found`() throws {
        let checks = try doctored("latency-250", "pings", pings(140, sent: 150) { _ in 250 })
        #expect(checks.dose("latency-250", 250) != [])
    }

    @Test(arguments: [
        kernel(["noqueue"], filters: 0, devices: "gnt1", netem: 1),
        kernel(["noqueue", "ingress"], filters: 0, devices: "", netem: 0),
        kernel(["noqueue"], filters: 0, devices: "gnt1", netem: 0),
        kernel(["noqueue", "ingress"], filters: 1, devices: "", netem: 0),
        kernel(["noqueue"], filters: 0, devices: "", netem: 0, rules: 1),
    ])
    func `a device, a qdisc or a filter that is left is found`(_ left: JSON) throws {
        #expect(try doctored("latency-100", "kernel-after", left).dose("latency-100", 100) != [])
        #expect(try doctored("end", "kernel", left).whole != [])
        #expect(try doctored("killed", "kernel-after", left).killed != [])
    }

    @Test func `an agent that acknowledges and changes nothing in the kernel is found`() throws {
        #expect(try doctored("latency-100", "kernel", untouched).dose("latency-100", 100) != [])
    }

    @Test func `jitter to both sides, a constant, or twice as wide is found`() throws {
        let shapes: [(Int) -> Double] = [
            { 60 + Double($0) * 0.2 }, { _ in 120 }, { 80 + Double($0) * 0.2 }, { 100 + Double($0) * 0.2 },
        ]
        for shape in shapes {
            #expect(try doctored("jitter", "pings", pings(400, shape)).jitter(from: 100, by: 40) != [])
        }
        let right = try doctored("jitter", "pings", pings(400) { 100 + Double($0) * 0.1 })
        #expect(right.jitter(from: 100, by: 40) == [])
    }

    @Test(arguments: [2_000, 1_700, 1_661, 1_539, 1_500, 0])
    func `a loss that chance does not explain is found`(_ came: Int) throws {
        #expect(try doctored("loss", "pings", pings(came, sent: 2_000) { _ in 0.1 }).loss(0.2) != [])
    }

    @Test(arguments: [1_658, 1_600, 1_542])
    func `a loss within chance is none of its findings`(_ came: Int) throws {
        #expect(try doctored("loss", "pings", pings(came, sent: 2_000) { _ in 0.1 }).loss(0.2) == [])
    }

    @Test(arguments: [0, 60, 89, 151, 400] as [Int64])
    func `copies, losses or overtakers that chance does not explain are found`(_ count: Int64) throws {
        let wrong: JSON = ["sent": 400, "copies": .integer(count), "times": .array((0..<400).map { _ in .real(0.1) })]
        #expect(try doctored("duplicate", "pings", wrong).duplicates(0.3) != [])
        // Between 18 % and 30 % of the packets are lost or spoilt, more or less by chance: these are outside.
        let lost = [60: 40, 89: 170][count] ?? count
        let came = pings(Int(400 - lost), sent: 400) { _ in 0.1 }
        #expect(try doctored("corrupt", "pings", came).spoilt(0.3) != [])
        let early = pings(400) { $0 < (count == 89 ? 52 : Int(count)) ? 0.1 : 60 }
        #expect((try doctored("reorder", "pings", early).overtakers(0.2, held: 60) != []) == (count != 60))
    }

    @Test(arguments: [0.1, 5, 8, 15, 23]) func `answers that come faster or slower than the rate are found`(_ time: Double) throws {
        #expect(try doctored("rate", "pings", pings(60) { _ in time }).rate(1_000_000) != [])
    }

    @Test func `where the kernel ends a fault, one that ends with its agent, or never, is found`() throws {
        var records = try recorded()
        records["proof", "end"] = "kernel"
        let rule = kernel(["noqueue"], filters: 0, devices: "gnt1", netem: 1, rules: 1)
        records["killed", "kernel"] = rule
        records["killed", "pings"] = pings(10) { _ in 250 }
        for (time, isRight) in [(Int64(12_100), true), (600, false), (20_000, false)] {
            records["killed", "gone-after-ms"] = .integer(time)
            #expect((ProofChecks(records: records).killed == []) == isRight)
        }
        records["killed", "gone-after-ms"] = 12_100
        records["killed", "pings"] = pings(10) { _ in 0.1 }
        #expect(ProofChecks(records: records).killed != [])
    }

    @Test func `a queue that holds too little, too long, another sender, or stays, is found`() throws {
        var records = try recorded()
        let good: [(what: String, found: JSON)] = [
            ("rules", 1), ("tables", 0), ("pings", pings(100) { _ in 103 }), ("bystander", pings(30) { _ in 0.1 }),
            ("pings-after", pings(30) { _ in 0.1 }), ("pings-after-kill", pings(30) { _ in 0.1 }),
            ("faults", [["id": "queue", "backend": "nft-queue", "readback_equal": true]]),
        ]
        for (what, found) in good { records["queue", what] = found }
        #expect(ProofChecks(records: records).queued == [])
        let bad: [(what: String, found: JSON)] = [
            ("rules", 0), ("tables", 1), ("pings", pings(100) { _ in 99 }), ("pings", pings(100) { _ in 112 }),
            ("bystander", pings(30) { _ in 100 }), ("pings-after", pings(30) { _ in 100 }),
            ("pings-after-kill", pings(3, sent: 30) { _ in 0.1 }),
            ("faults", [["id": "queue", "backend": "nfqueue", "readback_equal": true]]),
        ]
        for (what, found) in bad {
            var spoilt = records
            spoilt["queue", what] = found
            #expect(ProofChecks(records: spoilt).queued != [], "\(what)")
        }
        #expect(ProofChecks(records: try recorded()).queued != [], "not tried is not proved")
    }

    @Test func `a guardian that comes late, early or never is found`() throws {
        #expect(try doctored("killed", "gone-after-ms", 4_900).killed != [])
        #expect(try doctored("stopped", "gone-after-ms", 100).stopped != [])
        #expect(try doctored("stopped", "gone-after-ms", 6_001).stopped != [])
    }

    @Test func `an agent that could not end a fault is found`() throws {
        #expect(try doctored("stopped", "faults", [["id": "stopped", "state": "failed"]]).stopped != [])
    }

    @Test func `a delay that nobody guards and nobody sees is found`() throws {
        #expect(try doctored("orphaned", "pings", pings(20) { _ in 0.1 }).orphaned != [])
        #expect(try doctored("orphaned", "healed", "nothing to heal").orphaned != [])
    }

    @Test func `an agent that takes a foreign qdisc for its own is found`() throws {
        #expect(try doctored("foreign", "inject-status", 0).foreign != [])
        #expect(try doctored("foreign", "left", 0).foreign != [])
        let ours = kernel(["noqueue", "ingress"], filters: 1, devices: "gnt1", netem: 1)
        #expect(try doctored("foreign", "kernel", ours).foreign != [])
        #expect(try doctored("foreign", "inject-status-afterwards", 70).foreign != [])
    }

    @Test func `a proof that broke off is found`() throws {
        #expect(try doctored("proof", "complete", false).whole != [])
        let empty = ProofChecks(records: try ProofRecords(""))
        #expect(empty.whole != [] && empty.dose("latency-100", 100) != [] && empty.loss(0.2) != [])
        #expect(empty.jitter(from: 100, by: 40) != [] && empty.overlap != [] && empty.killed != [])
        #expect(empty.stopped != [] && empty.orphaned != [] && empty.foreign != [] && empty.bystander != [])
    }

    @Test(arguments: [
        #"{"case":"a","what":"b","found":}"#, #"{"case":"a","what":"b"}"#, "[]", "inject: not found",
        "{\"case\":\"a\",\"what\":\"b\",\"found\":1}\n{\"case\":\"a\",\"what\":\"b\",\"found\":2}",
    ])
    func `a line that is no record is refused`(_ text: String) {
        #expect(throws: ProofRecordError.self) { try ProofRecords(text) }
    }
}
