// How late a thread was that wakes every four milliseconds and has nothing to do.
//
// What keeps it from waking keeps every program of the machine from it, or at least those on its processor: a
// hypervisor that runs somebody else, interrupts that are held off, a stop signal. No stall is counted twice, and none is
// missed between two wakings: a long one passes many deadlines and is one stall.

import Units

package struct StallLog: Hashable, Sendable {
    package struct Stall: Hashable, Sendable {
        /// When the thread should have run.
        package let at: Instant
        package let lasted: Duration

        package init(at: Instant, lasted: Duration) {
            self.at = at
            self.lasted = lasted
        }
    }

    /// A waking costs a virtual machine 20 µs and more: four times as many would take a fiftieth of a processor from the
    /// drill. A stall is seen from the first deadline in it, so it lasted up to this much longer than is written.
    package static let interval = Duration.milliseconds(4)
    /// Less is what timers and other interrupts always cost.
    package static let threshold = Duration.milliseconds(1)
    /// The longest ones are kept with their instants; all are counted.
    package static let keptMaximum = 100

    package private(set) var count = 0
    package private(set) var total = Duration.zero
    package private(set) var longest = Duration.zero
    /// The longest ones, in no order.
    package private(set) var kept: [Stall] = []

    package init() { kept.reserveCapacity(StallLog.keptMaximum) }

    /// The thread was to run at `due` and ran at `now`. Returns when it is to run next.
    package mutating func woke(due: Instant, at now: Instant) -> Instant {
        let late = now - due
        if late > StallLog.threshold { note(Stall(at: due, lasted: late)) }
        let passed = max(0, late.nanoseconds) / StallLog.interval.nanoseconds
        return due + StallLog.interval * Int(passed + 1)
    }

    private mutating func note(_ stall: Stall) {
        count += 1
        total += stall.lasted
        longest = max(longest, stall.lasted)
        guard kept.count == StallLog.keptMaximum else { return kept.append(stall) }
        guard let least = kept.indices.min(by: { kept[$0].lasted < kept[$1].lasted }),
            kept[least].lasted < stall.lasted
        else { return }
        kept[least] = stall
    }
}
