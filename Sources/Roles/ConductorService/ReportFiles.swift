import Archive
import History
import Judging
import Messages
import Pages

/// Writes `report.html` beside a verdict or a certification report. It is outside the seal, because anybody can make it again.
package enum ReportFiles {
    package static let name = "report.html"

    /// Of a run directory, or of a certification's. The path of the page.
    package static func write(_ directory: RunDirectory) throws(ArchiveError) -> String {
        let bytes: [UInt8]
        if directory.exists("certification_report.json") {
            let report = try directory.read("certification_report.json")
            bytes = CertificationPage(report: try json(report, directory), seal: RunJudge.sealText(report)).bytes
        } else {
            let verdict = try directory.read("verdict.json")
            var reader = HistoryReader()
            var drawn: [Observation] = []
            if directory.exists("history.ndjson") {
                try eachChunk(of: "\(directory.path)/history.ndjson") { chunk in
                    reader.read(chunk) { if RunPage.draws($0.observation) { drawn.append($0.observation) } }
                }
            }
            bytes = RunPage(verdict: try json(verdict, directory), observations: drawn, seal: RunJudge.sealText(verdict)).bytes
        }
        try directory.write(bytes, to: name)
        return "\(directory.path)/\(name)"
    }

    private static func json(_ bytes: [UInt8], _ directory: RunDirectory) throws(ArchiveError) -> JSON {
        do { return try JSON(parsing: bytes) } catch { throw ArchiveError(directory.path, "read", "\(error)") }
    }
}
