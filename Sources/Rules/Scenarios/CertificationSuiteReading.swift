import Yams

extension CertificationSuite {
    /// Reads a suite from YAML. Every mistake is shown at once, with its line.
    package init(yaml: [UInt8], file: String) throws(Mistakes) {
        let document = Document(file: file)
        self = try document.finish(SuiteReading(document: document).suite(yaml))
    }
}

private struct SuiteReading {
    let document: Document

    func suite(_ yaml: [UInt8]) -> CertificationSuite? {
        guard let root = document.root(yaml, of: "suite", keys: ["suite", "description", "tests"]) else { return nil }
        let name = root.text("suite")
        let description = root.text("description")
        let rows = root.list("tests", emptyAllowed: false)
        if let name, let stem = document.file.split(separator: "/").last?.split(separator: ".").first, stem != name {
            root.note("suite", "suite: expected the file's own name '\(stem)', found '\(name)'")
        }
        var seen: Set<String> = []
        let tests = (rows ?? []).map { row -> CertificationSuite.Test? in
            let test = test(row)
            if let test, !seen.insert(test.name).inserted {
                document.note(row, "test: each name once, found '\(test.name)' again")
            }
            return test
        }
        guard let name, let description, rows != nil, let tests = complete(tests) else { return nil }
        return CertificationSuite(name: name, description: description, tests: tests)
    }

    private func test(_ node: Node) -> CertificationSuite.Test? {
        let keys = ["name", "title", "day", "runs", "quick", "kpis"]
        guard let section = document.section(node, of: "test", keys: keys) else { return nil }
        let name = section.text("name")
        let title = section.text("title")
        let day = section.whole("day", in: 1...31)
        let certifying = runs(section, "runs")
        let quick = runs(section, "quick")
        let kpis = section.list("kpis", emptyAllowed: false).map { $0.map(kpi) }
        guard let name, let title, let day, let certifying, let quick, let kpis = kpis.flatMap(complete) else { return nil }
        return CertificationSuite.Test(name: name, title: title, day: Int(day), runs: certifying, quick: quick, kpis: kpis)
    }

    private func runs(_ section: Section, _ key: String) -> [CertificationSuite.PlannedRun]? {
        guard let rows = section.list(key, emptyAllowed: false) else { return nil }
        var seen: Set<CertificationSuite.PlannedRun> = []
        return complete(
            rows.map { row -> CertificationSuite.PlannedRun? in
                let keys = ["scenario", "variant", "profile"]
                guard let section = document.section(row, of: "run", keys: keys) else { return nil }
                func optional(_ key: String) -> String? { section.has(key) ? section.text(key) : nil }
                let choice = Choice(variant: optional("variant"), profile: optional("profile"))
                guard let scenario = section.text("scenario") else { return nil }
                let run = CertificationSuite.PlannedRun(scenario: scenario, choice: choice)
                if !seen.insert(run).inserted { document.note(row, "run: each once, found '\(run.title)' again") }
                return run
            })
    }

    private func kpi(_ node: Node) -> CertificationSuite.KPI? {
        guard let section = document.section(node, of: "kpi", keys: ["title", "gate"]) else { return nil }
        let title = section.text("title")
        let gate: GateName? = section.choice("gate", "gate")
        guard let title, let gate else { return nil }
        return CertificationSuite.KPI(title: title, gate: gate)
    }

    /// All values, or `nil` when one of them could not be read.
    private func complete<Value>(_ values: [Value?]) -> [Value]? {
        let present = values.compactMap { $0 }
        return present.count == values.count ? present : nil
    }
}
