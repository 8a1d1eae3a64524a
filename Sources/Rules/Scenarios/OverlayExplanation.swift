import Messages
import Units

extension Scenario {
    /// What is laid over the tapes, for people.
    var overlayLines: [String] {
        var lines: [String] = []
        if let crash = feed.overlays.crash { lines += crashLines(crash) }
        if let jump = feed.overlays.volumeJump {
            lines.append(
                "volume jump: \(written(jump.at)) for \(jump.duration.written) all sizes, of the book and of the orders, "
                    + "× \(jump.factor)")
        }
        if let surge = feed.overlays.surge {
            lines.append(
                "feed surge: \(written(surge.at)) for \(surge.duration.written) each book state is sent "
                    + "\(surge.factor) times")
        }
        if let delay = feed.overlays.delay {
            lines.append(
                "feed delay: \(written(delay.at)) for \(delay.duration.written) depth arrives \(delay.delay.written) "
                    + "after the time it bears")
        }
        return lines
    }

    private func crashLines(_ crash: CrashOverlay) -> [String] {
        let thin =
            switch crash.thinning {
            case .size: "each level loses \(crash.thinningPercent) % of its shares"
            case .level: "\(crash.thinningPercent) % of the levels are gone, the worst first"
            }
        return [
            "crash: \(written(crash.at)) \(crash.symbols.joined(separator: ", ")) falls \(crash.fallPercent) % in "
                + "\(crash.fall.written), then \(crash.recoverPercent) % of that come back in \(crash.recover.written)",
            "thin book for \(crash.duration.written): \(thin)"
                + (crash.stubQuotes ? ", stub quotes at 0.01 and 99,999.99 behind" : ""),
            crash.luld == .on
                ? "luld on: 5 % bands on the five-minute mean, 15 s limit state, five-minute pause, in the tape's time"
                : "luld off: trades through prices at which the bands of a real market would have halted it",
        ]
    }

    /// What the strategy does, where it isn't the cycle of the governance drills.
    var strategyLines: [String] {
        if load.strategy == .flood {
            return ["strategy flood: 20 % admissible, 10 % cancels, 70 % break exactly one limit each"]
        }
        if case .burst(let burst) = load.strategy {
            return [
                "strategy burst: over \(books.count - 1) symbols, beside \(burst.restingOrders) resting orders a symbol that "
                    + "are replaced or cancelled for \(burst.aftermath.written), \(burst.brokerRejects) rejects by the broker a "
                    + "symbol, and over-limit probes of five kinds"
            ]
        }
        guard case .dipBuyer(let dip) = load.strategy else { return [] }
        return [
            "strategy dip_buyer: buys 1 to \(dip.quantityMaximum) shares with every intent while the price lies "
                + "\(dip.basisPoints) basis points below its highest of \(dip.lookback.written); "
                + "closes from \(dip.closesIn.rawValue) on"
        ]
    }

    private func written(_ moment: PhaseMoment) -> String {
        "at \(moment.phase.rawValue) + \(moment.offset.written)"
    }

    /// The overlays as lines of the plan.
    var overlaySchedule: [JSON] {
        var lines: [JSON] = []
        func add(_ name: String, _ at: PhaseMoment, _ lasts: Duration, _ members: [JSON.Member]) {
            lines.append(
                .object(
                    [
                        .init("overlay", .string(name)), .init("at_ns", .integer(start(of: at)?.nanoseconds ?? 0)),
                        .init("duration_ns", .integer(lasts.nanoseconds)),
                    ] + members))
        }
        if let crash = feed.overlays.crash {
            add(
                "crash", crash.at, crash.duration,
                [
                    .init("fall_percent", .integer(Int64(crash.fallPercent))),
                    .init("fall_ns", .integer(crash.fall.nanoseconds)),
                    .init("recover_percent", .integer(Int64(crash.recoverPercent))),
                    .init("recover_ns", .integer(crash.recover.nanoseconds)),
                    .init("thinning_percent", .integer(Int64(crash.thinningPercent))),
                    .init("thinning", .string(crash.thinning.rawValue)), .init("stub_quotes", .bool(crash.stubQuotes)),
                    .init("luld", .string(crash.luld.rawValue)),
                    .init("symbols", .array(crash.symbols.map { .string($0) })),
                ])
        }
        if let jump = feed.overlays.volumeJump {
            add("volume_jump", jump.at, jump.duration, [.init("factor", .integer(Int64(jump.factor)))])
        }
        if let surge = feed.overlays.surge {
            add("surge", surge.at, surge.duration, [.init("factor", .integer(Int64(surge.factor)))])
        }
        if let delay = feed.overlays.delay {
            add("delay", delay.at, delay.duration, [.init("delay_ns", .integer(delay.delay.nanoseconds))])
        }
        return lines
    }
}
