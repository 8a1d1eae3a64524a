import ChaosAgentCore
import Glibc
import Testing
import Units

/// The files under `chaos/presets/`, and what is wrong with others.
@Suite struct PresetTests {
    private func preset(_ name: String) throws -> Preset {
        let root = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
        let path = "chaos/presets/\(name).json"
        let file = try #require(fopen("\(root)/\(path)", "r"), "\(root)/\(path)")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return try Preset(json: Array(bytes[..<count]), file: path)
    }

    private func mistakes(_ faults: String, name: String = "x") -> String {
        do {
            let text = #"{"name":"\#(name)","description":"d","faults":[\#(faults)]}"#
            _ = try Preset(json: Array(text.utf8), file: "chaos/presets/x.json")
            return ""
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("wan-250ms", ["latency"]), ("flaky-wifi", ["latency", "loss"]), ("transatlantic", ["latency", "loss"]),
        ("packet-storm", ["duplicate", "corrupt", "loss"]),
    ])
    func `every preset that is shipped can be read`(_ name: String, _ kinds: [String]) throws {
        let preset = try preset(name)
        #expect(preset.name == name && !preset.description.isEmpty)
        #expect(preset.faults.compactMap { $0["kind"]?.string } == kinds)
    }

    @Test func `a preset's faults are requests of an operator, for those senders and so long`() throws {
        let preset = try preset("transatlantic")
        let requests = try preset.faults.map {
            try FaultRequest(json: Preset.request($0, id: "far", from: ["198.18.0.12"], lasting: .seconds(30)))
        }
        #expect(requests[0].delay == .milliseconds(38) && requests[0].jitter == .milliseconds(2))
        #expect(requests[1].lossPerMillion == 1_000 && requests[1].by == .operator)
        #expect(requests.allSatisfy { $0.from == [0xC612_000C] && $0.duration == .seconds(30) })
    }

    @Test func `what is no preset is refused with its mistakes`() {
        #expect(mistakes(#"{"kind":"latency"}"#).contains("'delay_ns': expected an integer from 1"))
        #expect(mistakes(#"{"kind":"loss","loss_ppm":3,"delay_ns":1}"#).contains("'delay_ns' has no meaning for loss"))
        #expect(mistakes(#"{"kind":"loss","loss_ppm":3,"id":"mine"}"#).contains("'id' has no meaning for loss"))
        #expect(mistakes(#"{"kind":"latancy"}"#).contains("Did you mean 'latency'?"))
        #expect(mistakes(#"{"kind":"kill"}"#).contains("expected one of latency"))
        #expect(mistakes(#"{"kind":"loss","loss_ppm":1000001}"#).contains("from 1 to 1000000"))
        #expect(mistakes(#"{"kind":"loss","loss_ppm":1},{"kind":"loss","loss_ppm":2}"#).contains("each kind once"))
        #expect(mistakes(#"{"kind":"loss","loss_ppm":1}"#, name: "y").contains("the file's own name 'x'"))
        #expect(mistakes("").contains("at least one"))
        #expect(mistakes("{").contains("chaos/presets/x.json"))
        #expect(mistakes(#"{"kind":"loss","loss_ppm":1}"#).isEmpty)
    }
}
