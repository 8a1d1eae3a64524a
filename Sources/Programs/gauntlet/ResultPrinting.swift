import Archive
import Glibc
import Judging
import Messages
import Verdicts

/// How a verdict ends up on stdout: in words with the reason and the path, or as the verdict file itself.
enum Result {
    static func print(_ verdict: Verdict, of directory: RunDirectory, as format: OutputFormat) throws {
        switch format {
        case .json: Swift.print(String(decoding: verdict.json.prettyBytes(), as: UTF8.self), terminator: "")
        case .text:
            Swift.print(verdict.words)
            Swift.print("evidence: \(directory.path)")
            Swift.print("seal: \(RunJudge.seal(of: verdict))")
        }
    }
}
