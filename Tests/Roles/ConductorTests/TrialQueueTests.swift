import ConductorCore
import Testing

private func rows(_ names: String...) throws -> [FlawTable.Row] {
    let entries = names.map { name in
        #"{"flaw":"\#(name)","drill":"d","fail":["g"],"inconclusive":[],"alone":\#(name.hasSuffix("!"))}"#
    }
    return try FlawTable(parsing: Array("[\(entries.joined(separator: ","))]".utf8)).rows
}

@Suite struct TrialQueueTests {
    /// What begins at once.
    private func begun(_ queue: inout TrialQueue) -> [String] {
        var names: [String] = []
        while let row = queue.next() { names.append(row.flaw) }
        return names
    }

    private func ended(_ queue: inout TrialQueue, _ row: FlawTable.Row, isUndecided: Bool) -> Bool {
        queue.ended(row, isUndecided: isUndecided)
    }

    @Test func `so many rigs run at a time, and those that need the machine come last, one by one`() throws {
        let all = try rows("a", "alone!", "b", "other!", "c")
        var queue = TrialQueue(all, jobs: 2)
        #expect(begun(&queue) == ["a", "b"])
        #expect(!ended(&queue, all[2], isUndecided: false))
        #expect(begun(&queue) == ["c"])
        #expect(!ended(&queue, all[0], isUndecided: false))
        #expect(begun(&queue) == [], "c still runs")
        #expect(!ended(&queue, all[4], isUndecided: false))
        #expect(begun(&queue) == ["alone!"])
        #expect(!ended(&queue, all[1], isUndecided: false))
        #expect(begun(&queue) == ["other!"])
        #expect(!queue.isDone)
        #expect(!ended(&queue, all[3], isUndecided: false))
        #expect(queue.isDone)
    }

    @Test func `what a busy machine left undecided is tried again by itself, three times in all`() throws {
        let all = try rows("a", "b", "c")
        var queue = TrialQueue(all, jobs: 2)
        #expect(begun(&queue) == ["a", "b"])
        #expect(ended(&queue, all[0], isUndecided: true))
        #expect(begun(&queue) == ["c"])
        #expect(!ended(&queue, all[1], isUndecided: false))
        #expect(begun(&queue) == [], "a is tried again without company")
        #expect(!ended(&queue, all[2], isUndecided: false))
        #expect(begun(&queue) == ["a"])
        #expect(ended(&queue, all[0], isUndecided: true))
        #expect(begun(&queue) == ["a"])
        #expect(!ended(&queue, all[0], isUndecided: true), "the third time is the last")
        #expect(queue.isDone)
    }

    @Test func `a queue that was stopped begins nothing, and is done when what runs has ended`() throws {
        let all = try rows("a", "b", "c")
        var queue = TrialQueue(all, jobs: 2)
        #expect(begun(&queue) == ["a", "b"])
        queue.stop()
        #expect(!ended(&queue, all[0], isUndecided: false))
        #expect(begun(&queue) == [])
        #expect(!queue.isDone)
        #expect(!ended(&queue, all[1], isUndecided: false))
        #expect(queue.isDone)
    }

    @Test func `without places there is one`() throws {
        var queue = TrialQueue(try rows("a", "b"), jobs: 0)
        #expect(begun(&queue) == ["a"])
    }
}
