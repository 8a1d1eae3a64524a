// Where netem can be proved: on this machine's own kernel, in a User Mode Linux guest, or not at all.

import Glibc
import Processes
import Sockets
import Units

enum ProvingGround: Sendable {
    /// This kernel has netem and we may use it.
    case ownKernel
    /// Debian's User Mode Linux: a kernel as a process, with this machine's files as its root.
    case guest(program: String)
    /// A guest of QEMU on Debian's cloud kernel, which has nf_tables' `fwd` besides: slow, so only when asked for.
    case emulated
    /// Said aloud, so that nobody takes silence for a proof.
    case none(reason: String)

    /// A boot takes two seconds; the rest is what the cases last, three times over.
    static var limit: Duration { if case .emulated = found { .seconds(1_200) } else { .seconds(300) } }
    static let tools = ["tc", "ip", "ping", "unshare", "dumpcap", "pgrep", "bash"]

    static let found: ProvingGround = {
        let missing = tools.filter { Programs.find($0) == nil }
        guard missing.isEmpty else {
            return .none(
                reason: "not run: no \(missing.joined(separator: ", ")); run ./scripts/setup test")
        }
        if isEmulationAskedFor { return .emulated }
        if hasNetem() { return .ownKernel }
        guard let program = Programs.find("linux.uml"), Programs.find("insmod") != nil else {
            return .none(
                reason: "not run: this kernel has no netem, and there is no linux.uml (package user-mode-linux) "
                    + "with insmod (package kmod)")
        }
        return .guest(program: program)
    }()

    static var reason: String? { if case .none(let reason) = found { reason } else { nil } }

    /// Found out by doing, in a network namespace that ends with the attempt.
    private static func hasNetem() -> Bool {
        guard geteuid() == 0, let unshare = Programs.find("unshare") else { return false }
        let attempt = "ip link add gntprobe type ifb && tc qdisc add dev gntprobe root netem delay 1ms"
        let command = Command(unshare, ["--net", "sh", "-c", attempt], environment: path)
        return (try? run(command, "/dev/null", .seconds(10))) == 0  // what can't be tried is not there
    }

    private static var isEmulationAskedFor: Bool {
        getenv("GAUNTLET_PROVING_GROUND").map { String(cString: $0) } == "qemu"
    }

    private static let path = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]

    /// Runs the script `prove` there; what it wrote is in `directory` afterwards.
    func prove(agent: String, into directory: String, within limit: Duration = ProvingGround.limit) throws {
        let folder = ProvingGround.scripts
        var environment = ProvingGround.path
        let command: Command
        switch self {
        case .none(let reason):
            throw ProcessError("netem proof", "start", detail: reason)
        case .ownKernel:
            environment["GAUNTLET_AGENT"] = agent
            environment["GAUNTLET_OUT"] = directory
            command = Command(Programs.find("bash") ?? "/bin/bash", ["\(folder)/prove"], environment: environment)
        case .emulated:
            environment["GAUNTLET_AGENT"] = agent
            let script = "\(ProvingGround.repositoryTests)/QEMU/guest"
            command = Command(
                Programs.find("bash") ?? "/bin/bash", [script, directory, "\(folder)/prove", agent],
                environment: environment)
        case .guest(let program):
            environment["HOME"] = directory
            command = Command(
                program,
                [
                    "rootfstype=hostfs", "rootflags=/", "ro", "mem=512M", "con=null", "con0=null", "quiet",
                    "init=\(folder)/boot", "GAUNTLET_OUT=\(directory)", "GAUNTLET_AGENT=\(agent)",
                ], environment: environment)
        }
        // A guest that halts may end by a signal: whether it is complete, its results say.
        _ = try ProvingGround.run(command, "\(directory)/console", limit)
    }

    /// Exit status, or nothing when it had to be killed. A guest's kernel has processes of its own, in the group
    /// that every child of ours leads: they don't end with it, and a killed one is gone only some time after the signal.
    private static func run(_ command: Command, _ output: String, _ limit: Duration) throws -> Int32? {
        let reactor = try Reactor()
        let console = Descriptor(open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        var command = command
        command.endsWithUs = true
        let process = try ChildProcess("netem proof", command, output: console.number, on: reactor)
        var status: Int32?
        process.whenEnded { status = $0 }
        return withExtendedLifetime((reactor, console)) {
            if !reactor.run(until: Instant.now + limit, or: { !process.isRunning }) {
                kill(-process.pid, SIGKILL)
                process.signal(SIGKILL)
                let end = Instant.now + .seconds(20)
                while process.isRunning || isAnyLeft(of: process.pid), Instant.now < end {
                    _ = reactor.run(until: Instant.now + .milliseconds(20)) { false }
                }
            }
            return status
        }
    }

    /// Whether a process of this group has not ended; one that nobody has waited for yet has.
    private static func isAnyLeft(of group: Int32) -> Bool {
        Programs.entries(of: "/proc").contains { process in
            let line = String(decoding: ProcessTable.contents("/proc/\(process)/stat"), as: UTF8.self)
            // NUMBER (NAME) STATE PARENT GROUP …; a name may hold anything.
            guard Int32(process) != nil, let name = line.lastIndex(of: ")") else { return false }
            let fields = line[name...].dropFirst().split(separator: " ")
            return fields.count > 2 && fields[2] == "\(group)" && fields[0] != "Z" && fields[0] != "X"
        }
    }

    /// Tests/UserModeLinux of the clone that this was built from.
    static var scripts: String { repositoryTests + "/UserModeLinux" }

    private static var repositoryTests: String {
        let file = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false)
        return file.dropLast(3).joined(separator: "/")
    }
}
