import Archive
import Judging

extension ObserverService {
    /// Judges a closed run and writes its verdict files; says the verdict's word.
    package static func judgeAndWrite(_ runDirectory: String) throws(ArchiveError) -> String {
        try RunJudge.judgeAndWrite(RunDirectory(existing: runDirectory)).outcome.rawValue
    }
}
