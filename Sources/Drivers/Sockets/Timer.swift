import Units

/// A deadline that can be called off. Cancelling twice, or after it fired, does nothing.
package final class Timer {
    package private(set) var isCancelled = false

    package init() {}

    package func cancel() { isCancelled = true }
}

/// A binary heap of deadlines; equal deadlines fire in the order of insertion.
struct TimerQueue {
    struct Entry {
        let deadline: Instant
        let order: UInt64
        let timer: Timer
        let call: () -> Void

        func precedes(_ other: Entry) -> Bool { (deadline, order) < (other.deadline, other.order) }
    }

    private var heap: [Entry] = []
    private var inserted: UInt64 = 0

    var next: Instant? { heap.first?.deadline }

    @discardableResult
    mutating func insert(_ deadline: Instant, timer: Timer = Timer(), _ call: @escaping () -> Void) -> Timer {
        inserted += 1
        heap.append(Entry(deadline: deadline, order: inserted, timer: timer, call: call))
        siftUp(heap.count - 1)
        return timer
    }

    /// Removes and returns what is due, cancelled ones included.
    mutating func due(at now: Instant) -> [Entry] {
        var entries: [Entry] = []
        while let first = heap.first, first.deadline <= now {
            entries.append(first)
            let last = heap.removeLast()
            if !heap.isEmpty {
                heap[0] = last
                siftDown()
            }
        }
        return entries
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
            guard let smallest = children.min(by: { heap[$0].precedes(heap[$1]) }), heap[smallest].precedes(heap[parent])
            else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
