/// Why a message was refused: which message, which field, what was expected, what was found.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String
    package let field: String
    package let expected: String
    package let found: String

    package init(_ message: String, field: String, expected: String, found: String) {
        self.message = message
        self.field = field
        self.expected = expected
        self.found = found
    }

    package var description: String { "\(message): '\(field)': expected \(expected), found \(found)" }
}

/// Reads the members of one message, with errors that name the field.
package struct MessageReader {
    package let message: String
    package let json: JSON

    package init(_ message: String, _ bytes: [UInt8]) throws(MessageError) {
        self.message = message
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw MessageError(message, field: "(whole)", expected: "a JSON object", found: error.description)
        }
        guard json.members != nil else {
            throw MessageError(message, field: "(whole)", expected: "a JSON object", found: json.text())
        }
    }

    package init(_ message: String, json: JSON) {
        self.message = message
        self.json = json
    }

    package func failure(_ field: String, _ expected: String) -> MessageError {
        MessageError(message, field: field, expected: expected, found: json[field]?.text() ?? "nothing")
    }

    package func string(_ field: String) throws(MessageError) -> String {
        guard let value = json[field]?.string else { throw failure(field, "a string") }
        return value
    }

    package func integer(_ field: String) throws(MessageError) -> Int64 {
        guard let value = json[field]?.integer else { throw failure(field, "an integer") }
        return value
    }

    package func bool(_ field: String) throws(MessageError) -> Bool {
        guard let value = json[field]?.bool else { throw failure(field, "true or false") }
        return value
    }

    /// `nil` when the member is absent or `null`.
    package func optionalInteger(_ field: String) throws(MessageError) -> Int64? {
        guard let value = json[field], !value.isNull else { return nil }
        guard let integer = value.integer else { throw failure(field, "an integer or null") }
        return integer
    }

    package func optionalString(_ field: String) throws(MessageError) -> String? {
        guard let value = json[field], !value.isNull else { return nil }
        guard let string = value.string else { throw failure(field, "a string or null") }
        return string
    }

    package func oneOf<Choice: RawRepresentable & CaseIterable>(
        _ field: String, _ type: Choice.Type = Choice.self
    ) throws(MessageError) -> Choice where Choice.RawValue == String {
        guard let raw = json[field]?.string, let value = Choice(rawValue: raw) else {
            throw failure(field, Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }
}
