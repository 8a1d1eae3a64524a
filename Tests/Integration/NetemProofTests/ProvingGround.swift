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

    /// A boot takes two seconds; the rest is what the cases last, three times over and more.
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
        return (try? status(of: command)) == 0  // what can't be tried is not there
    }

    private static func status(of command: Command) throws -> Int32? {
        let reactor = try Reactor()
        let nowhere = Descriptor(open("/dev/null", O_WRONLY | O_CLOEXEC))
        let process = try withExtendedLifetime(nowhere) {
            try ChildProcess("attempt", command, output: nowhere.number, on: reactor)
        }
        return withExtendedLifetime(reactor) {
            _ = reactor.run(until: Instant.now + .seconds(10)) { !process.isRunning }
            process.signal(SIGKILL)
            return process.status
        }
    }

    private static var isEmulationAskedFor: Bool {
        getenv("GAUNTLET_PROVING_GROUND").map { String(cString: $0) } == "qemu"
    }

    private static let path = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]

    /// What is proved at a time, each in a directory of its name: a guest has one processor, so two of them share the
    /// cases. On real kernels there is one after the other.
    var parts: [(name: String, cases: String?)] {
        guard case .guest = self else { return [("all", nil)] }
        return [("doses", "doses,captures"), ("ends", "shares,deaths,foreigners")]
    }

    /// Runs the script `prove` there; what it wrote is in folders of `directory` afterwards, one a part.
    func prove(agent: String, into directory: String, within limit: Duration = ProvingGround.limit) throws {
        let commands = try parts.map { part in
            let folder = "\(directory)/\(part.name)"
            guard mkdir(folder, 0o700) == 0 else { throw SystemError(folder, "mkdir", code: errno) }
            return (try command(agent: agent, into: folder, cases: part.cases), "\(folder)/console")
        }
        try ProvingGround.run(commands, limit)
    }

    private func command(agent: String, into directory: String, cases: String?) throws -> Command {
        let folder = ProvingGround.scripts
        var environment = ProvingGround.path
        switch self {
        case .none(let reason):
            throw ProcessError("netem proof", "start", detail: reason)
        case .ownKernel:
            environment["GAUNTLET_AGENT"] = agent
            environment["GAUNTLET_OUT"] = directory
            return Command(Programs.find("bash") ?? "/bin/bash", ["\(folder)/prove"], environment: environment)
        case .emulated:
            environment["GAUNTLET_AGENT"] = agent
            let script = "\(ProvingGround.repositoryTests)/QEMU/guest"
            return Command(
                Programs.find("bash") ?? "/bin/bash", [script, directory, "\(folder)/prove", agent],
                environment: environment)
        case .guest(let program):
            environment["HOME"] = directory
            return Command(
                program,
                [
                    "rootfstype=hostfs", "rootflags=/", "ro", "mem=512M", "con=null", "con0=null", "quiet",
                    "init=\(folder)/boot", "GAUNTLET_OUT=\(directory)", "GAUNTLET_AGENT=\(agent)",
                ] + (cases.map { ["GAUNTLET_CASES=\($0)"] } ?? []), environment: environment)
        }
    }

    /// A guest that halts may end by a signal: whether it is complete, its results say.
    private static func run(_ commands: [(Command, String)], _ limit: Duration) throws {
        let reactor = try Reactor()
        let processes = try commands.map { command, output in
            let console = Descriptor(open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
            var command = command
            command.endsWithUs = true
            return try withExtendedLifetime(console) {
                try ChildProcess("netem proof", command, output: console.number, on: reactor)
            }
        }
        withExtendedLifetime(reactor) {
            if reactor.run(until: Instant.now + limit, or: { !processes.contains(where: \.isRunning) }) { return }
            for process in processes { end(process, on: reactor) }
        }
    }

    /// A guest's kernel has processes of its own, in the group that every child of ours leads: they don't end with it,
    /// and a killed one is gone only some time after the signal.
    private static func end(_ process: ChildProcess, on reactor: Reactor) {
        kill(-process.pid, SIGKILL)
        process.signal(SIGKILL)
        let end = Instant.now + .seconds(20)
        while process.isRunning || isAnyLeft(of: process.pid), Instant.now < end {
            _ = reactor.run(until: Instant.now + .milliseconds(20)) { false }
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

    /// The list of what `./scripts/setup` installs.
    static var packageList: String { repositoryTests + "/../scripts/packages" }

    private static var repositoryTests: String {
        let file = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false)
        return file.dropLast(3).joined(separator: "/")
    }
}
