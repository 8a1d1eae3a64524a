import Scenarios
import Testing
import Units

/// The files under `chaos/presets/`, and what is wrong with others.
@Suite struct PresetTests {
    private func mistakes(_ faults: String, name: String = "x") -> [String] {
        do {
            _ = try Preset(yaml: Array("name: \(name)\ndescription: d\nfaults:\n\(faults)\n".utf8), file: "chaos/presets/x.yaml")
            return []
        } catch {
            return error.all.map(\.text)
        }
    }

    @Test(arguments: ["wan-250ms", "flaky-wifi", "transatlantic", "packet-storm"])
    func `every preset that is shipped can be read`(_ name: String) throws {
        let path = "chaos/presets/\(name).yaml"
        let preset = try Preset(yaml: try ProjectFiles.bytes(path), file: path)
        #expect(preset.name == name && !preset.doses.isEmpty)
    }

    @Test func `a preset says its doses exactly`() throws {
        let yaml = "name: x\ndescription: d\nfaults:\n  - {kind: latency, delay: 38ms, jitter: 2ms}\n  - {kind: loss, percent: 0.1}\n"
        let doses = try Preset(yaml: Array(yaml.utf8), file: "x.yaml").doses
        #expect(doses[0].delay == .milliseconds(38) && doses[0].jitter == .milliseconds(2))
        // A percent in ten-thousandths is a part in a million.
        #expect(doses[1].percent.units == 1_000)
    }

    @Test func `what is no preset is refused with its mistakes`() {
        #expect(mistakes("  - {kind: latency}").contains { $0.contains("missing key 'delay'") })
        #expect(mistakes("  - {kind: loss, percent: 3, delay: 1ms}").contains { $0.contains("'delay' has no meaning for loss") })
        #expect(mistakes("  - {kind: kill}").contains { $0.contains("expected one of latency") })
        #expect(mistakes("  - {kind: loss, percent: 101}").contains { $0.contains("from 0 to 100") })
        #expect(mistakes("  - {kind: loss, percent: 1}\n  - {kind: loss, percent: 2}").contains { $0.contains("each kind once") })
        #expect(mistakes("  - {kind: loss, percent: 1}", name: "y").contains { $0.contains("the file's own name 'x'") })
        #expect(mistakes("  - {kind: loss, percent: 1}").isEmpty)
    }
}
