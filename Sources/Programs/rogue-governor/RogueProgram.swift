import ArgumentParser
import Foundation
import GovernorCore
import GovernorService
import Sockets

@main
struct RogueProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rogue-governor",
        abstract: "The reference governor with one promise broken: what a drill must catch.",
        discussion: "Configured by the same environment as governor. `--flaw list` shows what it can get wrong.")

    @Option(help: "Which promise to break, or 'list'.")
    var flaw: String

    @Option(help: "Where uses-control-network sends copies of its orders, host:port: what the guard lets out.")
    var controlBroker = "198.18.1.15:7010"

    func run() throws {
        if flaw == "list" {
            for flaw in Flaw.allCases {
                print(flaw.rawValue.padding(toLength: 26, withPad: " ", startingAt: 0) + flaw.summary)
            }
            return
        }
        guard let flaw = Flaw(rawValue: flaw) else {
            let known = Flaw.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--flaw: expected one of \(known), or list; found '\(flaw)'")
        }
        guard let control = Address(written: controlBroker) else {
            throw ValidationError("--control-broker: expected host:port, found '\(controlBroker)'")
        }
        let code = GovernorService<Rogue>.main(
            environment: ProcessInfo.processInfo.environment, build: "rogue"
        ) { configuration, reactor in
            Rogue(flaw, configuration.settings, SideDoor(configuration, control: control, on: reactor))
        }
        if code != 0 { throw ExitCode(code) }
    }
}
