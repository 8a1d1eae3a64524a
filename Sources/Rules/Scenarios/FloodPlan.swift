import Messages
import Units

extension Plan {
    /// The intents of a flood: each sees all books as they stand when it is due.
    static func flood(_ scenario: Scenario, _ paths: [[BookPath.Step]], seed: UInt64) -> [Event] {
        guard let start = scenario.start(of: scenario.load.starts).map({ $0 + scenario.load.delay }),
            let limits = FloodLimits(scenario.governor.limitOverrides)
        else { return [] }
        // Nothing is offered once the measuring is over: what still waits in a buffer then is backlog.
        let end = scenario.start(of: .after) ?? scenario.duration
        var mix = FloodMix(
            scenario.load, limits, books: scenario.books, isShadow: scenario.governor.mode == .shadow, seed: seed)
        var places = Array(repeating: 0, count: paths.count)
        var states = paths.map { $0.first?.state }
        var events: [Event] = []
        var index = 0
        while true {
            let offset = Duration.nanoseconds(Int64(index) * 1_000_000_000 / Int64(scenario.load.intentsPerSecond))
            guard start + offset < end else { return events }
            for (place, steps) in paths.enumerated() {
                while places[place] + 1 < steps.count,
                    steps[places[place] + 1].offset - scenario.feed.lead <= start + offset
                {
                    places[place] += 1
                    states[place] = steps[places[place]].state
                }
            }
            let planned = mix.next(at: offset, states: states)
            events.append(
                Event(
                    due: start + offset, content: .intent(planned.intent, admissible: planned.admissible),
                    purpose: planned.breaks.map { .probe($0) } ?? .load))
            index += 1
        }
    }
}

extension SymbolSource {
    /// The path as this symbol's condition leaves it; offsets count from the beginning of the feed's lead.
    func conditioned(_ steps: [BookPath.Step], lead: Duration) -> [BookPath.Step] {
        switch condition {
        case .trading: return steps
        case .silent: return steps.filter { $0.offset < lead }
        case .halted, .oneSided:
            return steps.map { step in
                var step = step
                if condition == .halted { step.state.status = .halted } else { step.state.asks = [] }
                return step
            }
        }
    }
}

extension ScenarioReading {
    /// A flood is built around its limits and its held symbols: what is missing there is a mistake of the file.
    func checkFlood(_ scenario: Scenario, _ root: Section) {
        guard scenario.load.strategy == .flood else {
            if scenario.books.contains(where: { $0.held != 0 }) {
                document.note(root.line(of: "symbols"), "symbols: 'held' has a meaning only for load: strategy: flood")
            }
            return
        }
        let missing = FloodLimits.missing(scenario.governor.limitOverrides)
        if !missing.isEmpty {
            document.note(
                root.line(of: "governor"),
                "governor: a flood needs these limit_overrides, and they are missing: \(missing.joined(separator: ", "))")
        }
        let trading = scenario.books.filter { $0.condition == .trading }
        let long = trading.count { $0.held > 0 }
        let short = trading.count { $0.held < 0 }
        let traded = trading.count { $0.held == 0 }
        if long < 1 || short < 2 || traded < 2 {
            document.note(
                root.line(of: "symbols"),
                "symbols: a flood needs one symbol held long, two held short and two that trade, "
                    + "found \(long), \(short) and \(traded)")
        }
    }
}
