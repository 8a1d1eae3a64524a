// What the governor was given, and what was meant to be sent: files beside the history, for the gates that recompute.

import Archive
import Books
import History
import Messages
import Scenarios
import Verdicts

extension RunJudge {
    /// A file that can't be read is a defect; one that isn't there leaves its gates without an answer.
    static func attach(
        _ directory: RunDirectory, _ present: Set<String>, to evidence: inout Evidence
    ) throws(ArchiveError) {
        if present.contains("limits.json") {
            do { evidence.limits = try JSON(parsing: try directory.read("limits.json")) } catch let error as JSONError {
                evidence.defects.append("limits.json: \(error)")
            } catch {
                evidence.defects.append("limits.json can't be read")
            }
        }
        if present.contains("fees.json") {
            do {
                evidence.fees = try FeeSchedule(parsing: try directory.read("fees.json"), file: "fees.json")
            } catch {
                evidence.defects.append("fees.json: \(error)")
            }
        }
        guard present.contains("plan.ndjson"), evidence.needsPlan else { return }
        let bytes = try directory.read("plan.ndjson")
        if evidence.environment["plan_sha256"]?.string != SHA256.hash(bytes).hexadecimal {
            evidence.defects.append("plan.ndjson is not the plan that environment.json names")
        }
        do { evidence.plan = try Plan(parsing: bytes, file: "plan.ndjson") } catch {
            evidence.defects.append("\(error)")
        }
    }
}
