import Archive
import Glibc
import Judging
import Messages
import Processes
import Testing
import Units
import Verdicts

/// What a run leaves when something of it is killed in mid-drill: nothing, and evidence that can be read.
@Suite(.serialized) struct InterruptionTests {
    private func startedDrill(upTo phase: String = "warm-up") throws -> (Rig, ChildProcess) {
        let rig = try Rig()
        let child = try rig.start(["run", "hard_kill_short", "--runs", rig.runs])
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

    @Test func `Ctrl-C in mid-drill ends in order, inconclusive, with nothing left`() throws {
        let (rig, child) = try startedDrill()
        child.signal(SIGINT)
        rig.wait("gauntlet to end", within: .seconds(40)) { !child.isRunning }
        #expect(child.status == 2, "\(rig.text())")
        expectNothingLeft(rig)
        #expect(rig.json("verdict.json")?["verdict"]?.string == "inconclusive")
    }

    @Test(arguments: ["warm-up", "fault", "heal"])
    func `kill -9 of the host side leaves nothing after 5 s, and readable evidence`(_ phase: String) throws {
        let (rig, child) = try startedDrill(upTo: phase)
        child.signal(SIGKILL)
        rig.wait("gauntlet to end", within: .seconds(5)) { !child.isRunning }
        expectNothingLeft(rig)
        try expectReadable(rig)
    }

    @Test(arguments: ["gauntlet", "observer", "chaos-agent", "governor"], ["warm-up", "fault", "after"])
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

    @Test func `two drills at once, of one scenario and seed, don't disturb or judge each other`() throws {
        let rig = try Rig()
        let children = try [1, 2].map { _ in try rig.start(["run", "hard_kill_short", "--runs", rig.runs]) }
        rig.wait("both to end", within: .seconds(90)) { children.allSatisfy { !$0.isRunning } }
        for child in children { #expect(child.status == 0, "\(rig.text())") }
        let directories = Programs.entries(of: "\(rig.runs)/hard_kill_short")
        #expect(directories.count == 2)
        for directory in directories {
            let run = try RunDirectory(existing: "\(rig.runs)/hard_kill_short/\(directory)")
            #expect(try RunJudge.judgeAgain(run).differences == [])
        }
    }
}
