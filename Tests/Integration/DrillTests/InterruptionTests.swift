import Archive
import Glibc
import Judging
import Messages
import Processes
import Testing
import Units
import Verdicts

/// What a run leaves when something of it is killed in mid-drill: nothing, and evidence that can be read.
@Suite(.inPlaces) struct InterruptionTests {
    private func startedDrill(upTo phase: String = "warm-up", _ options: [String] = []) throws -> (Rig, ChildProcess) {
        let rig = try Rig()
        let child = try rig.start(["run", "hard_kill_short", "--runs", rig.runs] + options)
        rig.poll("phase \(phase)", within: .seconds(40)) { rig.historyHas(#""type":"phase","name":"\#(phase)""#) }
        return (rig, child)
    }

    private func expectNothingLeft(_ rig: Rig) {
        rig.poll("every process of the run to be gone", within: .seconds(5)) { rig.processes().isEmpty }
    }

    private func expectReadable(_ rig: Rig) throws {
        let run = try RunDirectory(existing: rig.latest)
        let verdict = try RunJudge.judge(run)
        #expect(verdict.outcome != .pass)
    }

    @Test func `Ctrl-C in mid-drill ends in order, inconclusive, with nothing left and no further attempt`() throws {
        let (rig, child) = try startedDrill(upTo: "warm-up", ["--attempts", "3"])
        child.signal(SIGINT)
        rig.wait("gauntlet to end", within: .seconds(40)) { !child.isRunning }
        #expect(child.status == 2, "\(rig.text())")
        expectNothingLeft(rig)
        #expect(rig.json("verdict.json")?["verdict"]?.string == "inconclusive")
        #expect(Programs.entries(of: "\(rig.runs)/hard_kill_short").count == 1)
    }

    /// Which kind of chaos record came when, in seconds of the monotonic clock.
    private func stamps(_ rig: Rig, source: String, type: String) throws -> [Double] {
        try readFile("\(rig.latest)/history.ndjson").split(separator: 0x0A).compactMap { line in
            guard let json = try? JSON(parsing: Array(line)), json["source"]?.string == source, json["type"]?.string == type
            else { return nil }
            return json["t"]?.double.map { $0 / 1e9 }
        }
    }

    @Test(.alone)
    func `gauntlet abort heals everything within a second, and the run is inconclusive`() throws {
        let (rig, child) = try startedDrill(upTo: "fault")
        rig.poll("the fault to bite", within: .seconds(10)) { rig.historyHas(#""type":"fault_first_effect""#) }
        let asked = Double(Instant.now.nanoseconds) / 1e9
        let abort = try rig.start(["abort", rig.latest, "--reason", "enough"])
        rig.wait("abort to end", within: .seconds(60)) { !abort.isRunning }
        #expect(abort.status == 0, "\(rig.text())")
        rig.wait("gauntlet to end", within: .seconds(20)) { !child.isRunning }
        #expect(child.status == 2, "\(rig.text())")
        #expect(rig.json("verdict.json")?["verdict"]?.string == "inconclusive")
        #expect(rig.historyHas("stopped by an operator: gauntlet abort, uid \(getuid()): enough"))
        let healed = try stamps(rig, source: "chaos", type: "fault_healed")
        #expect(!healed.isEmpty)
        #expect(healed.allSatisfy { $0 - asked < 1 }, "healed \(healed.map { $0 - asked }) s after the abort was asked for")
        let again = try rig.start(["abort", rig.latest])
        rig.wait("abort to end", within: .seconds(5)) { !again.isRunning }
        #expect(again.status == 64, "\(rig.text())")
        expectNothingLeft(rig)
    }

    @Test(.threeAtATime)
    func `a fault that an operator injects in mid-drill is in the evidence and in the verdict`() throws {
        let (rig, child) = try startedDrill()
        rig.poll("phase drive", within: .seconds(20)) { rig.historyHas(#""type":"phase","name":"fault""#) }
        let operators = try rig.start(
            [
                "inject", "partition", "--node", "store", "--run", try #require(rig.runID), "--id", "by-hand", "--from",
                "broker", "--for", "2s",
            ], program: "chaos-agent")
        rig.wait("the command to end", within: .seconds(20)) { !operators.isRunning }
        #expect(operators.status == 0, "\(rig.text())")
        rig.wait("gauntlet to end", within: .seconds(60)) { !child.isRunning }
        #expect(child.status != 0, "\(rig.text())")
        let verdict = try #require(rig.json("verdict.json"))
        let fault = try #require(verdict["faults"]?.array?.first { $0["id"]?.string == "by-hand" })
        #expect(fault["by"]?.string == "operator" && fault["who"]?.string?.hasPrefix("uid ") == true, "\(fault.text())")
        #expect(verdict["certifying"]?.bool == false)
        #expect(rig.historyHas(#""type":"command","who":"uid "#))
        #expect(!ProcessTable.contents("\(rig.latest)/logs/audit-store.ndjson").isEmpty)
        expectNothingLeft(rig)
    }

    @Test(.threeAtATime, arguments: ["warm-up", "fault", "heal"])
    func `kill -9 of the host side leaves nothing after 5 s, and readable evidence`(_ phase: String) throws {
        let (rig, child) = try startedDrill(upTo: phase)
        child.signal(SIGKILL)
        rig.wait("gauntlet to end", within: .seconds(5)) { !child.isRunning }
        expectNothingLeft(rig)
        try expectReadable(rig)
    }

    @Test(.threeAtATime, arguments: ["gauntlet", "observer", "chaos-agent", "governor"], ["warm-up", "fault", "after"])
    func `kill -9 of any role in mid-drill is never a pass and leaves nothing`(_ name: String, _ phase: String) throws {
        let (rig, child) = try startedDrill(upTo: phase)
        let victims = rig.processes(named: name)
        let victim = try #require(victims.last, "no process \(name) in the run")
        #expect(kill(victim.pid, SIGKILL) == 0)
        rig.wait("gauntlet to end", within: .seconds(90)) { !child.isRunning }
        #expect(child.status != 0, "\(rig.text())")
        expectNothingLeft(rig)
        try expectReadable(rig)
    }

    @Test(.threeAtATime, arguments: [("governor", "holder"), ("broker", "socket")])
    func `an agent killed while its fault is in force leaves nothing in its node, and convicts nobody`(
        _ node: String, _ witness: String
    ) throws {
        let (rig, child) = try startedDrill(upTo: "fault")
        let effect = #""by":"\#(witness)","node":"\#(node)""#
        rig.poll("the fault at \(node) to bite", within: .seconds(10)) { rig.historyHas(effect) }
        let agent = rig.processes(named: "chaos-agent").first {
            String(decoding: ProcessTable.contents("/proc/\($0.pid)/cmdline"), as: UTF8.self).contains("--node\0\(node)\0")
        }
        #expect(kill(try #require(agent).pid, SIGKILL) == 0)
        rig.wait("gauntlet to end", within: .seconds(90)) { !child.isRunning }
        expectNothingLeft(rig)
        let gates = try #require(rig.json("verdict.json")?["gates"]?.array)
        let verdict = gates.first { $0["name"]?.string == "leftovers" }?["verdict"]?.string
        #expect(verdict == "pass" && child.status == 2, "\(rig.text())")
        #expect(rig.historyHas(#""name":"heal-\#(node)""#))
    }

    @Test(.alone)
    func `two drills at once, of one scenario and seed, don't disturb or judge each other`() throws {
        let rig = try Rig()
        let command = ["run", "hard_kill_short", "--attempts", "3", "--runs", rig.runs]
        let children = try [1, 2].map { _ in try rig.start(command) }
        try expectEachIsNamed(rig)
        rig.wait("both to end", within: .seconds(270)) { children.allSatisfy { !$0.isRunning } }
        for child in children { #expect(child.status == 0, "\(rig.text())") }
        let directories = Programs.entries(of: "\(rig.runs)/hard_kill_short")
        #expect(directories.count >= 2)
        for directory in directories {
            let run = try RunDirectory(existing: "\(rig.runs)/hard_kill_short/\(directory)")
            #expect(try RunJudge.judgeAgain(run).differences == [])
        }
    }

    /// An operator who names a node of two drills is asked which of them is meant.
    private func expectEachIsNamed(_ rig: Rig) throws {
        func agents() -> [ProcessTable.Entry] {
            ProcessTable.entries().filter { $0.name == "chaos-agent" && ProcessTable.arguments(of: $0.pid).contains("store") }
        }
        func ask(_ arguments: String...) throws -> Int32? {
            let command = try rig.start(["list", "--node", "store"] + arguments, program: "chaos-agent")
            rig.wait("the command to end", within: .seconds(20)) { !command.isRunning }
            return command.status
        }
        rig.poll("two agents of the stores", within: .seconds(30)) { agents().count >= 2 }
        #expect(try ask() == 64 && rig.text().contains("give --run"), "\(rig.text())")
        #expect(try ask("--run", "nobody's") == 64 && rig.text().contains("no drill 'nobody's' runs"), "\(rig.text())")
        let run = try #require(agents().first?.run)
        rig.poll("its agent to answer", within: .seconds(10)) { (try? ask("--run", run)) == 0 }
    }
}
