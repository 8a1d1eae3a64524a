import Units
import Yams

extension Topology {
    package init(yaml: [UInt8], file: String) throws(Mistakes) {
        let document = Document(file: file)
        self = try document.finish(TopologyReading(document: document).topology(yaml))
    }
}

struct TopologyReading {
    let document: Document

    func topology(_ yaml: [UInt8]) -> Topology? {
        let keys = ["name", "mode", "networks", "interfaces", "nodes", "ports"]
        guard let root = document.root(yaml, of: "topology", keys: keys) else { return nil }
        let name = root.text("name")
        let mode: Topology.Mode? = root.choice("mode", "mode")
        let networks = root.section("networks", keys: ["market", "control"])
        let market = networks.flatMap { network($0, "market") }
        let control = networks.flatMap { network($0, "control") }
        let interfaces = root.has("interfaces") ? root.section("interfaces", keys: ["market", "control"]) : nil
        let nodes = nodes(root, market: market, control: control)
        let ports = ports(root)
        guard let name, let mode, let market, let control, let nodes, let ports else { return nil }
        if mode == .build, interfaces?.has("market") != true || interfaces?.has("control") != true {
            root.note("mode", "mode 'build' needs 'interfaces' with names for market and control")
        }
        let isShared = Set(nodes.map(\.control)).count < nodes.count
        if mode == .build, isShared {
            root.note("nodes", "mode 'build' makes a namespace for each node: expected a control address for each")
        }
        return Topology(
            name: name, mode: mode, marketNetwork: market.text, controlNetwork: control.text,
            marketInterface: interfaces.flatMap { interface($0, "market") },
            controlInterface: interfaces.flatMap { interface($0, "control") }, nodes: nodes, ports: ports)
    }

    /// Linux: at most 15 bytes, no slash and no space.
    private func interface(_ section: Section, _ key: String) -> String? {
        guard section.has(key), let name = section.text(key) else { return nil }
        guard name.utf8.count <= 15, !name.contains("/"), !name.contains(" ") else {
            section.note(key, "\(key): expected an interface name of at most 15 bytes, found '\(name)'")
            return nil
        }
        return name
    }

    private func network(_ section: Section, _ key: String) -> Network? {
        guard let text = section.text(key) else { return nil }
        if let network = Network(text) { return network }
        section.note(key, "\(key): expected an IPv4 network like 198.18.0.0/24, found '\(text)'")
        return nil
    }

    private func nodes(_ root: Section, market: Network?, control: Network?) -> [Topology.Node]? {
        guard let rows = root.list("nodes", emptyAllowed: false) else { return nil }
        var names: Set<String> = []
        var addresses: Set<String> = []
        let keys = ["name", "market", "control", "agent", "processes"]
        let nodes = rows.map { row -> Topology.Node? in
            guard let section = document.section(row, of: "node", keys: keys) else { return nil }
            let name = section.text("name")
            if let name, !names.insert(name).inserted { section.note("name", "each node once, found '\(name)' again") }
            let onMarket = section.has("market") ? address(section, "market", market, &addresses) : nil
            // An observer may sit in the governor's own node, as a sidecar does.
            var none: Set<String> = []
            let onControl =
                name == "observer"
                ? address(section, "control", control, &none) : address(section, "control", control, &addresses)
            let agent = section.has("agent") ? section.text("agent") : nil
            if section.has("market") && onMarket == nil { return nil }
            guard let name, let onControl else { return nil }
            if agent != nil, onMarket == nil {
                section.note("agent", "node '\(name)': an agent needs a market address to work on")
            }
            let processes = section.has("processes") ? section.text("processes") : nil
            return Topology.Node(name: name, market: onMarket, control: onControl, agent: agent, processes: processes)
        }
        for required in Topology.requiredNodes where !names.contains(required) {
            document.note(root.line(of: "nodes"), "nodes: missing node '\(required)'")
        }
        return nodes.contains { $0 == nil } ? nil : nodes.compactMap { $0 }
    }

    private func address(_ section: Section, _ key: String, _ network: Network?, _ seen: inout Set<String>) -> String? {
        guard let text = section.text(key) else { return nil }
        guard let address = Network.address(text) else {
            section.note(key, "\(key): expected an IPv4 address, found '\(text)'")
            return nil
        }
        if let network, !network.contains(address) {
            section.note(key, "\(key): expected an address in \(network.text), found '\(text)'")
        }
        if !seen.insert(text).inserted { section.note(key, "\(key): each address once, found '\(text)' again") }
        return text
    }

    private func ports(_ root: Section) -> Topology.Ports? {
        let keys = ["redis", "postgres", "fix", "governor_metrics", "broker_metrics", "evidence", "probe"]
        guard let section = root.section("ports", keys: keys) else { return nil }
        func port(_ key: String, _ standIn: Int64) -> UInt16? {
            section.whole(key, in: 1...65_535, default: standIn).map { UInt16($0) }
        }
        guard let redis = port("redis", 6379), let postgres = port("postgres", 5432), let fix = port("fix", 9878),
            let governor = port("governor_metrics", 8000), let broker = port("broker_metrics", 9100),
            let evidence = port("evidence", 7010), let probe = port("probe", 7020)
        else { return nil }
        return Topology.Ports(
            redis: redis, postgres: postgres, fix: fix, governorMetrics: governor, brokerMetrics: broker,
            evidence: evidence, probe: probe)
    }
}

/// An IPv4 network: `198.18.0.0/24`.
struct Network {
    let text: String
    let base: UInt32
    let mask: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = Network.address(String(parts[0])), let bits = UInt32(parts[1]), bits >= 8,
            bits <= 30
        else { return nil }
        let mask = UInt32.max << (32 - bits)
        guard base & ~mask == 0 else { return nil }
        self.text = text
        self.base = base
        self.mask = mask
    }

    func contains(_ address: UInt32) -> Bool { address & mask == base }

    static func address(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }
}
