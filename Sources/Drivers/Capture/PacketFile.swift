import Glibc
import Sockets

/// `orders.pcapng`: packets go in, blocks go to disk in big writes.
package final class PacketFile {
    /// Bytes that wait in memory; a crash loses no more than these.
    package static let waitingMaximum = 256 << 10

    package let path: String
    private let file: Descriptor
    private var capture = PacketCapture()
    private var waiting: [UInt8]

    package init(path: String, application: String) throws(SystemError) {
        self.path = path
        let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw SystemError(path, "create", code: errno) }
        file = Descriptor(fd)
        waiting = PacketCapture.header(application: application)
        try flush()
    }

    package func append(_ packet: TapPacket, interfaceName: @autoclosure () -> String) throws(SystemError) {
        waiting += capture.encode(packet, interfaceName: interfaceName())
        if waiting.count >= PacketFile.waitingMaximum { try flush() }
    }

    package func flush() throws(SystemError) {
        var start = 0
        while start < waiting.count {
            let count = waiting.withUnsafeBytes {
                write(file.number, $0.baseAddress?.advanced(by: start), $0.count - start)
            }
            guard count >= 0 || errno == EINTR else { throw SystemError(path, "write", code: errno) }
            start += max(0, count)
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
