// RTS 6 Article 10: a firm tests its systems each year with twice the highest number of messages, and with twice the
// highest volume of trading, that it saw in the six months before. Messages are a flood's intents a second; volume is
// the number of position changes that a burst asks for at once.

/// What a firm saw at its peak, as it gives it.
package struct PeakLoad: Hashable, Sendable {
    package static let factor = 2
    /// So that twice as much is what a flood and a burst can be run at.
    package static let messagesLegal = 1...50_000
    package static let volumeLegal = 25...2_500

    /// A second.
    package let messages: Int
    /// Position changes at once.
    package let volume: Int

    /// `nil` when one of them is out of its bounds.
    package init?(messages: Int, volume: Int) {
        guard PeakLoad.messagesLegal.contains(messages), PeakLoad.volumeLegal.contains(volume) else { return nil }
        self.messages = messages
        self.volume = volume
    }

    package var messagesTested: Int { messages * PeakLoad.factor }
    package var volumeTested: Int { volume * PeakLoad.factor }

    package static let flood = "decision_flood_enhanced"
    package static let burst = "concurrent_order_burst"

    package func messageRun(quick: Bool) -> CertificationSuite.PlannedRun {
        .init(scenario: PeakLoad.flood, choice: Choice(profile: quick ? "selftest" : nil, rate: messagesTested))
    }

    package var volumeRun: CertificationSuite.PlannedRun {
        .init(scenario: PeakLoad.burst, choice: Choice(changes: volumeTested))
    }
}

extension CertificationSuite {
    /// With one more test: the flood and the burst at twice a firm's peak.
    package func adding(_ peak: PeakLoad) -> CertificationSuite {
        var suite = self
        suite.tests.append(
            Test(
                name: "rts6_article_10", title: "RTS 6 Article 10", day: (tests.map(\.day).max() ?? 0) + 1,
                runs: [peak.messageRun(quick: false), peak.volumeRun],
                quick: [peak.messageRun(quick: true), peak.volumeRun],
                kpis: [
                    KPI(title: "Pipeline Latency P99", gate: .pipelineLatency),
                    KPI(title: "Decision Latency P99", gate: .decisionLatency),
                    KPI(title: "Accepted Rate", gate: .acceptedRate),
                    KPI(title: "Execution Rate", gate: .executionRate),
                    KPI(title: "Risk Breaches", gate: .riskLimitBreaches),
                ]))
        return suite
    }
}
