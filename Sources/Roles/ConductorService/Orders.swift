// How a conductor has a role started in a container that it did not start: a file an order, on a directory that they
// share. The stand-by in the container knows which program its role is; an order only says with which arguments.

import Glibc
import Messages
import Sockets
import Units

package struct Order: Hashable, Sendable {
    /// Grows with each order to the same role.
    package var number: Int64
    package var run: String
    /// `nil`: end what runs.
    package var arguments: [String]?
    /// Where the program's words go.
    package var log: String

    package init(number: Int64, run: String, arguments: [String]?, log: String) {
        self.number = number
        self.run = run
        self.arguments = arguments
        self.log = log
    }

    package static let directory = "/run/gauntlet/orders"
    static func file(_ role: String) -> String { "\(directory)/\(role).order" }
    static func statusFile(_ role: String) -> String { "\(directory)/\(role).status" }

    init(parsing bytes: [UInt8], file: String) throws(ConductorError) {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw ConductorError(file, "is no order: \(error)") }
        guard let number = json["number"]?.integer, let run = json["run"]?.string, let log = json["log"]?.string else {
            throw ConductorError(file, "is no order: expected number, run and log, found \(json.text())")
        }
        let arguments = json["arguments"]?.array?.compactMap(\.string)
        self.init(number: number, run: run, arguments: arguments, log: log)
    }

    func write(to role: String) throws(SystemError) {
        let json: JSON = .object([
            .init("number", .integer(number)), .init("run", .string(run)), .init("log", .string(log)),
            .init("arguments", arguments.map { .array($0.map { .string($0) }) } ?? .null),
        ])
        try replaceFile(Order.file(role), json.text())
    }
}

/// What became of an order.
struct OrderStatus: Hashable, Sendable {
    var number: Int64
    var pid: Int32
    /// `nil` while it runs.
    var status: Int32?

    init(number: Int64, pid: Int32, status: Int32?) {
        self.number = number
        self.pid = pid
        self.status = status
    }

    init?(parsing bytes: [UInt8]) {
        // Half a file can't be seen: it is renamed into its place.
        guard let json = try? JSON(parsing: bytes), let number = json["number"]?.integer, let pid = json["pid"]?.integer
        else { return nil }
        self.init(
            number: number, pid: Int32(truncatingIfNeeded: pid), status: json["status"]?.integer.map { Int32($0) })
    }

    func write(of role: String) throws(SystemError) {
        let json: JSON = .object([
            .init("number", .integer(number)), .init("pid", .integer(Int64(pid))),
            .init("status", .optional(status.map(Int64.init))),
        ])
        try replaceFile(OrderStatus.file(role), json.text())
    }

    private static func file(_ role: String) -> String { Order.statusFile(role) }
}

/// Readers see the old content or the new one, never a part.
func replaceFile(_ path: String, _ text: String, mode: mode_t = 0o600) throws(SystemError) {
    try writeFile("\(path).new", text, mode: mode)
    guard rename("\(path).new", path) == 0 else { throw SystemError(path, "rename", code: errno) }
}
