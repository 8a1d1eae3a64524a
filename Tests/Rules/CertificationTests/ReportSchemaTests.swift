import Foundation
import Messages
import Testing

/// What the JSON Schema says of the shape: closed objects whose keys are all required, and lists of one form.
private struct Shape {
    let schema: JSON

    func complaints(_ value: JSON, _ rule: JSON, at place: String = "") -> [String] {
        if let members = value.members, let properties = rule["properties"], rule["additionalProperties"]?.bool == false {
            let wanted = Set((rule["required"]?.array ?? []).compactMap(\.string))
            let found = Set(members.map(\.key))
            let odd = wanted.symmetricDifference(found).sorted().map { "\(place)/\($0)" }
            return odd + members.flatMap { complaints($0.value, properties[$0.key] ?? .null, at: "\(place)/\($0.key)") }
        }
        if let values = value.array, let items = rule["items"] {
            return values.flatMap { complaints($0, items, at: "\(place)[]") }
        }
        if let allowed = rule["enum"]?.array { return allowed.contains(value) ? [] : ["\(place): \(value.text())"] }
        return []
    }
}

@Suite struct ReportSchemaTests {
    private func shape() throws -> Shape {
        let real = URL(filePath: #filePath).resolvingSymlinksInPath()
        let root = (0..<4).reduce(real) { url, _ in url.deletingLastPathComponent() }
        let data = try Data(contentsOf: root.appending(path: "docs/schemas/certification.schema.json"))
        return Shape(schema: try JSON(parsing: Array(data)))
    }

    @Test func `the report has exactly the keys of its schema`() throws {
        let shape = try shape()
        let red = Certifications.outcome("kill", Certifications.kill(leaked: 1), measurements: ["orders_leaked": 1])
        for report in [Certifications.report(Certifications.good), Certifications.report([red])] {
            #expect(shape.complaints(report.json, shape.schema) == [])
        }
    }

    @Test func `a key that the schema lacks is noticed`() throws {
        let shape = try shape()
        let report = Certifications.report(Certifications.good).json
        let extra = JSON.object((report.members ?? []) + [.init("blessed", true)])
        #expect(shape.complaints(extra, shape.schema) == ["/blessed"])
    }
}
