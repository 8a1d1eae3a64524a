import CLibpq
import Units

/// A libpq connection, owned. No pointer leaves this file; nothing here blocks on a numeric address.
final class Session {
    enum Step { case wantsRead, wantsWrite, done, failed }

    enum Event {
        case result(PostgresResult)
        case failure(String, sqlState: String?)
        /// The end of a batch: all of it is committed, or nothing is.
        case synchronised
    }

    private let connection: OpaquePointer

    /// - Parameter userTimeout: after this long without an acknowledgement the kernel gives the connection up.
    init(url: String, userTimeout: Duration) {
        let milliseconds = String(max(1, userTimeout.nanoseconds / 1_000_000))
        // What stands before `dbname` is a default, and the URL overrides it. libpq would ask for encryption first
        // and go on without: no protection, and one round trip more, which a slow path hasn't got.
        let options = [
            ("application_name", "gauntlet"), ("gssencmode", "disable"), ("sslmode", "disable"),
            ("tcp_user_timeout", milliseconds), ("dbname", url),
        ]
        connection = withCStrings(options.map(\.0)) { keywords in
            withCStrings(options.map(\.1)) { values in
                guard let connection = PQconnectStartParams(keywords, values, 1) else {
                    preconditionFailure("postgres: no memory for a connection")
                }
                return connection
            }
        }
        // Without this, libpq prints notices on our stderr.
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
    }

    deinit { PQfinish(connection) }

    var descriptor: Int32 { PQsocket(connection) }
    var isBad: Bool { PQstatus(connection) == CONNECTION_BAD }

    /// libpq's last error, in one line.
    var message: String { oneLine(PQerrorMessage(connection)) }

    func advance() -> Step {
        switch PQconnectPoll(connection) {
        case PGRES_POLLING_READING: .wantsRead
        case PGRES_POLLING_WRITING: .wantsWrite
        case PGRES_POLLING_OK: .done
        default: .failed
        }
    }

    func enterPipeline() -> Bool {
        PQsetnonblocking(connection, 1) == 0 && PQenterPipelineMode(connection) == 1
    }

    func send(_ statements: [PostgresStatement]) -> Bool {
        for statement in statements {
            let sent = withCStrings(statement.parameters.map { $0?.text }) { values in
                PQsendQueryParams(
                    connection, statement.sql, Int32(statement.parameters.count), nil, values, nil, nil, 0)
            }
            guard sent == 1 else { return false }
        }
        return PQpipelineSync(connection) == 1
    }

    func flush() -> Step {
        switch PQflush(connection) {
        case 0: .done
        case 1: .wantsWrite
        default: .failed
        }
    }

    func consume() -> Bool { PQconsumeInput(connection) == 1 }

    /// The next thing that has arrived whole, `nil` when there is none. To be called only while a batch is pending.
    func next() -> Event? {
        // One NULL ends each statement's results; a second one in a row means that nothing is left.
        for _ in 0..<2 {
            guard PQisBusy(connection) == 0 else { return nil }
            guard let result = PQgetResult(connection) else { continue }
            defer { PQclear(result) }
            return event(of: result)
        }
        return nil
    }

    private func event(of result: OpaquePointer) -> Event {
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC: return .synchronised
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return .result(copy(result))
        case PGRES_PIPELINE_ABORTED: return .failure("not executed: an earlier statement was refused", sqlState: nil)
        default:
            let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
            return .failure(oneLine(PQresultErrorMessage(result)), sqlState: state)
        }
    }

    private func copy(_ result: OpaquePointer) -> PostgresResult {
        let columns = (0..<PQnfields(result)).map { PQfname(result, $0).map { String(cString: $0) } ?? "" }
        let rows = (0..<PQntuples(result)).map { row in
            (0..<Int32(columns.count)).map { column -> String? in
                guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column)
                else { return nil }
                return String(cString: value)
            }
        }
        let affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        return PostgresResult(columns: columns, rows: rows, affected: affected)
    }

    /// Host and database, as far as libpq can read the URL; never user or password.
    static func endpoint(of url: String) -> String {
        guard let options = PQconninfoParse(url, nil) else { return "an unreadable URL" }
        defer { PQconninfoFree(options) }
        var found: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let host = found["host"] ?? found["hostaddr"] ?? "the default socket"
        return "\(host):\(found["port"] ?? "5432")/\(found["dbname"] ?? "")"
    }
}

private func oneLine(_ message: UnsafePointer<CChar>?) -> String {
    let text = message.map { String(cString: $0) } ?? ""
    return text.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; ")
}

/// Calls `body` with a NULL-terminated array of C strings; a `nil` string is a NULL among them.
private func withCStrings<Result>(
    _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let bytes = strings.flatMap { ($0.map { Array($0.utf8) } ?? []) + [0] }.map { CChar(bitPattern: $0) }
    return bytes.withUnsafeBufferPointer { characters in
        var pointers: [UnsafePointer<CChar>?] = []
        var offset = 0
        for string in strings {
            pointers.append(string == nil ? nil : characters.baseAddress.map { $0 + offset })
            offset += (string?.utf8.count ?? 0) + 1
        }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { list in
            guard let first = list.baseAddress else { preconditionFailure("a list with a terminator is never empty") }
            return body(first)
        }
    }
}
