import CLinux
import Glibc
import Processes
import Testing

/// The kernel's own account of who holds a socket.
@Suite struct SocketHolderTests {
    private func open() -> Int32 {
        Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private func inode(of socket: Int32) -> UInt64 {
        var status = stat()
        return fstat(socket, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    @Test func `who listens is found by the socket's inode`() {
        let socket = open()
        defer { close(socket) }
        #expect(listen(socket, 1) == 0)
        let holder = ProcessTable.holder(ofSocket: inode(of: socket))
        #expect(holder?.pid == getpid())
        #expect(holder?.number == socket)
    }

    @Test func `a socket that is closed has no holder`() {
        let socket = open()
        #expect(socket >= 0)
        let inode = self.inode(of: socket)
        close(socket)
        #expect(ProcessTable.holder(ofSocket: inode) == nil)
    }

    @Test func `a file of that number is no socket`() {
        let file = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(ProcessTable.holder(ofSocket: inode(of: file)) == nil)
    }
}
