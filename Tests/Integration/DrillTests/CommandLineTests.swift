import Foundation
import Glibc
import Processes
import Testing
import Units

@Suite(.inPlaces) struct CommandLineTests {
    private func result(of arguments: [String]) throws -> (status: Int32, text: String) {
        let rig = try Rig()
        let child = try rig.start(arguments)
        rig.wait("gauntlet \(arguments.joined(separator: " "))", within: .seconds(30)) { !child.isRunning }
        return (child.status ?? -1, rig.text())
    }

    @Test func `an unknown scenario is refused with a suggestion and exit code 64`() throws {
        let (status, text) = try result(of: ["run", "hard_kill_governence"])
        #expect(status == 64)
        #expect(text.contains("Did you mean 'hard_kill_governance'?"))
    }

    @Test func `a misspelt gate is refused with file, line, suggestion and exit code 64`() throws {
        let rig = try Rig()
        let source = try String(contentsOfFile: "\(Rig.root)/chaos/hard_kill_short.yaml", encoding: .utf8)
        let path = "\(rig.runs)/typo.yaml"
        try source.replacingOccurrences(of: "name: recovery,", with: "name: recovry,").write(toFile: path, atomically: true, encoding: .utf8)
        let (status, text) = try result(of: ["run", path])
        #expect(status == 64)
        #expect(text.contains("typo.yaml:"))
        #expect(text.contains("Did you mean 'recovery'?"))
    }

    @Test func `a governor that is no program is refused before anything starts`() throws {
        let (status, text) = try result(of: ["run", "hard_kill_short", "--governor", "./no-such-governor"])
        #expect(status == 64)
        #expect(text.contains("no-such-governor"))
    }

    @Test func `every command explains itself`() throws {
        for command in ["run", "judge", "explain", "scenarios", "certify", "baseline", "selftest", "doctor", "heal"] {
            let (status, text) = try result(of: [command, "--help"])
            #expect(status == 0, "\(command)")
            #expect(text.contains("OVERVIEW"), "\(command)")
        }
    }

    @Test func `every scenario that ships can be explained`() throws {
        let (status, text) = try result(of: ["scenarios"])
        #expect(status == 0)
        for line in text.split(separator: "\n") {
            let name = String(line.prefix { $0 != " " })
            #expect(try result(of: ["explain", name]).status == 0, "\(name)")
        }
    }

    @Test func `judging what is no run is a usage error`() throws {
        #expect(try result(of: ["judge", "/nonexistent"]).status == 64)
    }
}
