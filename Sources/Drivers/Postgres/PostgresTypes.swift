/// A parameter of a statement. It travels as text; the server infers its type from the statement.
package enum PostgresValue: Hashable, Sendable {
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    /// Of one type; `nil` is NULL. The statement says which: `$1::text[]`.
    case array([PostgresValue?])

    package var text: String {
        switch self {
        case .text(let value): value
        case .integer(let value): String(value)
        case .boolean(let value): value ? "t" : "f"
        case .array(let values): "{" + values.map { $0?.element ?? "NULL" }.joined(separator: ",") + "}"
        }
    }

    /// As it stands in an array, where a text needs its quotes: `NULL` is a word too.
    private var element: String {
        guard case .text(let value) = self else { return text }
        var quoted = "\""
        for character in value.unicodeScalars {
            if character == "\"" || character == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}

extension PostgresValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
}

/// One SQL statement, parameters as `$1`, `$2`. A `nil` parameter is NULL.
package struct PostgresStatement: Hashable, Sendable {
    package let sql: String
    package let parameters: [PostgresValue?]

    package init(_ sql: String, _ parameters: [PostgresValue?] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}

/// What one statement gave back.
package struct PostgresResult: Hashable, Sendable {
    package let columns: [String]
    /// In the order of `columns`; `nil` is NULL.
    package let rows: [[String?]]
    /// Rows inserted, updated, deleted; of a SELECT the rows returned.
    package let affected: Int
}

/// Why a batch has no result, or why a connection ended.
package struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        /// No connection: refused, timed out, or the server would not let us in.
        case unreachable
        /// The connection ended. Whether a batch without its answer was committed is unknown.
        case disconnected
        /// No answer within the deadline. Unknown fate, as above.
        case timedOut
        /// `close()` was called here. Unknown fate, as above.
        case closedHere
        /// The server refused a statement: nothing of its batch was done, and the connection goes on.
        case refused
        /// Too many batches in flight: this one was not sent.
        case overloaded
    }

    package let kind: Kind
    /// Where, without user or password.
    package let endpoint: String
    /// What was tried: `connect`, or the first words of the statement.
    package let operation: String
    package let detail: String
    /// The server's five-letter code (`23505`: a unique key was violated), for `refused`.
    package let sqlState: String?

    package init(_ kind: Kind, endpoint: String, operation: String, detail: String, sqlState: String? = nil) {
        self.kind = kind
        self.endpoint = endpoint
        self.operation = operation
        self.detail = detail
        self.sqlState = sqlState
    }

    package var description: String {
        let state = sqlState.map { " (\($0))" } ?? ""
        return "postgres \(endpoint): \(operation): \(detail)\(state)"
    }
}
