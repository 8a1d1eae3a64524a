// A link that is down stays down: the kernel has no time-out for it. So a guardian process, this program again,
// holds the lease: when its pipe closes (we died) or its time is over, it sets the link up and puts its routes back.

import CLinux
import ChaosAgentCore
import Glibc
import Netlink
import Processes
import Sockets
import Units

/// The agent's end of a guardian process: as long as the pipe is open and the time isn't over, it waits.
final class ChildLease {
    private let guardian: ChildProcess
    private let pipe: Descriptor

    init(_ arguments: [String], for duration: Duration, program: String, on reactor: Reactor) throws {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw SystemError("guardian", "pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipe = Descriptor(ends[1])
        let readEnd = Descriptor(ends[0])
        let command = Command(program, ["guard", "--for", duration.written] + arguments, keepsCapabilities: true)
        guardian = try ChildProcess("guardian", command, input: readEnd.number, output: STDERR_FILENO, on: reactor)
    }

    /// It isn't needed any more: what it would restore has been restored.
    func end() {
        // Lives on until its end has been seen: its descriptor is watched.
        guardian.whenEnded { [self] _ in withExtendedLifetime(self) {} }
        guardian.signal(SIGKILL)
    }
}

final class LinkLease {
    private let interface: String
    private let routes: [String]
    private let lease: ChildLease

    /// Starts the guardian; the link is still up when this returns.
    init(_ interface: String, for duration: Duration, program: String, _ links: LinkControl, on reactor: Reactor)
        throws
    {
        self.interface = interface
        routes = try LinkLease.routes(of: interface, links)
        let arguments = ["--interface", interface] + routes.flatMap { ["--route", $0] }
        lease = try ChildLease(arguments, for: duration + FaultTable.grace, program: program, on: reactor)
    }

    func end(_ links: LinkControl) throws {
        try LinkLease.restore(interface, routes, links)
        lease.end()
    }

    static func routes(of interface: String, _ links: LinkControl) throws(NetlinkError) -> [String] {
        let index = try links.index(of: interface)
        return try links.routes().filter { $0.interface == index && !$0.isKernelMade }.map { route in
            route.raw.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    package static func restore(_ interface: String, _ routes: [String], _ links: LinkControl) throws(NetlinkError) {
        try links.setUp(interface)
        for text in routes {
            let digits = Array(text.utf8)
            let raw = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
            }
            try links.restore(LinkControl.Route(raw: raw))
        }
    }
}

/// The guardian's own life: waits for the end of the pipe on its standard input or of its time, then restores.
package enum Guardian {
    package static func run(interface: String, routes: [String], netem: Bool, for duration: Duration) throws {
        let deadline = Instant.now + duration
        var byte: UInt8 = 0
        while deadline > Instant.now {
            let left = (deadline - Instant.now).nanoseconds
            guard clinux_wait_readable(STDIN_FILENO, -1, max(0, left)) & 1 != 0 else { continue }
            if read(STDIN_FILENO, &byte, 1) <= 0 { break }
        }
        if netem {
            try NetemControl().removeAll(interface: interface, andIngress: true)
        } else {
            try LinkLease.restore(interface, routes, try LinkControl())
        }
    }
}
