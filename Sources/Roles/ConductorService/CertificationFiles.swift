import Archive
import Certification
import Judging

/// What a certification leaves beside its runs, with a seal over all of it and over the verdict of each run.
package enum CertificationFiles {
    package static func write(_ report: CertificationReport, suite: [UInt8], to directory: RunDirectory) throws(ArchiveError) {
        let files = [
            ("certification_report.json", report.bytes), ("junit.xml", report.junit), ("summary.md", report.summaryMarkdown),
            ("suite.yaml", suite),
        ]
        for (name, bytes) in files { try directory.write(bytes, to: name) }
        var lines = files.map { "\(RunJudge.sealText($0.1))  \($0.0)\n" }
        for run in report.runs {
            guard let seal = run.seal, let path = run.path else { continue }
            lines.append("\(seal)  \(path)/verdict.json\n")
        }
        try directory.write(Array(lines.joined().utf8), to: RunJudge.sealFile)
    }
}
