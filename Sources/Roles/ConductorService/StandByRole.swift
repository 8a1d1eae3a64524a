import Archive
import Glibc
import Processes
import Sockets
import Units

/// A role in a container of its own, started and ended through the stand-by that waits there.
final class StandByRole: RunningRole {
    static let lookInterval = Duration.milliseconds(20)

    let name: String
    private(set) var pid: Int32 = 0
    private(set) var status: Int32?
    private var order: Order
    private var onEnd: [(Int32) -> Void] = []
    private var looking: Timer?

    /// Gives the order; whether it was followed shows when the role answers.
    init(_ name: String, _ command: Command, run: String, log: String, on reactor: Reactor) throws {
        self.name = name
        order = Order(number: WallTime.now.nanoseconds, run: run, arguments: command.arguments, log: log)
        try order.write(to: name)
        looking = reactor.every(StandByRole.lookInterval) { [weak self] in self?.look() }
    }

    private func look() {
        // No status file yet: nobody has taken the order.
        guard let bytes = try? readFile(Order.statusFile(name)), let found = OrderStatus(parsing: bytes),
            found.number == order.number
        else { return }
        pid = found.pid
        guard let ended = found.status, status == nil else { return }
        status = ended
        looking?.cancel()
        for handler in onEnd { handler(ended) }
        onEnd = []
    }

    /// SIGTERM and SIGKILL both withdraw the order; the stand-by sees to the rest.
    func signal(_ number: Int32) {
        guard status == nil, order.arguments != nil else { return }
        order.arguments = nil
        // The same number: the status that follows still answers this order. A directory that can't be written to
        // shows as a role that doesn't end.
        try? order.write(to: name)
    }

    func whenEnded(_ handler: @escaping (Int32) -> Void) {
        if let status { handler(status) } else { onEnd.append(handler) }
    }
}
