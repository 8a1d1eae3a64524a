import ArgumentParser
import ConductorService
import Glibc
import Messages
import Sockets
import Units

struct Abort: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends a drill that is under way: heals every fault at once; its verdict is inconclusive.",
        discussion: """
            Writes the file 'stop' into the run's directory, which anybody who may write there can do by hand as well, and
            waits for the verdict. Exit code 0: the run has ended. 70: it has not, within --within.
            """)

    @Argument(help: "Directory of the run.")
    var directory = "runs/latest"

    @Option(help: "Why; goes into the evidence.")
    var reason = ""

    @Option(help: "How long to wait for the end: 60s.")
    var within = "60s"

    @Option(help: "Form of the result on stdout: text or json.")
    var format: OutputFormat = .text

    func run() throws {
        guard let limit = Duration(written: within) else {
            throw UsageError(description: "--within: expected a duration such as 60s, found '\(within)'")
        }
        guard let real = realpath(directory, nil) else {
            throw UsageError(description: "\(directory): \(String(cString: strerror(errno)))")
        }
        defer { free(real) }
        let run = String(cString: real)
        let asked = Instant.now
        try StopFile.write(in: run, because: "gauntlet abort, uid \(getuid())\(reason.isEmpty ? "" : ": \(reason)")")
        let reactor = try Reactor()
        while access("\(run)/verdict.json", F_OK) != 0 {
            guard Instant.now - asked < limit else {
                complain("\(run): asked to stop, not ended within \(limit.written); `gauntlet doctor` shows what is there")
                throw ExitCode(70)
            }
            _ = reactor.run(until: Instant.now + .milliseconds(50), or: { false })
        }
        let taken = Instant.now - asked
        switch format {
        case .text: print("aborted after \(taken.written): \(run)")
        case .json:
            let json: JSON = ["run": .string(run), "aborted": true, "seconds": .real(taken.seconds)]
            print(json.text())
        }
    }
}
