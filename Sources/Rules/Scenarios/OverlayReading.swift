import Units

extension ScenarioReading {
    static let overlayKeys = ["crash", "volume_jump", "surge", "delay"]

    private static let crashKeys = [
        "at", "fall_percent", "fall", "recover_percent", "recover", "thinning_percent", "thinning", "stub_quotes", "luld",
        "symbols",
    ]

    /// `nil` after a mistake; overlays that a file doesn't name are absent, not wrong.
    func overlays(_ feed: Section, symbols: [String]) -> FeedOverlays? {
        let before = document.mistakes.count
        let overlays = FeedOverlays(
            crash: feed.has("crash") ? crash(feed, symbols) : nil, volumeJump: feed.has("volume_jump") ? jump(feed) : nil,
            surge: feed.has("surge") ? surge(feed) : nil, delay: feed.has("delay") ? delay(feed) : nil)
        return document.mistakes.count == before ? overlays : nil
    }

    private func crash(_ feed: Section, _ symbols: [String]) -> CrashOverlay? {
        guard let section = feed.section("crash", keys: ScenarioReading.crashKeys) else { return nil }
        let at = moment(section, "at")
        let fallPercent = section.whole("fall_percent", in: 1...90, default: 10)
        let fall = section.duration("fall", from: .milliseconds(100), to: .seconds(600), default: .seconds(30))
        let recoverPercent = section.whole("recover_percent", in: 0...100, default: 40)
        let recover = section.duration("recover", to: .seconds(600), default: .seconds(60))
        let thinningPercent = section.whole("thinning_percent", in: 0...99, default: 80)
        let thinning: CrashOverlay.Thinning? = section.choice("thinning", "thinning", default: .size)
        let stubs = section.flag("stub_quotes", default: false)
        let luld: CrashOverlay.PriceBandRule? = section.choice("luld", "price band rule", default: .off)
        let crashing = crashingSymbols(section, symbols)
        guard let at, let fallPercent, let fall, let recoverPercent, let recover, let thinningPercent, let thinning,
            let stubs, let luld, let crashing
        else { return nil }
        return CrashOverlay(
            at: at, fallPercent: Int(fallPercent), fall: fall, recoverPercent: Int(recoverPercent), recover: recover,
            thinningPercent: Int(thinningPercent), thinning: thinning, stubQuotes: stubs, luld: luld, symbols: crashing)
    }

    private func crashingSymbols(_ section: Section, _ symbols: [String]) -> [String]? {
        guard section.has("symbols") else { return symbols }
        guard let rows = section.list("symbols", emptyAllowed: false) else { return nil }
        return complete(
            rows.map { row -> String? in
                let name = row.scalar?.string ?? ""
                if symbols.contains(name) { return name }
                document.note(row, "crash: unknown symbol '\(name)'. \(suggestion(for: name, among: symbols))")
                return nil
            })
    }

    private func jump(_ feed: Section) -> VolumeJump? {
        guard let section = feed.section("volume_jump", keys: ["at", "duration", "factor"]) else { return nil }
        let at = moment(section, "at")
        let duration = section.duration("duration", from: .milliseconds(100), default: .seconds(60))
        let factor = section.whole("factor", in: 2...1_000, default: 10)
        guard let at, let duration, let factor else { return nil }
        return VolumeJump(at: at, duration: duration, factor: Int(factor))
    }

    private func surge(_ feed: Section) -> FeedSurge? {
        guard let section = feed.section("surge", keys: ["at", "duration", "factor"]) else { return nil }
        let at = moment(section, "at")
        let duration = section.duration("duration", from: .milliseconds(100))
        let factor = section.whole("factor", in: 2...100)
        guard let at, let duration, let factor else { return nil }
        return FeedSurge(at: at, duration: duration, factor: Int(factor))
    }

    private func delay(_ feed: Section) -> FeedDelay? {
        guard let section = feed.section("delay", keys: ["at", "duration", "delay"]) else { return nil }
        let at = moment(section, "at")
        let duration = section.duration("duration", from: .milliseconds(100))
        let delay = section.duration("delay", from: .milliseconds(1), to: .seconds(60))
        guard let at, let duration, let delay else { return nil }
        return FeedDelay(at: at, duration: duration, delay: delay)
    }

    /// `{phase: fault, offset: 5s}`
    func moment(_ section: Section, _ key: String) -> PhaseMoment? {
        guard let part = section.section(key, keys: ["phase", "offset"]) else { return nil }
        let phase: PhaseName? = part.choice("phase", "phase")
        let offset = part.duration("offset", to: .seconds(3_600), default: .zero)
        guard let phase, let offset else { return nil }
        return PhaseMoment(phase: phase, offset: offset)
    }

    /// Overlays begin in a phase that there is, and are over before the drill is.
    func checkOverlays(_ scenario: Scenario, _ root: Section) {
        let overlays = scenario.feed.overlays
        let all: [(key: String, at: PhaseMoment?, lasts: Duration)] = [
            ("crash", overlays.crash?.at, overlays.crash?.duration ?? .zero),
            ("volume_jump", overlays.volumeJump?.at, overlays.volumeJump?.duration ?? .zero),
            ("surge", overlays.surge?.at, overlays.surge?.duration ?? .zero),
            ("delay", overlays.delay?.at, (overlays.delay?.duration ?? .zero) + (overlays.delay?.delay ?? .zero)),
        ]
        for (key, at, lasts) in all {
            guard let at else { continue }
            let line = root.line(of: "feed", key: key)
            guard let start = scenario.start(of: at) else {
                document.note(
                    line, "\(key): starts in phase '\(at.phase.rawValue)', which this scenario doesn't have")
                continue
            }
            if start + lasts > scenario.duration {
                document.note(
                    line,
                    "\(key): expected to end before the scenario does (\(scenario.duration.written)), "
                        + "found \((start + lasts).written)")
            }
        }
    }
}
