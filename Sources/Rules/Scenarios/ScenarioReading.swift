import Messages
import Units
import Yams

extension Scenario {
    /// Reads a scenario from YAML. `file` is what mistakes are shown with; its last part must be the scenario's name.
    ///
    /// Every variant and every profile of the file is read too, so that none waits with its mistakes until it is used.
    /// `limits` is the content of the limits file, when at hand: overrides are checked against its keys.
    /// `nodes` are the names that faults may use.
    package init(
        yaml: [UInt8], file: String, limits: JSON? = nil, nodes: [String] = Topology.requiredNodes
    ) throws(Mistakes) {
        let document = Document(file: file)
        guard let root = document.compose(yaml) else { throw Mistakes(document.mistakes) }
        func read(_ node: Node, _ document: Document) -> Scenario? {
            ScenarioReading(document: document, limits: limits, nodes: nodes).scenario(node)
        }
        guard let layers = Layers(root, document) else { self = try document.finish(read(root, document)); return }
        var found: [Choice: Scenario] = [Choice(): read(layers.base, document)].compactMapValues { $0 }
        let known = Set(document.mistakes.map { "\($0.line) \($0.text)" })
        for choice in layers.choices {
            let overlaid = Document(file: file)
            found[choice] = read(layers.merged(choice), overlaid)
            for mistake in overlaid.mistakes where !known.contains("\(mistake.line) \(mistake.text)") {
                document.note(mistake.line, "\(choice.words): \(mistake.text)")
            }
        }
        self = try document.finish(found[layers.choice])
        choice = layers.choice
        certifying = certifying && choice.profile == nil
    }
}

/// Reads the parts in the order of the file. Each part returns `nil` after a noted mistake.
struct ScenarioReading {
    let document: Document
    let limits: JSON?
    let nodes: [String]

    static let keys = [
        "name", "description", "certifying", "symbols", "feed", "load", "governor", "broker", "phases", "faults",
        "operator", "gates", "tape", "stop",
    ]

    func scenario(_ node: Node) -> Scenario? {
        guard let root = document.section(node, of: "scenario", keys: ScenarioReading.keys) else { return nil }
        let name = root.text("name")
        let description = root.text("description")
        let certifying = root.flag("certifying")
        let books = replaced(books(root), root)
        let feed = feed(root, symbols: books?.map(\.symbol))
        let load = load(root)
        let governor = governor(root)
        let broker = broker(root)
        let phases = phases(root)
        let faults = faults(root)
        let rules = operatorRules(root)
        let gates = gates(root)
        let stops = stopConditions(root)
        if let name { check(name: name, root) }
        guard let name, let description, let certifying, let books, let feed, let load, let governor, let broker,
            let phases, let faults, let rules, let gates, let stops
        else { return nil }
        let scenario = Scenario(
            name: name, choice: Choice(), description: description, certifying: certifying, books: books, feed: feed, load: load,
            governor: governor, broker: broker, phases: phases, faults: faults, operatorRules: rules, gates: gates,
            stops: stops)
        checkTogether(scenario, root)
        return scenario
    }

