// Profiles and variants: parts of a scenario that take the place of its own, under a name, in the same file.
//
// A variant is a scenario with a parameter changed, and certifies as much as the scenario does. A profile is a
// scenario made smaller for a purpose (a self-test, a quick look) and certifies nothing. Mappings merge key by key;
// everything else replaces. A run's copy of its scenario names what was chosen, so that it is judged by the same.

import Yams

/// What of a file is in force beside its base. A variant comes first, the profile on top.
package struct Choice: Hashable, Sendable {
    package var variant: String?
    package var profile: String?
    /// Position changes of a burst, in the place of the file's number.
    package var changes: Int?
    /// Intents a second, in the place of the file's number. The limit on orders a second, which is a share of them,
    /// goes with it.
    package var rate: Int?

    package init(variant: String? = nil, profile: String? = nil, changes: Int? = nil, rate: Int? = nil) {
        self.variant = variant
        self.profile = profile
        self.changes = changes
        self.rate = rate
    }

    package var isBase: Bool { variant == nil && profile == nil && changes == nil && rate == nil }

    /// The bytes of a scenario file with this choice written at its end: how a run keeps it. Lines stay where they are.
    package func written(into yaml: [UInt8]) -> [UInt8] {
        guard !isBase else { return yaml }
        var lines = yaml.last == 0x0A || yaml.isEmpty ? "" : "\n"
        if let variant { lines += "variant: \(variant)\n" }
        if let profile { lines += "profile: \(profile)\n" }
        if let changes { lines += "changes: \(changes)\n" }
        if let rate { lines += "rate: \(rate)\n" }
        return yaml + Array(lines.utf8)
    }

    var words: String {
        [
            variant.map { "variant '\($0)'" }, profile.map { "profile '\($0)'" }, changes.map { "\($0) changes" },
            rate.map { "\($0) intents a second" },
        ].compactMap { $0 }.joined(separator: " with ")
    }
}

/// A document's mapping with its overlays taken apart from it.
struct Layers {
    static let keys = ["variants", "profiles", "variant", "profile", "changes", "rate"]

    /// Without the keys above.
    let base: Node
    let variants: [String: Node.Mapping]
    let profiles: [String: Node.Mapping]
    let choice: Choice

    /// `nil` when there is nothing to take apart: whoever reads it as a scenario says what is wrong with it.
    init?(_ root: Node, _ document: Document) {
        guard case .mapping(let mapping) = root else { return nil }
        let own = mapping.filter { !Layers.keys.contains($0.key.scalar?.string ?? "") }
        base = .mapping(Node.Mapping(own.map { ($0.key, $0.value) }, mapping.tag, mapping.style, mapping.mark))
        func value(_ key: String) -> Node? { mapping.first { $0.key.scalar?.string == key }?.value }
        func overlays(_ key: String, _ noun: String) -> [String: Node.Mapping] {
            guard let node = value(key) else { return [:] }
            return Layers.overlays(node, noun, document)
        }
        variants = overlays("variants", "variant")
        profiles = overlays("profiles", "profile")
        func chosen(_ key: String, _ names: [String]) -> String? {
            guard let node = value(key) else { return nil }
            guard let name = node.scalar?.string, names.contains(name) else {
                let known = names.sorted()
                let near = suggestion(for: node.scalar?.string ?? "", among: known)
                document.note(value("\(key)s") ?? node, "unknown \(key) \(document.kind(node)). \(near)")
                return nil
            }
            return name
        }
        choice = Choice(
            variant: chosen("variant", Array(variants.keys)), profile: chosen("profile", Array(profiles.keys)),
            changes: Layers.whole("changes", value("changes"), document),
            rate: Layers.whole("rate", value("rate"), document))
        if let node = value("rate"), choice.rate != nil, base["load"]?["intents_per_second"] == nil {
            document.note(node, "rate: this scenario's load has no 'intents_per_second' to put it in place of")
        }
    }

    private static func whole(_ key: String, _ node: Node?, _ document: Document) -> Int? {
        guard let node else { return nil }
        if let number = node.scalar.flatMap({ Int($0.string) }) { return number }
        document.note(node, "\(key): expected a whole number, found \(document.kind(node))")
        return nil
    }

    private static func overlays(_ node: Node, _ noun: String, _ document: Document) -> [String: Node.Mapping] {
        guard case .mapping(let mapping) = node else {
            document.note(node, "\(noun)s: expected names and their keys, found \(document.kind(node))")
            return [:]
        }
        var found: [String: Node.Mapping] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            let legal = name.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F }
            if name.isEmpty || !legal {
                document.note(key, "\(noun): expected a name of a-z, 0-9 and _, found \(document.kind(key))")
            }
            guard case .mapping(let overlay) = value, !overlay.isEmpty else {
                document.note(value, "\(noun) '\(name)': expected keys and values, found \(document.kind(value))")
                continue
            }
            for (key, _) in overlay where fixedKeys.contains(key.scalar?.string ?? "") {
                document.note(key, "\(noun) '\(name)': '\(key.scalar?.string ?? "")' can't be changed here")
            }
            found[name] = overlay
        }
        return found
    }

    /// What a scenario is, whichever way it is run.
    private static let fixedKeys = ["name", "certifying"] + keys

    /// Every choice of one overlay alone, and the one in force.
    var choices: [Choice] {
        let alone = variants.keys.sorted().map { Choice(variant: $0) } + profiles.keys.sorted().map { Choice(profile: $0) }
        return alone.contains(choice) || choice.isBase ? alone : alone + [choice]
    }

    func merged(_ choice: Choice) -> Node {
        var node = base
        if let name = choice.variant, let overlay = variants[name] { node = Layers.merged(node, .mapping(overlay)) }
        if let name = choice.profile, let overlay = profiles[name] { node = Layers.merged(node, .mapping(overlay)) }
        if let changes = choice.changes {
            let burst: Node = ["load": ["burst": ["changes": Node(String(changes))]]]
            node = Layers.merged(node, burst)
        }
        if let rate = choice.rate { node = Layers.merged(node, Layers.load(rate, in: node)) }
        return node
    }

    /// Another rate, and the limit on orders a second in the same proportion: it is broken by so many too many.
    private static func load(_ rate: Int, in node: Node) -> Node {
        let load: Node = ["load": ["intents_per_second": Node(String(rate))]]
        func whole(_ node: Node?) -> Int? { node?.scalar.flatMap { Int($0.string) } }
        guard let before = whole(node["load"]?["intents_per_second"]), before > 0, (1...1_000_000).contains(rate),
            let limit = whole(node["governor"]?["limit_overrides"]?["max_orders_per_second"]), limit < 1_000_000_000
        else { return load }
        let scaled: Node = [
            "governor": ["limit_overrides": ["max_orders_per_second": Node(String(max(1, limit * rate / before)))]]
        ]
        return merged(load, scaled)
    }

    private static func merged(_ below: Node, _ above: Node) -> Node {
        guard case .mapping(let base) = below, case .mapping(let overlay) = above else { return above }
        var pairs = base.map { ($0.key, $0.value) }
        for (key, value) in overlay {
            if let place = pairs.firstIndex(where: { $0.0.scalar?.string == key.scalar?.string }) {
                // The overlay's key: a mistake in what it replaces is shown at its own line.
                pairs[place] = (key, merged(pairs[place].1, value))
            } else {
                pairs.append((key, value))
            }
        }
        return .mapping(Node.Mapping(pairs, base.tag, base.style, base.mark))
    }
}
