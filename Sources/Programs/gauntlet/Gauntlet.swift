import ArgumentParser
import CLinux
import ConductorService
import Glibc

/// The conductor's command line.
@main
struct Gauntlet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gauntlet",
        abstract: "Puts a trading risk governor through real faults and returns a verdict.",
        discussion: """
            Exit codes: 0 pass, 1 fail, 2 inconclusive, 64 usage, 70 the rig itself failed, 77 this machine can't run it.
            """,
        subcommands: [
            Run.self, Judge.self, Explain.self, ScenarioList.self, Certify.self, Baselines.self, Report.self, SelfTest.self,
            Sweep.self, Doctor.self, Heal.self, Abort.self, StandByCommand.self, Conduct.self,
        ])

    static func main() {
        // A line is out when it is printed, also into a file or a pipe.
        clinux_line_buffered_output()
        do {
            try refuseUnknownCommand()
            var command = try parseAsRoot()
            try command.run()
        } catch let error as ConductorError {
            complain("\(error)")
            Glibc.exit(error.exitCode)
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch let error as UsageError {
            complain(error.description)
            Glibc.exit(64)
        } catch {
            // The parser's own errors know their code and their help; anything else is a failure of the rig.
            let code = exitCode(for: error)
            guard code == .failure else { exit(withError: error) }
            complain("\(error)")
            Glibc.exit(70)
        }
    }
}

extension Gauntlet {
    /// The parser's own word for a misspelt command doesn't name the right one.
    private static func refuseUnknownCommand() throws {
        guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), word != "help" else { return }
        let shown = configuration.subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        guard !shown.contains(word), word != Conduct._commandName else { return }
        let closest = shown.min { Places.distance($0, word) < Places.distance($1, word) } ?? ""
        let hint = Places.distance(closest, word) <= 3 ? " Did you mean '\(closest)'?" : ""
        throw UsageError(description: "unknown command '\(word)'.\(hint) There are: \(shown.joined(separator: ", "))")
    }
}

/// Something the user wrote is wrong: exit code 64.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// Talk goes to stderr; stdout is for results.
func complain(_ text: String) {
    let line = Array("gauntlet: \(text)\n".utf8)
    _ = write(2, line, line.count)
}
