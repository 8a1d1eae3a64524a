// What the script `prove` wrote down: one line a record, of which each has a case, a word for what it is, and what was
// found.

import Messages

struct ProofRecordError: Error, CustomStringConvertible {
    let line: Int
    let detail: String
    var description: String { "results:\(line): \(detail)" }
}

struct ProofRecords: Sendable {
    struct Name: Hashable, Sendable {
        let of: String
        let what: String
    }

    private var found: [Name: JSON] = [:]

    init() {}

    init(_ text: String) throws(ProofRecordError) {
        for (index, line) in text.split(separator: "\n").enumerated() {
            let record: JSON
            do { record = try JSON(parsing: String(line)) } catch {
                throw ProofRecordError(
                    line: index + 1, detail: "expected a JSON object, found '\(line.prefix(80))': \(error)")
            }
            guard let of = record["case"]?.string, let what = record["what"]?.string, let value = record["found"] else {
                throw ProofRecordError(
                    line: index + 1, detail: "expected the members case, what and found, found '\(line.prefix(80))'")
            }
            guard found.updateValue(value, forKey: Name(of: of, what: what)) == nil else {
                throw ProofRecordError(line: index + 1, detail: "'\(of)' has '\(what)' twice")
            }
        }
    }

    subscript(_ of: String, _ what: String) -> JSON? {
        get { found[Name(of: of, what: what)] }
        set { found[Name(of: of, what: what)] = newValue }
    }

    /// With what another part found of its own; of itself a part speaks under the same names, and there ours stay.
    func joined(with other: ProofRecords) -> ProofRecords {
        var all = self
        all.found.merge(other.found) { ours, _ in ours }
        return all
    }

    func pings(_ of: String, _ what: String = "pings") -> Pings? { self[of, what].flatMap { Pings($0) } }
    func kernel(_ of: String, _ what: String = "kernel") -> KernelState? { self[of, what].flatMap { KernelState($0) } }

    /// A fault as the agent listed it at the end of its case.
    func fault(_ id: String, listedIn of: String = "agent") -> JSON? {
        self[of, "faults"]?.array?.first { $0["id"]?.string == id }
    }
}

/// Round trips of `ping`, in milliseconds; those of 100 ms and more come rounded to whole ones.
struct Pings: Sendable {
    let sent: Int
    /// Echoes that came once more.
    let copies: Int
    /// Echoes in whose data a bit was wrong.
    let spoilt: Int
    let times: [Double]

    init?(_ json: JSON) {
        guard let sent = json["sent"]?.integer, let times = json["times"]?.array else { return nil }
        self.sent = Int(sent)
        copies = Int(json["copies"]?.integer ?? 0)
        spoilt = Int(json["spoilt"]?.integer ?? 0)
        self.times = times.compactMap(\.double).sorted()
    }

    var lost: Int { sent - times.count }
    var median: Double { quantile(0.5) }

    func quantile(_ share: Double) -> Double {
        times.isEmpty ? .nan : times[min(times.count - 1, Int(Double(times.count) * share))]
    }
}

/// What the kernel had at the faulted interface.
struct KernelState: Sendable {
    let qdiscs: [String]
    let filters: Int64
    /// Rules of ours that forward to a device.
    let rules: Int64
    /// Names of all intermediate devices.
    let devices: String
    /// Qdiscs of the kind netem, anywhere in the node.
    let netem: Int64

    init?(_ json: JSON) {
        guard let qdiscs = json["qdiscs"]?.array, let filters = json["filters"]?.integer,
            let devices = json["devices"]?.string, let netem = json["netem"]?.integer
        else { return nil }
        self.qdiscs = qdiscs.compactMap { $0["kind"]?.string }
        self.filters = filters
        rules = json["rules"]?.integer ?? 0
        self.devices = devices
        self.netem = netem
    }

    /// One device of ours, netem on it, and one way that leads there: a filter behind an ingress qdisc, or a rule.
    func isDetoured(byRule: Bool) -> Bool {
        let way = byRule
            ? qdiscs == ["noqueue"] && filters == 0 && rules == 1
            : qdiscs == ["noqueue", "ingress"] && filters == 1 && rules == 0
        return way && netem == 1 && devices.hasPrefix("gnt") && !devices.dropFirst(3).contains("gnt")
    }

    var isUntouched: Bool { qdiscs == ["noqueue"] && filters == 0 && rules == 0 && netem == 0 && devices.isEmpty }

    var text: String { "qdiscs \(qdiscs), \(filters) filters, \(rules) rules, devices '\(devices)', \(netem) netem" }
}
