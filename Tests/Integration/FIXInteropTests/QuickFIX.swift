import Glibc
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

/// QuickFIX in a process of its own, compiled from `FIXInterop/quickfix-peer.cpp`, driven line by line.
final class QuickFIX {
    static let header = "/usr/include/quickfix/Application.h"
    static let whyNot: Comment = "skipped: libquickfix-dev or g++ is missing (apt-get install libquickfix-dev g++)"

    static var isInstalled: Bool { access(header, R_OK) == 0 && Programs.find("g++") != nil }

    private(set) var lines: [String] = []
    private(set) var status: Int32?
    private var input: Descriptor?
    private let output: Descriptor
    private var splitter = LineSplitter()
    private var child: ChildProcess?
    private let reactor: Reactor

    /// `role` is `initiator` or `acceptor`; `port` is where to connect to, or to listen on.
    init(_ role: String, port: UInt16, on reactor: Reactor) throws {
        self.reactor = reactor
        signal(SIGPIPE, SIG_IGN)  // an engine that is gone takes no test with it
        let toChild = try pipeEnds()
        let fromChild = try pipeEnds()
        input = toChild.write
        output = fromChild.read
        child = try ChildProcess(
            "quickfix", Command(try Self.built.get(), [role, "\(port)"], endsWithUs: true), input: toChild.read.number,
            output: fromChild.write.number, on: reactor)
        child?.whenEnded { [weak self] in self?.status = $0 }
        try reactor.watch(output.number, for: .read) { [weak self] _ in self?.readLines() }
    }

    func tell(_ command: String) {
        guard let input else { return }
        let bytes = Array((command + "\n").utf8)
        _ = write(input.number, bytes, bytes.count)
    }

    /// Ends the program's input, upon which it logs out and stops.
    func finish() { input = nil }

    deinit {
        reactor.unwatch(output.number)
        child?.signal(SIGKILL)
    }

    private func readLines() {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(output.number, &buffer, buffer.count)
        guard count > 0 else { return reactor.unwatch(output.number) }
        // A line that is too long is dropped: the wait for it fails and shows the others.
        guard let new = try? splitter.lines(in: buffer[..<count]) else { return }
        lines += new.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Compiled once a test run. Nothing stays on disk: the file is unlinked and lives on behind a descriptor.
    private static let built: Result<String, any Error> = Result { try build() }

    private static func build() throws -> String {
        guard let compiler = Programs.find("g++") else { throw ProcessError("g++", "compile", detail: "no compiler") }
        let directory = try ScratchFolder.make("quickfix")
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let reactor = try Reactor()
        let program = "\(directory)/quickfix-peer"
        let arguments = [
            "-std=c++14", "-Wno-deprecated", "-o", program, "/\(tests)/FIXInterop/quickfix-peer.cpp", "-lquickfix",
            "-pthread",
        ]
        let command = Command(compiler, arguments, environment: ["PATH": "/usr/bin:/bin", "TMPDIR": directory], endsWithUs: true)
        let child = try ChildProcess("g++", command, output: 2, on: reactor)
        let limit = Instant.now + .seconds(180)
        guard reactor.run(until: limit, or: { !child.isRunning }), child.status == 0 else {
            child.signal(SIGKILL)
            throw ProcessError(compiler, "compile quickfix-peer.cpp", detail: "ended with \(child.status ?? -1)")
        }
        let handle = open(program, O_RDONLY | O_CLOEXEC)
        unlink(program)
        rmdir(directory)
        guard handle >= 0 else { throw ProcessError(program, "open", detail: String(cString: strerror(errno))) }
        return "/proc/\(getpid())/fd/\(handle)"
    }
}

private func pipeEnds() throws -> (read: Descriptor, write: Descriptor) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw SystemError("pipe", "create", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
}
