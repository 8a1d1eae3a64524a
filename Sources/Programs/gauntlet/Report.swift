import Archive
import ArgumentParser
import ConductorService

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the page of a run or of a certification again, from what lies in its directory.",
        discussion: "The page is one file that fetches nothing: it can be mailed, archived and opened offline.")

    @Argument(help: "Directory of a run or of a certification, or runs/latest.")
    var directory = "runs/latest"

    func run() throws {
        do {
            print(try ReportFiles.write(try RunDirectory(existing: directory)))
        } catch { throw UsageError(description: "\(error)") }
    }
}
