// In a role's container: waits for the conductor's order, runs that role's program, ends it when the order is
// withdrawn, and waits for the next one. It takes no program's name from outside.

import Archive
import Glibc
import Messages
import Processes
import Sockets
import Units

package final class StandBy {
    /// What may be started here.
    package static let roles = ["observer", "broker-stub", "feed-replayer"]
    private static let lookInterval = Duration.milliseconds(20)
    private static let graceMaximum = Duration.seconds(3)
    /// Written anew each second: a container engine's health check looks at its age.
    private static let aliveFile = "/run/stand-by.alive"
    private static let aliveInterval = Duration.seconds(1)

    private let role: String
    private let programs: String
    private let reactor: Reactor
    private var done: Int64 = 0
    private var child: ChildProcess?
    private var log: Descriptor?
    private var isEnding = false

    package init(_ role: String, programs: String) throws {
        self.role = role
        self.programs = programs
        reactor = try Reactor()
    }

    /// Serves until SIGTERM or SIGINT; what runs then is ended in order.
    package func run() throws {
        mkdir(Order.directory, 0o700)
        // An order of an earlier life is not ours to follow.
        if let old = try? readFile(Order.file(role)), let order = try? Order(parsing: old, file: role) {
            done = order.number
        }
        var isOver = false
        try reactor.onSignal { [unowned self] _ in
            guard let child else {
                isOver = true
                return
            }
            child.whenEnded { _ in isOver = true }
            child.stop(grace: StandBy.graceMaximum)
        }
        let pulse = reactor.every(StandBy.lookInterval) { [unowned self] in look() }
        let life = reactor.every(StandBy.aliveInterval) { [unowned self] in
            // Where it can't be written the container shows as unhealthy, and the role goes on.
            try? replaceFile(StandBy.aliveFile, "\(role)\n", mode: 0o644)
        }
        say("waits for orders")
        while !isOver { _ = reactor.run(until: Instant.now + .seconds(3_600), or: { isOver }) }
        pulse.cancel()
        life.cancel()
    }

    private func look() {
        // No order yet.
        guard let bytes = try? readFile(Order.file(role)) else { return }
        do {
            let order = try Order(parsing: bytes, file: Order.file(role))
            if let arguments = order.arguments {
                if order.number > done, child == nil { try start(order, arguments) }
            } else if order.number == done, let child, !isEnding {
                isEnding = true
                child.stop(grace: StandBy.graceMaximum)
            }
        } catch {
            say("\(error)")
        }
    }

    private func start(_ order: Order, _ arguments: [String]) throws {
        done = order.number
        isEnding = false
        let file = open(order.log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o644)
        log = file >= 0 ? Descriptor(file) : nil
        let environment = [
            "GAUNTLET_RUN": order.run, "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
            "SWIFT_BACKTRACE": "enable=no",
        ]
        let command = Command("\(programs)/\(role)", arguments, environment: environment, keepsCapabilities: true)
        let child = try ChildProcess(role, command, output: file >= 0 ? file : 2, on: reactor)
        self.child = child
        say("started for run \(order.run)")
        try OrderStatus(number: order.number, pid: child.pid, status: nil).write(of: role)
        child.whenEnded { [unowned self] status in
            self.child = nil
            say("ended with status \(status)")
            // The conductor learns of a missing status by its own deadline.
            try? OrderStatus(number: order.number, pid: child.pid, status: status).write(of: role)
        }
    }

    private func say(_ text: String) {
        let line = Array("stand-by \(role): \(text)\n".utf8)
        _ = write(2, line, line.count)
    }
}
