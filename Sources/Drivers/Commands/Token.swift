import Glibc

/// What a TCP client must know before it may command anything. Read from a file or the environment, never from a
/// command line, where every process of the machine could read it.
package struct Token: Sendable {
    package static let lengthMinimum = 16
    /// The environment variable that holds a token, and the one that names a file that does.
    package static let variable = "GAUNTLET_TOKEN"
    package static let fileVariable = "GAUNTLET_TOKEN_FILE"

    private let bytes: [UInt8]

    /// The first line of `text`, without blanks around it.
    package init(_ text: String, from place: String) throws(CommandError) {
        let line = text.prefix { !$0.isNewline }.filter { $0 != " " && $0 != "\t" }
        guard line.utf8.count >= Token.lengthMinimum else {
            throw CommandError(
                place, "a token of at least \(Token.lengthMinimum) characters was expected, found \(line.utf8.count)")
        }
        // In JSON such a text is the same as outside of it, so that an audit can be kept free of it.
        guard line.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) else {
            throw CommandError(place, "a token of ASCII letters, digits and signs without '\"' and '\\' was expected")
        }
        bytes = Array(line.utf8)
    }

    /// From `file`, else from the environment; `nil` when neither says anything.
    package static func find(file: String?) throws(CommandError) -> Token? {
        if let file = file ?? getenv(fileVariable).map({ String(cString: $0) }) { return try Token(file: file) }
        guard let text = getenv(variable) else { return nil }
        return try Token(String(cString: text), from: variable)
    }

    package init(file: String) throws(CommandError) {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandError(file, "token file: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &buffer, buffer.count)
        try self.init(String(decoding: buffer[..<max(0, count)], as: UTF8.self), from: file)
    }

    /// What a client sends.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Takes the same time wherever the first difference lies, so that a token can't be found letter by letter.
    package func matches(_ candidate: String) -> Bool {
        let other = Array(candidate.utf8)
        var difference = UInt(bitPattern: bytes.count ^ other.count)
        for index in bytes.indices { difference |= UInt(bytes[index] ^ (index < other.count ? other[index] : 0)) }
        return difference == 0
    }
}
