// kill -9 of one process of a drill at a random moment, again and again. Afterwards: nothing of the run left within
// five seconds, and evidence that can be judged, never passes, and convicts only a governor that was killed itself.

import Archive
import ArgumentParser
import CLinux
import Glibc
import Judging
import Messages
import Processes
import Sockets
import Units

struct KillCampaign: ParsableCommand {
    enum Victim: String, CaseIterable, ExpressibleByArgument {
        /// `gauntlet run` on the host: what a user would kill.
        case host
        /// The conductor inside of the lab.
        case conductor
        case agent, observer, governor

        var program: String {
            switch self {
            case .host, .conductor: "gauntlet"
            case .agent: "chaos-agent"
            case .observer: "observer"
            case .governor: "governor"
            }
        }
    }

    static let configuration = CommandConfiguration(abstract: "kill -9 at random moments of a drill.")

    @Option(help: "Rounds for each victim.") var rounds = 50
    @Option(help: "Who is killed; default: each of \(Victim.allCases.map(\.rawValue).joined(separator: ", ")).")
    var victim: [Victim] = []
    @Option(help: "The scenario to interrupt.") var scenario = "hard_kill_short"
    @Option(help: "Where the runs go; those without a fault are removed.") var runs = "/tmp/gauntlet-kill-campaign"
    @Option(help: "Decides the moments.") var seed: UInt64 = 1
    @Option(help: "Directory that holds chaos/ and data/; default: the working directory.") var root = "."

    func run() throws {
        let victims = victim.isEmpty ? Victim.allCases : victim
        let report = FigureTable()
        var broken = 0
        for victim in victims {
            report.begin("kill -9 of \(victim.rawValue), \(rounds) rounds")
            var tally = Tally()
            for number in 0..<rounds {
                let round = KillRound(
                    victim: victim, scenario: scenario, runs: "\(runs)/\(victim.rawValue)-\(number)", root: root,
                    moment: moment(victim, number))
                tally.add(try round.run(), report)
            }
            broken += tally.broken
            report.add(
                "kill -9 of \(victim.rawValue)", tally.description, goal: "nothing left after 5 s, no pass, no unjust fail",
                met: tally.broken == 0)
        }
        if broken > 0 { throw ExitCode(1) }
    }

    /// Counted from the first sign of the run; the short drill takes about half a minute.
    private func moment(_ victim: Victim, _ number: Int) -> Duration {
        .milliseconds(SeededDraw(seed: seed, stream: victim.rawValue).whole(in: 0...27_000, at: number))
    }
}

struct Tally: CustomStringConvertible {
    private var rounds = 0
    private var gone = Samples()
    private var outcomes: [String: Int] = [:]
    private(set) var broken = 0

    mutating func add(_ result: KillRound.Result, _ report: FigureTable) {
        rounds += 1
        if let after = result.goneAfter { gone.add(after) }
        outcomes[result.judged, default: 0] += 1
        guard let defect = result.defect else { return }
        broken += 1
        report.say("round \(rounds), killed at \(result.moment.written): \(defect)")
    }

    var description: String {
        let words = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "\(rounds) rounds, \(broken) broken; all gone after P50 \(shown(gone.median)), largest "
            + "\(shown(gone.maximum)); judged: \(words)"
    }
}
