import Glibc
import Messages
import Processes
import Sockets
import Testing
import Units

/// Netem needs a kernel that has it: Debian's User Mode Linux, with this machine's files as its root.
enum UserModeLinux {
    static let program = Programs.find("linux.uml")
    static let isAvailable =
        program != nil && Programs.find("insmod") != nil && Programs.find("tc") != nil && Programs.find("ip") != nil
    static let reason: Comment = "needs the packages user-mode-linux, kmod and iproute2"
    static let limit = Duration.seconds(90)

    static var script: String {
        let file = "\(#filePath)"
        return "\(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])/netem-in-uml.sh"
    }
}

@Suite(.serialized, .enabled(if: UserModeLinux.isAvailable, UserModeLinux.reason))
struct NetemTests {
    @Test func `netem delays by its dose, is proven, heals, and its guardian heals when the agent is killed`() throws
    {
        var template = Array("/tmp/gauntlet-uml-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            for name in ["log", "faults", "healed", "left", "killed", "console"] { unlink("\(directory)/\(name)") }
            rmdir("\(directory)/.uml")
            rmdir(directory)
        }
        let reactor = try Reactor()
        let console = Descriptor(open("\(directory)/console", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        let command = Command(
            try #require(UserModeLinux.program),
            [
                "rootfstype=hostfs", "rootflags=/", "rw", "mem=512M", "con=null", "con0=null", "quiet",
                "init=\(UserModeLinux.script)",
                "GAUNTLET_OUT=\(directory)", "GAUNTLET_AGENT=\(Programs.ownDirectory)/chaos-agent",
            ], environment: ["HOME": directory, "PATH": "/usr/bin:/bin"])
        let kernel = try ChildProcess("linux.uml", command, output: console.number, on: reactor)
        defer { kernel.signal(SIGKILL) }
        #expect(reactor.run(until: Instant.now + UserModeLinux.limit) { !kernel.isRunning })
        func output(_ name: String) -> String {
            String(decoding: ProcessTable.contents("\(directory)/\(name)"), as: UTF8.self)
        }
        let fault = try #require(try? JSON(parsing: output("faults")), "no list of faults; \(output("log"))").array?
            .first
        #expect(fault?["in_force"]?.string == "proven", "\(fault?.text() ?? ""); \(output("log"))")
        #expect(fault?["backend"]?.string == "netem")
        #expect(!output("healed").contains("netem") && !output("healed").contains("ingress"))
        #expect(
            output("left").contains("netem 474e: dev gnt") && output("left").contains("delay 250ms"),
            "\(output("left")); \(output("log"))")
        #expect(!output("killed").contains("netem") && !output("killed").contains("ingress"), "\(output("killed"))")
    }
}
