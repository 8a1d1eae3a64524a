import Testing

/// Drills of this suite run two at a time, as those of `gauntlet selftest` do, on any machine; a test that is `.alone`
/// has the machine for itself. Waits inside a test count from its own start, never from its place in the queue.
struct DrillPlaces: SuiteTrait, TestTrait, TestScoping {
    static let count = 2
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let places = test.traits.contains { $0 is AloneOnTheMachine } ? DrillPlaces.count : 1
        await PlaceQueue.machine.take(places)
        do { try await function() } catch {
            await PlaceQueue.machine.give(places)
            throw error
        }
        await PlaceQueue.machine.give(places)
    }
}

/// For what measures time, or means the one drill that runs here.
struct AloneOnTheMachine: TestTrait, SuiteTrait {
    let isRecursive = true
}

extension Trait where Self == DrillPlaces { static var twoAtATime: Self { DrillPlaces() } }
extension Trait where Self == AloneOnTheMachine { static var alone: Self { AloneOnTheMachine() } }

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
