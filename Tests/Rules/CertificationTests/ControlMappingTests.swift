import Certification
import Foundation
import Messages
import Scenarios
import Testing

private func projectFile(_ path: String) throws -> [UInt8] {
    let real = URL(filePath: #filePath).resolvingSymlinksInPath()
    let root = real.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: root.appending(path: path)))
}

@Suite struct ControlMappingTests {
    private func shipped() throws -> ControlMapping { try ControlMapping(parsing: try projectFile("data/controls.json")) }

    private func suite() throws -> CertificationSuite {
        let file = "chaos/full_certification_suite.yaml"
        return try CertificationSuite(yaml: try projectFile(file), file: file)
    }

    @Test func `every named gate exists and is one of its drill's`() throws {
        for row in try shipped().rows {
            let file = "chaos/\(row.scenario).yaml"
            let scenario = try Scenario(yaml: try projectFile(file), file: file)
            for gate in row.gates { #expect(scenario.gate(gate) != nil, "\(row.clause): \(gate.rawValue) in \(row.scenario)") }
        }
    }

    @Test func `every drill of the mapping is run by the certification`() throws {
        let planned = Set(try suite().runs(quick: false).map(\.scenario))
        #expect(try shipped().rows.map(\.scenario).filter { !planned.contains($0) } == [])
    }

    @Test(arguments: [
        "RTS 6 Article 10", "RTS 6 Article 12", "RTS 6 Article 15", "RTS 6 Article 16", "RTS 6 Article 17", "SEC 15c3-5",
        "FINRA 15-09",
    ])
    func `each rule that the design names has a row`(_ rule: String) throws {
        #expect(try shipped().rows.contains { $0.clause.hasPrefix(rule) })
    }

    @Test func `it is worded as evidence, never as compliance`() throws {
        let text = String(decoding: try projectFile("data/controls.json"), as: UTF8.self).lowercased()
        for word in ["complies", "compliant", "compliance", "satisfies", "fulfils"] { #expect(!text.contains(word), "\(word)") }
    }

    @Test func `a misspelt gate and a row without gates are refused`() {
        let row = #"{"clause":"c","title":"t","shows":"s","scenario":"x","gates":GATES}"#
        for gates in [#"["orders_laeked"]"#, "[]", "null"] {
            #expect(throws: MessageError.self) {
                _ = try ControlMapping(parsing: Array("[\(row.replacing("GATES", with: gates))]".utf8))
            }
        }
    }

    @Test func `a control shows each run's verdicts and where they are written, or that nothing ran`() throws {
        let row = ControlMapping.Row(
            clause: "RTS 6 Article 12", title: "Kill functionality", shows: "x", scenario: "kill", gates: [.ordersLeaked])
        let other = ControlMapping.Row(clause: "FINRA 15-09", title: "y", shows: "x", scenario: "absent", gates: [.recovery])
        let report = Certifications.report(
            Array(Certifications.good[..<2]) + [Certifications.outcome("kill", Certifications.kill(leaked: 3))],
            controls: ControlMapping(rows: [row, other]))
        #expect(report.words.contains("orders_leaked fail  kill/20261121T080000Z-1/verdict.json, 5ea1kill"))
        #expect(report.words.contains("not run here"))
        let evidence = report.json["controls"]?.array?[0]["evidence"]?.array?[0]
        #expect(evidence?["gates"]?.array?[0]["verdict"]?.string == "fail")
        #expect(evidence?["seal"]?.string == "5ea1kill")
    }
}
