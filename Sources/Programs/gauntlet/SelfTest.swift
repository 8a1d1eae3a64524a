import Archive
import ArgumentParser
import Certification
import ConductorCore
import ConductorService
import Glibc
import Messages
import Processes
import Sockets
import Units

struct SelfTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract:
            "Runs every known-bad governor in its drill, for real, and checks that exactly the right gates turn red.",
        discussion: "The rig is trusted because it is seen to fail. Exit code 0: every flaw was caught as it should be."
    )

    @Flag(help: "The certifying scenarios in their real durations instead of the short ones.")
    var full = false

    @Option(help: "Only this flaw; may be given several times.")
    var only: [String] = []

    @Option(help: "Leaves out the flaws of this drill; may be given several times.")
    var except: [String] = []

    @Option(help: "Directory for the evidence.")
    var runs = "runs/selftest"

    @Option(help: "Rigs at once; drills that need the whole machine come last, one by one.")
    var jobs = 2

    func run() throws {
        let path = "\(Places.root)/data/flaws.json"
        let table: FlawTable
        do { table = try FlawTable(parsing: try readFile(path)) } catch {
            throw UsageError(description: "\(path): \(error)")
        }
        let names = table.rows.map(\.flaw)
        for name in only where !names.contains(name) {
            throw UsageError(description: "--only: unknown flaw '\(name)'; there are: \(names.joined(separator: ", "))")
        }
        let drills = Set(table.rows.map(\.drill)).sorted()
        for name in except where !drills.contains(name) {
            throw UsageError(description: "--except: no flaw is in '\(name)'; there are: \(drills.joined(separator: ", "))")
        }
        let rows = table.rows.filter { only.isEmpty || only.contains($0.flaw) }.filter { !except.contains($0.drill) }
        let trial = try FlawTrial(runs: runs, jobs: max(1, jobs))
        var caught = 0
        var lines: [[String]] = []
        let again = { (row: FlawTable.Row, outcome: FlawTrial.Outcome) in
            print("again   \(row.flaw) in \(row.title): undecided, \(outcome.differences.joined(separator: "; "))")
        }
        try trial.run(full ? rows.map(\.inFull) : rows, again: again) { row, outcome in
            if outcome.differences.isEmpty { caught += 1 }
            let word = outcome.differences.isEmpty ? "caught" : "MISSED"
            print("\(word)  \(row.flaw) in \(row.title): red \(outcome.red.joined(separator: ", "))")
            for difference in outcome.differences { print("        \(difference)") }
            let expected = row.fail + row.inconclusive.map { "\($0)?" }
            let red = outcome.red.map { $0.replacing(": fail", with: "").replacing(": inconclusive", with: "?") }
            lines.append([row.flaw, row.title, word, expected.sorted().joined(separator: ", "), red.joined(separator: ", ")])
        }
        print("\nflaw, gates expected red and gates red; ? is inconclusive")
        let head = ["flaw", "drill", "", "expected red", "red"]
        for line in textTable(head, lines.sorted { $0[0] < $1[0] }) { print(line) }
        print("\(caught) of \(rows.count) flaws caught by exactly the right gates")
        throw ExitCode(caught == rows.count ? 0 : 1)
    }
}
