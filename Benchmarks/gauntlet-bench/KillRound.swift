import Archive
import CLinux
import Glibc
import Judging
import Messages
import Processes
import Sockets
import Units

/// One drill with one kill in it.
struct KillRound {
    struct Result {
        let moment: Duration
        /// From the end of `gauntlet run` until no process of the run was left; `nil`: some still were after 5 s.
        let goneAfter: Duration?
        /// What judging the evidence came to.
        let judged: String
        let defect: String?
    }

    static let startLimit = Duration.seconds(20)
    static let endLimit = Duration.seconds(90)
    static let goneLimit = Duration.seconds(5)
    private static let look = Duration.milliseconds(20)

    let victim: KillCampaign.Victim
    let scenario: String
    let runs: String
    let root: String
    let moment: Duration

    func run() throws -> Result {
        _ = mkdir(runs.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }, 0o755)
        guard mkdir(runs, 0o755) == 0 else { throw SystemError(runs, "create directory", code: errno) }
        let reactor = try Reactor()
        let child = try start(on: reactor)
        defer { child.signal(SIGKILL) }
        guard poll(reactor, within: KillRound.startLimit, { !processes().isEmpty || !child.isRunning }), child.isRunning
        else { return result(nil, "no run", "the drill did not start; see \(runs)/output.txt") }
        _ = reactor.run(until: .now + moment) { !child.isRunning }
        let killed = child.isRunning && kill(child)
        guard poll(reactor, within: KillRound.endLimit, { !child.isRunning }) else {
            return result(nil, "never ended", "gauntlet had not ended \(KillRound.endLimit.written) after the kill")
        }
        let ended = Instant.now
        guard poll(reactor, within: KillRound.goneLimit, { processes().isEmpty }) else {
            let left = processes().map { "\($0.name) (\($0.pid))" }.joined(separator: ", ")
            return result(nil, "not judged", "left after 5 s: \(left)")
        }
        let gone = Instant.now - ended
        return try judged(killed: killed, status: child.status, gone)
    }

    private func result(_ gone: Duration?, _ judged: String, _ defect: String?) -> Result {
        Result(moment: moment, goneAfter: gone, judged: judged, defect: defect)
    }

    private func judged(killed: Bool, status: Int32?, _ gone: Duration) throws -> Result {
        guard killed else {
            // The drill was over, or the victim was: nothing was put to the test.
            remove()
            return result(gone, "over before the kill", nil)
        }
        guard access("\(latest)/scenario.yaml", R_OK) == 0 else {
            return result(gone, "no evidence yet", moment < .seconds(2) ? nil : "no scenario.yaml in \(latest)")
        }
        let code = try judgeCode()
        let words = [0: "pass", 1: "fail", 2: "inconclusive"][code] ?? "exit \(code)"
        guard code == 1 || code == 2 else {
            return result(gone, words, "gauntlet judge ended with \(code); see \(runs)")
        }
        guard status != 0 else { return result(gone, words, "gauntlet run ended with 0 although it was interrupted") }
        guard code == 2 || victim == .governor else {
            return result(gone, words, "the reference governor is convicted, and it was not the one killed; see \(runs)")
        }
        remove()
        return result(gone, words, nil)
    }

    /// The exit code of `gauntlet judge` on what is there.
    private func judgeCode() throws -> Int {
        let reactor = try Reactor()
        let child = try gauntlet(["judge", latest], on: reactor)
        guard poll(reactor, within: KillRound.endLimit, { !child.isRunning }) else { return -1 }
        return Int(child.status ?? -1)
    }

    private var latest: String { "\(runs)/latest" }

    private func start(on reactor: Reactor) throws -> ChildProcess {
        try gauntlet(["run", scenario, "--runs", runs], on: reactor)
    }

    private func gauntlet(_ arguments: [String], on reactor: Reactor) throws -> ChildProcess {
        let output = Descriptor(open("\(runs)/output.txt", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644))
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let command = Command(
            "\(Programs.ownDirectory)/gauntlet", arguments, environment: ["PATH": path], directory: root,
            keepsCapabilities: true)
        return try ChildProcess("gauntlet", command, output: output.number, on: reactor)
    }

    private func kill(_ child: ChildProcess) -> Bool {
        if victim == .host {
            child.signal(SIGKILL)
            return true
        }
        let candidates = processes().filter { $0.name == victim.program && $0.pid != child.pid }
        guard !candidates.isEmpty else { return false }
        let chosen = candidates[Int(moment.nanoseconds / 1_000_000) % candidates.count]
        return Glibc.kill(chosen.pid, SIGKILL) == 0
    }

    /// Of this run: they bear its id in their environment.
    private func processes() -> [ProcessTable.Entry] {
        guard let run = runID else { return [] }
        return ProcessTable.entries().filter { $0.run == run }
    }

    private var runID: String? {
        let bytes = ProcessTable.contents("\(latest)/environment.json")
        guard !bytes.isEmpty, let json = try? JSON(parsing: bytes) else { return nil }  // not whole yet
        return json["run"]?.string
    }

    /// Conditions of the outside world, that no descriptor announces.
    private func poll(_ reactor: Reactor, within limit: Duration, _ condition: () -> Bool) -> Bool {
        let deadline = Instant.now + limit
        while !condition() {
            guard Instant.now < deadline else { return false }
            _ = reactor.run(until: .now + KillRound.look) { false }
        }
        return true
    }

    /// A round in which nothing was wrong leaves nothing.
    private func remove() {
        guard let removal = ExternalTool("rm") else { return }
        // Left over at worst, and named by the user.
        try? removal.run(["-rf", "--", runs])
    }
}