    private func check(name: String, _ root: Section) {
        let last = document.file.split(separator: "/").last ?? ""
        // A run keeps its copy under the name scenario.yaml.
        if let stem = last.split(separator: ".").first, stem != "scenario", String(stem) != name {
            root.note("name", "name: expected the file's own name '\(stem)', found '\(name)'")
        }
        let legal = name.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F }
        if !legal { root.note("name", "name: expected a-z, 0-9 and _, found '\(name)'") }
    }

    private func books(_ root: Section) -> [SymbolSource]? {
        guard let rows = root.list("symbols", emptyAllowed: false) else { return nil }
        var seen: Set<String> = []
        let keys = ["symbol", "format", "tape", "first", "price_percent", "condition", "held"]
        let sources = rows.map { row -> SymbolSource? in
            guard let section = document.section(row, of: "symbol", keys: keys) else { return nil }
            let symbol = section.text("symbol")
            if let symbol {
                let legal = symbol.utf8.allSatisfy { ($0 >= 0x41 && $0 <= 0x5A) || $0 == 0x2E }
                if !legal { section.note("symbol", "symbol: expected A-Z and '.', found '\(symbol)'") }
                if !seen.insert(symbol).inserted {
                    section.note("symbol", "symbol: each symbol once, found '\(symbol)' again")
                }
            }
            let format: SymbolSource.Format? = section.choice("format", "tape format", default: .bars)
            let tape = path(section, "tape")
            let first = section.whole("first", in: 0...1_000_000, default: 0)
            let percent = section.whole("price_percent", in: 1...10_000, default: 100)
            let condition: SymbolSource.Condition? = section.choice("condition", "condition", default: .trading)
            let held = section.whole("held", in: -1_000_000...1_000_000, default: 0)
            guard let symbol, let format, let tape, let first, let percent, let condition, let held else { return nil }
            return SymbolSource(
                symbol: symbol, format: format, tape: tape, messages: nil, first: Int(first), pricePercent: Int(percent),
                condition: condition, held: held)
        }
        return complete(sources)
    }

    /// `symbols`: `nil` when they could not be read.
    private func feed(_ root: Section, symbols: [String]?) -> FeedSettings? {
        let keys = ["states_per_bar", "depth_interval", "speed_percent", "shares_per_level", "lead", "separate_redis"]
        guard let section = root.section("feed", keys: keys + ScenarioReading.overlayKeys) else { return nil }
        let states = section.whole("states_per_bar", in: 4...1_000, default: 20)
        let interval = section.duration(
            "depth_interval", from: .milliseconds(1), to: .seconds(10), default: .milliseconds(50))
        let speed = section.whole("speed_percent", in: 1...10_000, default: 100)
        let shares = section.whole("shares_per_level", in: 1...1_000_000, default: 200)
        let lead = section.duration("lead", to: .seconds(30), default: .seconds(2))
        let separate = section.flag("separate_redis", default: false)
        let overlays = overlays(section, symbols: symbols ?? [])
        guard let states, let interval, let speed, let shares, let lead, let separate, let overlays else { return nil }
        return FeedSettings(
            statesPerBar: Int(states), depthInterval: interval, speedPercent: Int(speed),
            sharesPerLevel: Quantity(shares: shares), lead: lead, separateRedis: separate, overlays: overlays)
    }

    private func load(_ root: Section) -> LoadSettings? {
        let keys = [
            "intents_per_second", "starts", "delay", "run", "quiet", "quantity_maximum", "market_percent",
            "probe_percent", "probe_quantity", "resting_distance_basis_points", "resting_orders", "strategy", "dip",
            "burst",
        ]
        guard let section = root.section("load", keys: keys) else { return nil }
        let strategy = strategy(section)
        // A burst has no rate: its intents are due at once.
        let isBurst = strategy.map { if case .burst = $0 { true } else { false } } ?? false
        let rate = section.whole("intents_per_second", in: 1...100_000, default: isBurst ? 1 : nil)
        let starts: PhaseName? = section.choice("starts", "phase", default: .warmUp)
        let delay = section.duration("delay", to: .seconds(60), default: .milliseconds(500))
        let run = section.duration("run", from: .milliseconds(10), to: .seconds(60), default: .milliseconds(350))
        let quiet = section.duration("quiet", from: .milliseconds(10), to: .seconds(60), default: .milliseconds(150))
        let quantity = section.whole("quantity_maximum", in: 1...1_000_000, default: 20)
        let market = section.whole("market_percent", in: 0...100, default: 50)
        let probe = section.whole("probe_percent", in: 0...50, default: 3)
        let probeQuantity = section.whole("probe_quantity", in: 1...1_000_000_000, default: 1_000_000)
        let distance = section.whole("resting_distance_basis_points", in: 1...5_000, default: 150)
        let resting = section.whole("resting_orders", in: 1...100, default: 3)
        guard let strategy, let rate, let starts, let delay, let run, let quiet, let quantity, let market, let probe,
            let probeQuantity, let distance, let resting
        else { return nil }
        if probe > 0, probeQuantity <= quantity {
            section.note(
                "probe_quantity",
                "probe_quantity: expected more than quantity_maximum (\(quantity)), found \(probeQuantity)")
        }
        return LoadSettings(
            strategy: strategy, intentsPerSecond: Int(rate), starts: starts, delay: delay, run: run, quiet: quiet,
            quantityMaximum: Quantity(shares: quantity), marketPercent: Int(market), probePercent: Int(probe),
            probeQuantity: Quantity(shares: probeQuantity), restingDistanceBasisPoints: Int(distance),
            restingOrders: Int(resting))
    }

    private func strategy(_ load: Section) -> LoadSettings.Strategy? {
        let name: LoadSettings.Strategy.Name? = load.choice("strategy", "strategy", default: .cycle)
        if name != nil, name != .burst, load.has("burst") {
            load.note("burst", "'burst' has no meaning without strategy burst")
        }
        if name == .burst { return burst(load).map { .burst($0) } }
        guard name == .dipBuyer else {
            if name != nil, load.has("dip") { load.note("dip", "'dip' has no meaning without strategy dip_buyer") }
            return name == nil ? nil : name == .flood ? .flood : .cycle
        }
        guard let section = load.section("dip", keys: ["basis_points", "lookback", "quantity_maximum", "closes_in"]) else {
            return nil
        }
        let points = section.whole("basis_points", in: 1...5_000, default: 60)
        let lookback = section.duration(
            "lookback", from: .milliseconds(10), to: .seconds(600), default: .seconds(3))
        let quantity = section.whole("quantity_maximum", in: 1...1_000_000, default: 100)
        let closes: PhaseName? = section.choice("closes_in", "phase", default: .after)
        guard let points, let lookback, let quantity, let closes else { return nil }
        return .dipBuyer(
            DipSettings(
                basisPoints: Int(points), lookback: lookback, quantityMaximum: Quantity(shares: quantity),
                closesIn: closes))
    }

    private func broker(_ root: Section) -> BrokerSettings? {
        let keys = ["fill_model", "round_trip", "round_trip_variance_ms2", "cancel_on_disconnect", "in_flight"]
        guard let section = root.section("broker", keys: keys) else { return nil }
        let model: BrokerSettings.FillModel? = section.choice("fill_model", "fill model", default: .walk)
        let mean = section.duration("round_trip", to: .seconds(10), default: .milliseconds(30))
        let variance = section.decimal(
            "round_trip_variance_ms2", to: Price(units: 10_000_000_000), default: Price(units: 80_000))
        let cancel = section.flag("cancel_on_disconnect", default: false)
        let inFlight: BrokerSettings.InFlight? = section.choice("in_flight", "in-flight mode", default: .lost)
        guard let model, let mean, let variance, let cancel, let inFlight else { return nil }
        return BrokerSettings(
            fillModel: model, roundTripMean: mean, roundTripVariance: SquareMilliseconds(units: variance.units),
            cancelOnDisconnect: cancel, inFlight: inFlight)
    }

    private func phases(_ root: Section) -> [Phase]? {
        guard let rows = root.list("phases", emptyAllowed: false) else { return nil }
        var last = -1
        let phases = rows.map { row -> Phase? in
            guard let section = document.section(row, of: "phase", keys: ["name", "duration"]) else { return nil }
            let name: PhaseName? = section.choice("name", "phase")
            let duration = section.duration("duration", from: .milliseconds(100), to: Scenario.durationMaximum)
            if let name, let place = PhaseName.allCases.firstIndex(of: name) {
                if place <= last {
                    let order = PhaseName.allCases.map(\.rawValue).joined(separator: ", ")
                    section.note("name", "each phase once and in the order \(order), found '\(name.rawValue)' here")
                }
                last = max(last, place)
            }
            guard let name, let duration else { return nil }
            return Phase(name: name, duration: duration)
        }
        return complete(phases)
    }

    /// A path inside the project: relative, and never upwards.
    func path(_ section: Section, _ key: String, default standIn: String? = nil) -> String? {
        guard let path = section.text(key, default: standIn) else { return nil }
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            section.note(key, "\(key): expected a path inside the project, found '\(path)'")
            return nil
        }
        return path
    }

    /// All values, or `nil` when one of them could not be read.
    func complete<Value>(_ values: [Value?]) -> [Value]? {
        let present = values.compactMap { $0 }
        return present.count == values.count ? present : nil
    }
}
