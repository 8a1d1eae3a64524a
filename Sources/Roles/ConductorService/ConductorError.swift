/// Why the rig could not be built or driven: where, what failed, what was found, what to do.
package struct ConductorError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// The rig itself failed: exit code 70.
        case rig
        /// This machine can't run the drill: exit code 77.
        case machine
        /// The user asked for something that doesn't exist: exit code 64.
        case usage
    }

    package let kind: Kind
    package let place: String
    package let detail: String
    package let advice: String?

    package init(_ kind: Kind, _ place: String, _ detail: String, advice: String? = nil) {
        self.kind = kind
        self.place = place
        self.detail = detail
        self.advice = advice
    }

    /// A failure of the rig.
    package init(_ place: String, _ detail: String, advice: String? = nil) {
        self.init(.rig, place, detail, advice: advice)
    }

    package var description: String {
        advice.map { "\(place): \(detail); \($0)" } ?? "\(place): \(detail)"
    }

    package var exitCode: Int32 {
        switch kind {
        case .rig: 70
        case .machine: 77
        case .usage: 64
        }
    }
}
