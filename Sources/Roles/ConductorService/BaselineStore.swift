// Where baselines are kept: in PostgreSQL when a URL is given, for a team; else in plain files, for one machine.

import Archive
import Certification
import Messages
import Postgres
import Processes
import Sockets
import Units

package enum BaselineStore {
    /// A directory: a file a run, under machine and scenario.
    case files(String)
    /// What libpq takes; the host numeric or a socket directory.
    case postgres(String)

    private static let table = "gauntlet_baselines"
    private static let patience: Duration = .seconds(10)

    /// Keeps a baseline. `false` when this run is kept already.
    package func add(_ baseline: Baseline) throws -> Bool {
        switch self {
        case .files(let root):
            let directory = "\(root)/\(BaselineStore.folder(baseline.key))"
            try makeDirectories(directory)
            let path = "\(directory)/\(BaselineStore.fileName(baseline.run))"
            guard (try? readFile(path)) == nil else { return false }  // Not there is what is hoped for.
            try writeFile(baseline.json.prettyBytes(), to: path)
            return true
        case .postgres(let url):
            let result = try BaselineStore.query(
                url, """
                    INSERT INTO \(BaselineStore.table) (machine, scenario_sha256, run, started, baseline)
                    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (machine, scenario_sha256, run) DO NOTHING
                    """,
                [
                    .text(baseline.key.machine), .text(baseline.key.scenario), .text(baseline.run), .text(baseline.started),
                    .text(baseline.json.text(.sorted)),
                ])
            return result.affected == 1
        }
    }

    /// All that are kept, or those of a key; the oldest first.
    package func all(of key: BaselineKey? = nil) throws -> [Baseline] {
        let found: [Baseline]
        switch self {
        case .files(let root):
            let folders = key.map { [BaselineStore.folder($0)] }
                ?? Programs.entries(of: root).flatMap { machine in
                    Programs.entries(of: "\(root)/\(machine)").map { "\(machine)/\($0)" }
                }
            found = try folders.flatMap { folder in
                try Programs.entries(of: "\(root)/\(folder)").filter { $0.hasSuffix(".json") }.map {
                    try BaselineStore.parsed(try readFile("\(root)/\(folder)/\($0)"), "\(root)/\(folder)/\($0)")
                }
            }
        case .postgres(let url):
            let sql = "SELECT run, baseline FROM \(BaselineStore.table)"
            let result = try key.map {
                try BaselineStore.query(
                    url, sql + " WHERE machine = $1 AND scenario_sha256 = $2", [.text($0.machine), .text($0.scenario)])
            } ?? BaselineStore.query(url, sql)
            found = try result.rows.map { row in
                let run = row.first.flatMap { $0 } ?? "?"
                return try BaselineStore.parsed(Array((row.last.flatMap { $0 } ?? "").utf8), "\(url): run \(run)")
            }
        }
        return found.filter { key == nil || $0.key == key }.sorted { ($0.started, $0.run) < ($1.started, $1.run) }
    }

    private static func folder(_ key: BaselineKey) -> String { "\(key.machine.prefix(16))/\(key.scenario.prefix(16))" }

    private static func fileName(_ run: String) -> String {
        String(run.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" }) + ".json"
    }

    private static func parsed(_ bytes: [UInt8], _ place: String) throws(ConductorError) -> Baseline {
        guard let json = try? JSON(parsing: bytes), let baseline = Baseline(json: json) else {  // Said just below.
            throw ConductorError(.usage, place, "expected a baseline (\(Baseline.schema)), found something else")
        }
        return baseline
    }

    /// One statement, on a connection of its own; the table is made when it isn't there.
    private static func query(_ url: String, _ sql: String, _ values: [PostgresValue?] = []) throws -> PostgresResult {
        let reactor = try Reactor()
        let connection = PostgresConnection(url: url, connectWithin: .seconds(2), answerWithin: patience, on: reactor)
        defer { connection.close() }
        var refusal: PostgresError?
        connection.onClose = { refusal = $0 }
        connection.connect()
        guard reactor.run(until: Instant.now + patience, or: { connection.isReady || refusal != nil }), connection.isReady
        else {
            let silence = "PostgreSQL did not answer within \(patience.written)"
            throw ConductorError("baselines", refusal.map { "\($0)" } ?? silence)
        }
        let create = """
            CREATE TABLE IF NOT EXISTS \(table) (machine text NOT NULL, scenario_sha256 text NOT NULL, run text NOT NULL,
            started text NOT NULL, baseline text NOT NULL, PRIMARY KEY (machine, scenario_sha256, run))
            """
        let results: [PostgresResult] = try reactor.answer(of: "baselines", within: patience) { done in
            connection.batch([PostgresStatement(create), PostgresStatement(sql, values)]) { result in
                done(result.mapError { ConductorError("baselines", "\($0)") })
            }
        }
        guard let last = results.last else { throw ConductorError("baselines", "PostgreSQL gave no result") }
        return last
    }
}
