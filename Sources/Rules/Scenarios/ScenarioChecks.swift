import Units

extension ScenarioReading {
    /// What can only be seen once all parts are read: references, and times that fit into their phases.
    func checkTogether(_ scenario: Scenario, _ root: Section) {
        checkDurations(scenario, root)
        checkOverlays(scenario, root)
        checkFaults(scenario, root)
        checkOperator(scenario, root)
        checkGates(scenario, root)
        checkBurst(scenario, root)
        checkFlood(scenario, root)
    }

    private func line(_ root: Section, _ key: String, _ position: Int) -> Int {
        guard case .sequence(let rows)? = root.values[key], position < rows.count else { return root.line(of: key) }
        return rows[position].mark?.line ?? root.line(of: key)
    }

    private func checkDurations(_ scenario: Scenario, _ root: Section) {
        if scenario.duration > Scenario.durationMaximum {
            root.note(
                "phases",
                "phases: expected at most \(Scenario.durationMaximum.written) together, "
                    + "found \(scenario.duration.written)"
            )
        }
        if scenario.start(of: scenario.load.starts) == nil {
            document.note(
                root.line(of: "load", key: "starts"),
                "load: starts in phase '\(scenario.load.starts.rawValue)', which this scenario doesn't have")
        }
        if case .dipBuyer(let dip) = scenario.load.strategy, scenario.start(of: dip.closesIn) == nil {
            document.note(
                root.line(of: "load", key: "dip"),
                "load: closes in phase '\(dip.closesIn.rawValue)', which this scenario doesn't have")
        }
        if scenario.load.changes == 0, scenario.load.run <= scenario.broker.roundTripMean {
            let expected = "longer than the broker's round trip (\(scenario.broker.roundTripMean.written))"
            document.note(
                root.line(of: "load", key: "run"), "load: run: expected \(expected), found \(scenario.load.run.written)"
            )
        }
    }

    private func checkFaults(_ scenario: Scenario, _ root: Section) {
        for (position, fault) in scenario.faults.enumerated() {
            let line = line(root, "faults", position)
            switch fault.start {
            case .phase(let phase, let offset):
                guard let start = scenario.start(of: phase) else {
                    document.note(
                        line,
                        "fault '\(fault.id)': starts in phase '\(phase.rawValue)', which this scenario doesn't have")
                    continue
                }
                if start + offset + fault.duration > scenario.duration {
                    document.note(
                        line,
                        "fault '\(fault.id)': expected to end before the scenario does "
                            + "(\(scenario.duration.written)), found \((start + offset + fault.duration).written)"
                    )
                }
            case .inForce(let other, _):
                let earlier = scenario.faults[..<position].map(\.id)
                if !earlier.contains(other) {
                    document.note(
                        line,
                        "fault '\(fault.id)': follows '\(other)', which is no earlier fault. "
                            + suggestion(for: other, among: earlier)
                    )
                }
            }
        }
    }

    private func checkOperator(_ scenario: Scenario, _ root: Section) {
        if scenario.start(of: scenario.operatorRules.unpauseIn) == nil {
            document.note(
                root.line(of: "operator", key: "unpause"),
                "operator: unpauses in phase '\(scenario.operatorRules.unpauseIn.rawValue)', "
                    + "which this scenario doesn't have"
            )
        }
        let ids = scenario.faults.map(\.id)
        for (position, resume) in scenario.operatorRules.resumes.enumerated() {
            let line = resumeLine(root, position)
            if !ids.contains(resume.fault) {
                document.note(
                    line,
                    "operator: resumes after unknown fault '\(resume.fault)'. "
                        + suggestion(for: resume.fault, among: ids)
                )
            } else if let start = scenario.expectedStart(of: resume.fault), start + resume.latest >= scenario.duration {
                document.note(
                    line,
                    "operator: resumes as late as \((start + resume.latest).written), "
                        + "when the scenario (\(scenario.duration.written)) is over"
                )
            }
        }
    }

    private func resumeLine(_ root: Section, _ position: Int) -> Int {
        let line = root.line(of: "operator", key: "resumes")
        guard case .mapping(let mapping)? = root.values["operator"],
            case .sequence(let rows)? = mapping.first(where: { $0.key.scalar?.string == "resumes" })?.value,
            position < rows.count
        else { return line }
        return rows[position].mark?.line ?? line
    }

    private func checkGates(_ scenario: Scenario, _ root: Section) {
        let line = root.line(of: "gates")
        for name in [GateName.evidenceComplete, .leftovers] where scenario.gate(name) == nil {
            document.note(line, "gates: '\(name.rawValue)' is part of every scenario, and is missing")
        }
        if !scenario.faults.isEmpty, scenario.gate(.faultsProven) == nil {
            document.note(line, "gates: a scenario with faults needs 'faults_proven', and it is missing")
        }
        if !scenario.gates.contains(where: { $0.kind == .sometimes }) {
            document.note(line, "gates: expected at least one of kind 'sometimes', which shows that the drill was real")
        }
        for gate in scenario.gates where scenario.faults.isEmpty && gate.premises.contains(.faultsProven) {
            document.note(line, "gates: '\(gate.name.rawValue)' has premise 'faults_proven', and there are no faults")
        }
        if scenario.gate(.ordersFlowAfterResume) != nil, scenario.operatorRules.resumes.isEmpty {
            document.note(line, "gates: 'orders_flow_after_resume' needs a resume in 'operator'")
        }
    }
}

extension Scenario {
    /// When a fault starts if all goes to plan, from the start of the first phase.
    package func expectedStart(of id: String) -> Duration? {
        guard let position = faults.firstIndex(where: { $0.id == id }) else { return nil }
        switch faults[position].start {
        case .phase(let phase, let offset): return start(of: phase).map { $0 + offset }
        case .inForce(let other, _):
            // Only an earlier fault counts, so that a circle ends.
            guard faults[..<position].contains(where: { $0.id == other }) else { return nil }
            return expectedStart(of: other)
        }
    }
}

extension Scenario {
    /// What is wrong only beside this topology: nodes that it lacks, and nodes that it can't fault.
    package func mistakes(on topology: Topology) -> [String] {
        var mistakes: [String] = []
        for fault in faults {
            for application in fault.applications(on: topology) {
                for name in [application.node] + application.peers where topology.node(name)?.market == nil {
                    mistakes.append(
                        "fault '\(fault.id)': node '\(name)' has no market interface in topology '\(topology.name)'")
                }
                if topology.node(application.node)?.market != nil, topology.node(application.node)?.agent == nil {
                    mistakes.append(
                        "fault '\(fault.id)': node '\(application.node)' has no agent in topology '\(topology.name)'")
                }
            }
        }
        return mistakes
    }
}
