import Testing
import Units

import ConductorCore

/// A drill with a manual clock: one second of view at a time.
private struct Course {
    var drill: Drill
    var view = DrillView()
    var directives: [(second: Double, what: Drill.Directive)] = []

    init(_ script: DrillScript) { drill = Drill(script) }

    mutating func go(from start: Double, to end: Double, step: Double = 0.1, _ change: (Double, inout DrillView) -> Void = { _, _ in }) {
        var second = start
        while second < end - 1e-9 {
            change(second, &view)
            for directive in drill.step(at: at(second), seeing: view) { directives.append((second, directive)) }
            second += step
        }
    }

    func second(of wanted: Drill.Directive) -> Double? { directives.first { $0.what == wanted }?.second }
}

private func at(_ second: Double) -> Instant { Instant(nanoseconds: Int64((second * 1e9).rounded())) }

private func armed(_ view: inout DrillView) {
    view.sessionIsUp = true
    view.positions = ["NVDA": 300]
    view.workingOrders = 2
    view.pause = false
    view.criticalPause = false
}

private let hardKill = DrillScript(
    phases: [
        .init(name: "warm-up", lasts: .seconds(3)), .init(name: "fault", lasts: .seconds(16)), .init(name: "heal", lasts: .seconds(1)),
        .init(name: "after", lasts: .seconds(4)),
    ],
    faults: [
        .init(id: "slow", trigger: .phase("fault", offset: .zero), lasts: .seconds(15)),
        .init(id: "cut", trigger: .inForce(fault: "slow", within: .milliseconds(50)), lasts: .seconds(10)),
    ],
    resumes: [.init(fault: "slow", afterRecovery: .seconds(3), earliest: .seconds(20), latest: .seconds(27))], mustBeArmed: true,
    armedWithin: .seconds(2))

@Suite struct DrillTests {
    @Test func `the second fault waits until the first is confirmed in force`() {
        var course = Course(hardKill)
        course.go(from: 0, to: 4) { _, view in armed(&view) }
        #expect(course.second(of: .inject(fault: "slow")) != nil)
        #expect(course.second(of: .inject(fault: "cut")) == nil)
        course.view.faults["slow"] = .init(stage: .inForce, firstEffect: at(3.3))
        course.go(from: 4, to: 4.5)
        #expect(course.second(of: .inject(fault: "cut")) == 4)
    }

    @Test func `a drill that is not armed in time starts no fault and says what is missing`() {
        var course = Course(hardKill)
        course.go(from: 0, to: 8) { _, view in
            armed(&view)
            view.workingOrders = 0
        }
        #expect(course.second(of: .inject(fault: "slow")) == nil)
        #expect(course.second(of: .premise(holds: false, reason: "not armed after 2s: no order is working")) != nil)
        #expect(course.drill.isFinished)
        #expect(course.directives.last?.what == .finish)
    }

    @Test func `the operator resumes at the later of recovery and the floor`() {
        var course = Course(hardKill)
        course.go(from: 0, to: 3.5) { _, view in armed(&view) }
        course.go(from: 3.5, to: 60) { second, view in
            view.epoch = 7
            view.faults["slow"] = .init(stage: second < 18.5 ? .inForce : .ended, firstEffect: at(3.5))
            view.faults["cut"] = .init(stage: second < 13.5 ? .inForce : .ended, firstEffect: at(3.6))
            view.sessionIsUp = second > 15
            if second > 16 {
                view.positions = ["NVDA": 0]
                view.workingOrders = 0
            }
        }
        let resumed = course.second(of: .resume(epoch: 7)) ?? 0
        #expect(abs(resumed - 23.5) < 0.15, "first effect 3.5 + 20")
        #expect(course.drill.isFinished)
    }

    @Test func `a governor that never recovers is resumed at the limit all the same`() {
        var course = Course(hardKill)
        course.go(from: 0, to: 3.5) { _, view in armed(&view) }
        course.go(from: 3.5, to: 60) { second, view in
            view.faults["slow"] = .init(stage: second < 18.5 ? .inForce : .ended, firstEffect: at(3.5))
            view.faults["cut"] = .init(stage: second < 13.5 ? .inForce : .ended, firstEffect: at(3.6))
        }
        let resumed = course.second(of: .resume(epoch: 0)) ?? 0
        #expect(abs(resumed - 30.5) < 0.15, "first effect 3.5 + 27")
    }

    @Test func `a fault that could not be applied aborts the drill`() {
        var course = Course(hardKill)
        course.go(from: 0, to: 4) { _, view in armed(&view) }
        course.view.faults["slow"] = .init(stage: .failed)
        course.go(from: 4, to: 5)
        #expect(course.second(of: .abort(reason: "the fault 'slow' could not be applied")) == 4)
        #expect(course.directives.filter { $0.what == .finish }.count == 1)
    }

    @Test func `an abort ends the drill once`() {
        var drill = Drill(hardKill)
        #expect(drill.abort(because: "Ctrl-C") == [.abort(reason: "Ctrl-C"), .finish])
        #expect(drill.abort(because: "again").isEmpty)
        #expect(drill.step(at: at(1), seeing: DrillView()).isEmpty)
    }
}
