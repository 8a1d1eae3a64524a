import Testing
import Threads

/// Drills of this suite run two at a time, as those of `gauntlet selftest` do, on any machine; three where no gate's verdict
/// is asked for; a test that is `.alone` has the machine for itself. Waits inside a test count from its own start, never
/// from its place in the queue.
struct DrillPlaces: SuiteTrait, TestTrait, TestScoping {
    /// Of the whole machine: what two and three divide.
    static let count = 6
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let atATime = test.traits.compactMap { ($0 as? DrillsAtATime)?.count }.min() ?? 2
        let places = DrillPlaces.count / atATime
        await PlaceQueue.machine.take(places)
        do { try await withTaskExecutorPreference(ThreadsOfTheirOwn.all) { try await function() } } catch {
            await PlaceQueue.machine.give(places)
            throw error
        }
        await PlaceQueue.machine.give(places)
    }
}

/// How many drills like this test's may run at a time; two where it says nothing.
struct DrillsAtATime: TestTrait, SuiteTrait {
    let count: Int
    let isRecursive = true
}

extension Trait where Self == DrillPlaces { static var inPlaces: Self { DrillPlaces() } }
extension Trait where Self == DrillsAtATime {
    /// For what measures time, or means the one drill that runs here.
    static var alone: Self { DrillsAtATime(count: 1) }
    /// For what ends in mid-drill: its verdict is never a pass, however slow the machine.
    static var threeAtATime: Self { DrillsAtATime(count: 3) }
}

/// A drill blocks the thread of its test, and the pool has no more of them than the machine has cores.
private final class ThreadsOfTheirOwn: TaskExecutor {
    static let all = ThreadsOfTheirOwn()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        do { try SystemThread.startDetached("drill") { job.runSynchronously(on: executor) } } catch {
            job.runSynchronously(on: executor)
        }
    }
}

private actor PlaceQueue {
    static let machine = PlaceQueue()
    private var free = DrillPlaces.count
    private var waiting: [(places: Int, start: CheckedContinuation<Void, Never>)] = []

    func take(_ places: Int) async {
        if places <= free {
            free -= places
            return
        }
        await withCheckedContinuation { start in
            // Who runs alone comes last: until the machine is empty for it, a place would stand idle.
            let end = waiting.endIndex
            let index = places < DrillPlaces.count ? waiting.firstIndex { $0.places == DrillPlaces.count } ?? end : end
            waiting.insert((places, start), at: index)
        }
    }

    func give(_ places: Int) {
        free += places
        while let next = waiting.first, next.places <= free {
            waiting.removeFirst()
            free -= next.places
            next.start.resume()
        }
    }
}
