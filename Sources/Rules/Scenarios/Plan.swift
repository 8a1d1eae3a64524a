import Messages
import Units

/// Everything that a run will do, decided before it starts: the same scenario, topology and seed give the same bytes.
///
/// Times are offsets from the start of the first phase, negative during the feed's lead.
package struct Plan: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// `sent` and `due` are zero: the replayer fills them in.
        case depth(Depth)
        /// `admissible`: a good governor accepts it while active, its session up and its book fresh.
        case intent(Intent, admissible: Bool)
    }

    package struct Event: Hashable, Sendable {
        package var due: Duration
        package var content: Content
    }

    package var scenario: String
    package var seed: UInt64
    /// In order of `due`; ticks count from 1 without a gap.
    package var events: [Event]
    /// The fault schedule, as JSON lines that stand first in the file.
    package var schedule: [JSON]
}
