// TCP sockets of one network namespace, found and destroyed through sock_diag.
//
// The owner of a destroyed socket sees ECONNABORTED, its peer a RST. The call can report success and do
// nothing, so what matters is that the socket is gone from the next dump.

import CLibnl
import CLinux
import Glibc
import Processes
import Sockets
import Units

package final class SocketDiagnostics {
    package struct Socket: Hashable, Sendable {
        package let local: Address
        package let remote: Address
        package let state: UInt8
        package let inode: UInt32
        let family: UInt8
        /// `struct inet_diag_sockid`, cookie included: names this socket and no later one on the same ports.
        let identity: [UInt8]

        package var isListening: Bool { state == UInt8(TCP_LISTEN) }
    }

    package enum Outcome: Sendable, Hashable {
        /// Told the kernel by its cookie.
        case destroyed
        /// Disconnected through a copy of its owner's descriptor.
        case disconnected
        case alreadyGone
    }

    /// What a dump looks at: `nil` matches anything.
    package struct Pattern: Sendable, Hashable {
        package var localHosts: Set<UInt32>?
        package var localPort: UInt16?
        package var remotePort: UInt16?
        package var remoteHosts: Set<UInt32>?

        package init(
            localHosts: Set<UInt32>? = nil, localPort: UInt16? = nil, remotePort: UInt16? = nil,
            remoteHosts: Set<UInt32>? = nil
        ) {
            self.localHosts = localHosts
            self.localPort = localPort
            self.remotePort = remotePort
            self.remoteHosts = remoteHosts
        }

        func matches(_ socket: Socket) -> Bool {
            (localHosts.map { $0.contains(socket.local.host) } ?? true)
                && (localPort.map { $0 == socket.local.port } ?? true)
                && (remotePort.map { $0 == socket.remote.port } ?? true)
                && (remoteHosts.map { $0.contains(socket.remote.host) } ?? true)
        }
    }

    private static let byFamily: UInt16 = 20
    private static let destroy: UInt16 = 21
    /// All states but LISTEN, TIME_WAIT and CLOSE: a connection that something can still travel on.
    private static let liveStates: UInt32 = [
        TCP_ESTABLISHED, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE_WAIT, TCP_LAST_ACK,
        TCP_CLOSING,
    ].reduce(1 << 12) { $0 | 1 << UInt32($1) }  // 12: a SYN that was answered, TCP_NEW_SYN_RECV

    private let socket: NetlinkSocket
    private let namespace: Int32

    package init(namespace: Int32 = -1) throws(NetlinkError) {
        self.namespace = namespace
        socket = try NetlinkSocket(NETLINK_SOCK_DIAG, namespace: namespace)
    }

    /// Live connections that match, IPv4 and IPv4 mapped into IPv6. Loopback is never faulted, so it isn't listed.
    package func connections(_ pattern: Pattern) throws(NetlinkError) -> [Socket] {
        var found: [Socket] = []
        for family in mayHaveIPv6 ? [AF_INET, AF_INET6] : [AF_INET] {
            let header =
                [UInt8(family), UInt8(IPPROTO_TCP), 0, 0] + SocketDiagnostics.liveStates.hostBytes
                + [UInt8](repeating: 0, count: 48)
            let message = NetlinkMessage(type: SocketDiagnostics.byFamily, flags: NLM_F_DUMP, header: header)
            let replies: [NetlinkReply]
            do {
                replies = try socket.dump(message, "TCP sockets", "list")
            } catch  where family == AF_INET6 && error.code == ENOENT {
                continue  // a kernel without IPv6
            }
            found += replies.compactMap { Socket($0.payload) }.filter {
                pattern.matches($0) && $0.local.host >> 24 != 127
            }
        }
        return found
    }

    /// A dump goes through the kernel's whole table, so the second one is saved where the own namespace counts no TCP
    /// socket of IPv6. Where that can't be read, or of another namespace, there may be some.
    private var mayHaveIPv6: Bool {
        guard namespace == -1 else { return true }
        let text = String(decoding: ProcessTable.contents("/proc/thread-self/net/sockstat6"), as: UTF8.self)
        return !text.hasPrefix("TCP6: inuse 0\n")
    }

    /// Whether this very socket is no more: one look-up, where a dump goes through the kernel's whole table.
    package func isGone(_ target: Socket) throws(NetlinkError) -> Bool {
        let header = [target.family, UInt8(IPPROTO_TCP), 0, 0] + UInt32.max.hostBytes + target.identity
        do {
            let message = NetlinkMessage(type: SocketDiagnostics.byFamily, flags: 0, header: header)
            try socket.request(message, "\(target.local) - \(target.remote)", "look up socket")
            return false
        } catch  where error.code == ENOENT || error.code == ESTALE {
            // ESTALE: another socket stands there, the listener perhaps.
            return true
        }
    }

    /// Ends one connection at once. Throws when the kernel refuses both ways.
    package func destroy(_ target: Socket) throws(NetlinkError) -> Outcome {
        let header = [target.family, UInt8(IPPROTO_TCP), 0, 0] + UInt32.max.hostBytes + target.identity
        do {
            let message = NetlinkMessage(type: SocketDiagnostics.destroy, flags: 0, header: header)
            try socket.request(message, "\(target.local) - \(target.remote)", "destroy socket")
            return .destroyed
        } catch  where error.code == ENOENT {
            return .alreadyGone
        } catch  where error.code == EOPNOTSUPP {
            return try disconnect(target)
        }
    }

    /// Where the kernel has no SOCK_DESTROY: a copy of the owner's descriptor, connected to AF_UNSPEC.
    package func disconnect(_ target: Socket) throws(NetlinkError) -> Outcome {
        guard let owner = ProcessTable.holder(ofSocket: UInt64(target.inode)) else { return .alreadyGone }
        return try disconnect(target, pid: owner.pid, number: owner.number)
    }

    private func disconnect(_ target: Socket, pid: Int32, number: Int32) throws(NetlinkError) -> Outcome {
        let subject = "\(target.local) - \(target.remote)"
        let process = clinux_pidfd_open(pid)
        guard process >= 0 else { return .alreadyGone }
        defer { close(process) }
        let copy = clinux_pidfd_getfd(process, number)
        guard copy >= 0 else {
            throw NetlinkError(
                subject, "copy the descriptor of pid \(pid)", code: -copy,
                advice: "needs CAP_SYS_PTRACE over the owner")
        }
        defer { close(copy) }
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        guard connect(copy, &nowhere, socklen_t(MemoryLayout<sockaddr>.size)) == 0 else {
            throw NetlinkError(subject, "disconnect", code: errno)
        }
        return .disconnected
    }
}

extension SocketDiagnostics.Socket {
    /// From `struct inet_diag_msg`: family, state, timer, retransmissions, identity, …, inode.
    init?(_ payload: [UInt8]) {
        guard payload.count >= 72 else { return nil }
        family = payload[0]
        state = payload[1]
        identity = Array(payload[4..<52])
        inode = payload.host32(68)
        // An IPv4 address stands in the first word, a mapped one in the last.
        let word = family == UInt8(AF_INET6) ? 12 : 0
        if family == UInt8(AF_INET6), payload.big32(4 + 4 + 8) != 0xFFFF { return nil }
        local = Address(host: payload.big32(8 + word), port: payload.big16(4))
        remote = Address(host: payload.big32(24 + word), port: payload.big16(6))
    }
}
