// A netlink socket of libnl-3, opened inside a network namespace. Requests wait for the kernel's answer,
// which comes at once; `answerLimit` only keeps a broken kernel from stopping us.

import CLibnl
import CLinux
import Glibc
import Units

final class NetlinkSocket {
    static let answerLimit = Duration.seconds(2)

    private let handle: OpaquePointer
    private var sequence: UInt32 = 0

    var fd: Int32 { nl_socket_get_fd(handle) }

    /// `namespace` is a descriptor of a network namespace, -1 for the own one.
    init(_ family: Int32, namespace: Int32) throws(NetlinkError) {
        let fd = clinux_socket_in_namespace(namespace, AF_NETLINK, Int32(SOCK_RAW.rawValue), family)
        guard fd >= 0 else { throw NetlinkError("netlink family \(family)", "open socket", code: -fd) }
        guard let handle = nl_socket_alloc() else {
            close(fd)
            throw NetlinkError("netlink family \(family)", "allocate socket", code: ENOMEM)
        }
        self.handle = handle
        guard nl_socket_set_fd(handle, family, fd) == 0 else {
            close(fd)
            nl_socket_free(handle)
            throw NetlinkError("netlink family \(family)", "bind socket", code: EBADF)
        }
        nl_socket_set_msg_buf_size(handle, 1 << 18)
        var limit = timeval(tv_sec: Int(NetlinkSocket.answerLimit.seconds), tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { nl_socket_free(handle) }

    /// Sends one message and waits until the kernel has acknowledged it.
    func request(_ message: NetlinkMessage, _ subject: String, _ operation: String) throws(NetlinkError) {
        sequence += 1
        try send(message.finished(sequence: sequence, acknowledge: true), subject, operation)
        while true {
            for reply in try receive(subject, operation) where reply.sequence == sequence && reply.type == NLMSG_ERROR
            {
                let code = Int32(bitPattern: reply.payload.host32(0))
                guard code == 0 else { throw NetlinkError(subject, operation, code: -code) }
                return
            }
        }
    }

    /// Everything that a dump request brings; asked again when the kernel says that it changed meanwhile.
    func dump(_ message: NetlinkMessage, _ subject: String, _ operation: String) throws(NetlinkError)
        -> [NetlinkReply]
    {
        for _ in 0..<8 {
            sequence += 1
            try send(message.finished(sequence: sequence, acknowledge: false), subject, operation)
            if let replies = try collect(subject, operation) { return replies }
        }
        throw NetlinkError(subject, operation, code: EINTR, advice: "the objects changed during each of 8 dumps")
    }

    private func collect(_ subject: String, _ operation: String) throws(NetlinkError) -> [NetlinkReply]? {
        var collected: [NetlinkReply] = []
        var interrupted = false
        while true {
            for reply in try receive(subject, operation) where reply.sequence == sequence {
                interrupted = interrupted || Int32(reply.flags) & NLM_F_DUMP_INTR != 0
                if reply.type == NLMSG_DONE || reply.type == NLMSG_ERROR {
                    let code = reply.payload.count >= 4 ? Int32(bitPattern: reply.payload.host32(0)) : 0
                    guard code == 0 else { throw NetlinkError(subject, operation, code: -code) }
                    return interrupted ? nil : collected
                }
                collected.append(reply)
            }
        }
    }

    /// Sends several messages in one call between `begin` and `end`: the kernel takes all or none.
    func transact(
        _ messages: [NetlinkMessage], begin: NetlinkMessage, end: NetlinkMessage, _ subject: String,
        _ operation: String
    ) throws(NetlinkError) {
        sequence += 1
        let beginSequence = sequence
        var bytes = begin.finished(sequence: sequence, acknowledge: false)
        for message in messages {
            sequence += 1
            bytes += message.finished(sequence: sequence, acknowledge: true)
        }
        sequence += 1
        bytes += end.finished(sequence: sequence, acknowledge: false)
        try send(bytes, subject, operation)
        var answered = 0
        var failure: Int32 = 0
        while answered < messages.count {
            for reply in try receive(subject, operation)
            where reply.type == NLMSG_ERROR && reply.sequence >= beginSequence {
                let code = Int32(bitPattern: reply.payload.host32(0))
                if failure == 0 { failure = -code }
                answered += reply.sequence == beginSequence ? messages.count : 1
            }
        }
        guard failure == 0 else { throw NetlinkError(subject, operation, code: failure) }
    }

    func send(_ bytes: [UInt8], _ subject: String, _ operation: String) throws(NetlinkError) {
        var copy = bytes
        let sent = nl_sendto(handle, &copy, copy.count)
        guard sent >= 0 else { throw NetlinkError(subject, operation, code: errno) }
    }

    func receive(_ subject: String, _ operation: String) throws(NetlinkError) -> [NetlinkReply] {
        var sender = sockaddr_nl()
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = nl_recv(handle, &sender, &buffer, nil)
        defer { free(buffer) }
        guard count > 0, let buffer else {
            throw NetlinkError(
                subject, operation, code: ETIMEDOUT,
                advice: "the kernel did not answer within \(NetlinkSocket.answerLimit.written)")
        }
        return NetlinkReply.parse(Array(UnsafeBufferPointer(start: buffer, count: Int(count))))
    }
}
