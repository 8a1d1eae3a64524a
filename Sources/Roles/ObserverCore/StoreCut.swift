import History
import Messages

/// A fault between governor and store: at how many ends it was asked for, and at how many it is over.
struct StoreCut: Hashable, Sendable {
    var requested = 0
    var ended = 0

    /// Whether what an agent was asked for keeps the governor from reading its flags.
    static func cuts(_ request: Observation, governor: String, store: String) -> Bool {
        guard let kind = request["kind"]?.string, let node = request["to"]?.string else { return false }
        let sources = (request["from"]?.array ?? []).compactMap(\.string)
        switch kind {
        case "link-down": return ["governor", "store"].contains(node)
        case "partition", "half-open":
            return (node == "store" && sources.contains(governor)) || (node == "governor" && sources.contains(store))
        default: return false
        }
    }
}
