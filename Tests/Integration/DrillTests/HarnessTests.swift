import Glibc
import Messages
import Processes
import Testing
import Units

/// The rig itself, broken on purpose: a verdict that can't notice is no verdict.
@Suite(.inPlaces) struct HarnessTests {
    private func verdict(of arguments: [String], in rig: Rig) throws -> (status: Int32?, verdict: String?) {
        let child = try rig.start(["run", "hard_kill_short", "--runs", rig.runs] + arguments)
        rig.wait("the drill to end", within: .seconds(120)) { !child.isRunning }
        return (child.status, rig.json("verdict.json")?["verdict"]?.string)
    }

    private func outcome(of gate: String, in rig: Rig) -> String? {
        rig.json("verdict.json")?["gates"]?.array?.first { $0["name"]?.string == gate }?["verdict"]?.string
    }

    @Test func `an injector that acknowledges and does nothing makes the drill inconclusive`() throws {
        let rig = try Rig()
        let (status, verdict) = try verdict(of: ["--replace", "chaos-agent=\(Rig.programs)/idle-agent"], in: rig)
        #expect(status == 2, "\(rig.text())")
        #expect(verdict == "inconclusive")
        #expect(outcome(of: "faults_proven", in: rig) == "inconclusive")
    }

    @Test func `a tap that loses one packet in twenty never lets a drill pass`() throws {
        let rig = try Rig()
        let (status, verdict) = try verdict(of: ["--replace", "observer=\(Rig.programs)/lossy-observer"], in: rig)
        #expect(status != 0, "\(rig.text())")
        #expect(verdict != nil && verdict != "pass")
    }

    @Test(.alone)
    func `a leak is announced within a tenth of a second of its packet`() throws {
        let rig = try Rig()
        let rogue = "\(Rig.programs)/rogue-governor --flaw leaks-one-order"
        let (status, verdict) = try verdict(of: ["--governor", rogue], in: rig)
        #expect(status == 1 && verdict == "fail", "\(rig.text())")
        let measurements = try #require(rig.json("verdict.json")?["measurements"])
        #expect(measurements["orders_leaked"] == 1 && measurements["leaks_announced"] == 1)
        let taken = try #require(measurements["leak_announcement_s"]?.double)
        #expect(taken > 0 && taken <= 0.1, "announced after \(taken) s")
    }

    @Test func `without intents during the pause a drill is inconclusive, however well the governor behaves`() throws {
        let rig = try Rig()
        let quiet = "\(Rig.root)/Tests/Support/quiet-feed"
        let (status, verdict) = try verdict(of: ["--replace", "feed-replayer=\(quiet)"], in: rig)
        #expect(status == 2, "\(rig.text())")
        #expect(verdict == "inconclusive")
        #expect(outcome(of: "pause_exercised", in: rig) == "inconclusive")
    }
}
