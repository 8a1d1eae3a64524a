/// A command as it goes out: an array of bulk strings.
enum Command {
    static func encode(_ arguments: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(arguments.reduce(16) { $0 + $1.count + 16 })
        appendLength(UInt8(ascii: "*"), arguments.count, to: &bytes)
        for argument in arguments {
            appendLength(UInt8(ascii: "$"), argument.count, to: &bytes)
            bytes += argument
            bytes += [13, 10]
        }
        return bytes
    }

    /// For error texts: the command and its first argument, never a password or a payload.
    static func name(_ arguments: [[UInt8]]) -> String {
        let command = String(decoding: arguments.first ?? [], as: UTF8.self)
        guard arguments.count > 1, command.uppercased() != "AUTH" else { return command }
        let subject = String(decoding: arguments[1].prefix(40), as: UTF8.self)
        return "\(command) \(subject)"
    }

    private static func appendLength(_ kind: UInt8, _ count: Int, to bytes: inout [UInt8]) {
        bytes.append(kind)
        bytes += String(count).utf8
        bytes += [13, 10]
    }
}
