import ArgumentParser
import Glibc
import Scenarios

@main
struct FeedReplayerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed-replayer",
        abstract: "Replays a recorded book and a script of trading intents, open loop, on absolute deadlines.",
        discussion: "Exit codes: 0 all was sent, 64 a mistake in what was asked, 70 something else went wrong.",
        subcommands: [Run.self, MakePlan.self, Reconstruct.self])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as Failure {
            complain(error.description)
            Glibc.exit(error.exitCode)
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            // 64, as everywhere, for options that can't be read; 0 for help.
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code == .success { print(text) } else { complain(text) }
            Glibc.exit(code == .success ? 0 : 64)
        }
    }
}

/// Why the program ends early, and with which code.
struct Failure: Error, CustomStringConvertible {
    let exitCode: Int32
    let description: String

    static func usage(_ text: String) -> Failure { Failure(exitCode: 64, description: text) }
    static func rig(_ text: String) -> Failure { Failure(exitCode: 70, description: text) }
}

/// Talk goes to stderr; stdout is for results.
func complain(_ text: String) { writeAll(2, Array((text + "\n").utf8)) }

func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) {
    var start = 0
    while start < bytes.count {
        let written = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return }
        start += written
    }
}
