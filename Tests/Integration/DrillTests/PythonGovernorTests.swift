import CheckPython
import Foundation
import Messages
import Processes
import Testing
import Units

/// `examples/governor-python`, which shares nothing with the rig but the contract.
private enum PythonGovernor {
    static let directory = "\(Rig.root)/examples/governor-python"
}

@Suite(.inPlaces, .enabled(if: CheckPython.path != nil, Comment(rawValue: CheckPython.whyNot)))
struct PythonGovernorTests {
    private func drill(_ governor: String, in rig: Rig) throws -> Int32? {
        let python = try #require(CheckPython.path)
        let command = "\(python) -B \(governor)/governor.py"
        let child = try rig.start(
            ["run", "hard_kill_short", "--attempts", "3", "--runs", rig.runs, "--governor", command])
        rig.wait("the drill to end", within: .seconds(360)) { !child.isRunning }
        return child.status
    }

    private func outcome(of gate: String, in rig: Rig) -> String? {
        rig.json("verdict.json")?["gates"]?.array?.first { $0["name"]?.string == gate }?["verdict"]?.string
    }

    @Test func `a governor written in Python from the contract alone passes the short hard kill`() throws {
        let rig = try Rig()
        let status = try drill(PythonGovernor.directory, in: rig)
        #expect(status == 0, "\(rig.text())")
    }

    @Test func `the same governor fails as soon as it doesn't raise the pause`() throws {
        let rig = try Rig()
        let copy = "\(rig.runs)/governor-python"
        try FileManager.default.copyItem(atPath: PythonGovernor.directory, toPath: copy)
        let path = "\(copy)/governor.py"
        let honest = try String(contentsOfFile: path, encoding: .utf8)
        let line = "self.flags.raise_critical(reason, self.blocked())"
        try #require(honest.contains(line))
        try honest.replacingOccurrences(of: line, with: "pass").write(toFile: path, atomically: true, encoding: .utf8)
        let status = try drill(copy, in: rig)
        #expect(status == 1, "\(rig.text())")
        #expect(outcome(of: "critical_pause_flag_raised", in: rig) == "fail")
    }
}
