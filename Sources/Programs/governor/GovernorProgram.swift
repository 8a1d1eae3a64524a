import ArgumentParser
import Foundation
import GovernorCore
import GovernorService

@main
struct GovernorProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "governor",
        abstract: "The reference risk governor.",
        discussion: """
            Configured by environment variables alone: GAUNTLET_REDIS, GAUNTLET_FEED, GAUNTLET_BROKER, \
            GAUNTLET_POSTGRES, GAUNTLET_METRICS_PORT (8000), GAUNTLET_SYMBOLS, GAUNTLET_LIMITS, GAUNTLET_FEES, \
            GAUNTLET_MODE (live or shadow). See docs/governor-contract.md.
            """)

    func run() throws {
        let code = GovernorService<Governor>.main(environment: ProcessInfo.processInfo.environment, build: "reference")
        {
            configuration, _ in Governor(configuration.settings)
        }
        if code != 0 { throw ExitCode(code) }
    }
}
