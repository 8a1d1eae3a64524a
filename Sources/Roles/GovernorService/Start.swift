import Glibc
import GovernorCore
import Sockets

extension GovernorService {
    /// What both programs do: read the environment, build the core, serve. Returns the exit code.
    package static func main(
        environment: [String: String], build: String, _ makeCore: (Configuration, Reactor) -> Core
    ) -> Int32 {
        let configuration: Configuration
        do {
            configuration = try Configuration(environment: environment)
        } catch {
            complain("\(error)")
            return EX_USAGE
        }
        do {
            let reactor = try Reactor()
            let service = GovernorService(
                configuration, core: makeCore(configuration, reactor), build: build, on: reactor)
            // Its callbacks hold it weakly; nothing else would keep it while the reactor runs.
            try withExtendedLifetime(service) { try service.run() }
            return 0
        } catch {
            complain("governor: \(error)")
            return EX_SOFTWARE
        }
    }
}

private func complain(_ text: String) {
    // A closed stderr leaves nobody to tell.
    _ = Array((text + "\n").utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
