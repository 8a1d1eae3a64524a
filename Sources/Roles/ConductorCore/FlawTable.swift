// The table of known-bad governors: which promise each breaks, in which drill, and exactly which gates that must turn.

import Messages

package struct FlawTable: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package let flaw: String
        /// Scenario in which it shows; with `--full` its certifying form.
        package let drill: String
        /// Profile of that scenario; with `--full` none.
        package let profile: String?
        /// Variant of that scenario, where the flaw shows in one only.
        package let variant: String?
        /// Each must fail. `a|b`: one of the two is enough.
        package let fail: [String]
        /// Each must be inconclusive.
        package let inconclusive: [String]
        /// Whether its drill needs the whole machine: a load that two rigs at once can't send in time.
        package let isAlone: Bool
    }

    package let rows: [Row]

    package init(parsing bytes: [UInt8]) throws(MessageError) {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch {
            throw MessageError("flaws.json", field: "(whole)", expected: "JSON", found: error.description)
        }
        guard let array = json.array ?? json["flaws"]?.array else {
            throw MessageError("flaws.json", field: "(whole)", expected: "an array of flaws", found: "something else")
        }
        var rows: [Row] = []
        for entry in array {
            let reader = MessageReader("flaws.json", json: entry)
            func names(_ field: String) throws(MessageError) -> [String] {
                guard let values = entry[field]?.array, case let texts = values.compactMap(\.string),
                    texts.count == values.count
                else { throw reader.failure(field, "an array of gate names") }
                return texts
            }
            rows.append(
                Row(
                    flaw: try reader.string("flaw"), drill: try reader.string("drill"),
                    profile: entry["profile"] == nil ? nil : try reader.string("profile"),
                    variant: entry["variant"] == nil ? nil : try reader.string("variant"),
                    fail: try names("fail"), inconclusive: try names("inconclusive"),
                    isAlone: entry["alone"] == nil ? false : try reader.bool("alone")))
        }
        self.rows = rows
    }
}

extension FlawTable.Row {
    /// In its real duration: the scenario that certifies.
    package var inFull: FlawTable.Row {
        FlawTable.Row(
            flaw: flaw, drill: drill == "hard_kill_short" ? "hard_kill_governance" : drill, profile: nil,
            variant: variant, fail: fail,
            inconclusive: inconclusive, isAlone: isAlone)
    }

    /// Scenario and profile, as the run directory names them.
    package var title: String { [drill, variant, profile].compactMap { $0 }.joined(separator: "-") }

    /// What is different from what this flaw must do; empty when the rig caught it exactly.
    ///
    /// - Parameter gates: name → verdict of every gate of the run.
    package func differences(from gates: [String: String]) -> [String] {
        var found: [String] = []
        var explained: Set<String> = []
        for name in fail {
            let choices = name.split(separator: "|").map(String.init)
            let red = choices.filter { gates[$0] == "fail" }
            if red.isEmpty {
                found.append(
                    "\(name) should fail, is \(choices.map { gates[$0] ?? "absent" }.joined(separator: " and "))")
            }
            explained.formUnion(choices)
        }
        for name in inconclusive {
            if gates[name] != "inconclusive" {
                found.append("\(name) should be inconclusive, is \(gates[name] ?? "absent")")
            }
            explained.insert(name)
        }
        for (name, verdict) in gates.sorted(by: { $0.key < $1.key })
        where verdict != "pass" && !explained.contains(name) {
            found.append("\(name) should pass, is \(verdict)")
        }
        return found
    }

    /// Whether the run left open what this flaw must do: nothing contradicts the table, only a gate that must pass or
    /// fail is `inconclusive`. Another run may tell; a gate that says the opposite needs none.
    package func isUndecided(by gates: [String: String]) -> Bool {
        let decided = gates.filter { $0.value != "inconclusive" || inconclusive.contains($0.key) }
        let open = Set(gates.keys).subtracting(decided.keys)
        guard !open.isEmpty else { return false }
        let best = gates.merging(open.map { ($0, isToFail($0) ? "fail" : "pass") }) { $1 }
        return differences(from: best).isEmpty
    }

    private func isToFail(_ gate: String) -> Bool {
        fail.contains { $0.split(separator: "|").contains { $0 == gate } }
    }
}
