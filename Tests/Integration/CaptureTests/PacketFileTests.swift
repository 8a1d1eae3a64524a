import Archive
import Capture
import Foundation
import Glibc
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

@Suite struct PacketFileTests {
    private func tapPacket(_ number: Int, isOutgoing: Bool = true) -> TapPacket {
        // Ethernet, IPv4, UDP from 198.18.0.13:4000 to 198.18.0.12:5000 with one byte.
        let bytes: [UInt8] =
            [UInt8](repeating: 2, count: 12) + [8, 0] + [0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0]
            + [198, 18, 0, 13, 198, 18, 0, 12] + [0x0F, 0xA0, 0x13, 0x88, 0, 9, 0, 0] + [UInt8(number)]
        return TapPacket(
            stamp: WallTime(nanoseconds: 1_700_000_000_123_456_789 + Int64(number)), interface: 7,
            isOutgoing: isOutgoing,
            networkOffset: 14, hardware: 1, bytes: bytes, originalLength: bytes.count)
    }

    private func words(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// (type, body) of each block; the two lengths of a block must agree.
    private func blocks(_ bytes: [UInt8]) -> [(type: UInt32, body: [UInt8])] {
        var found: [(type: UInt32, body: [UInt8])] = []
        var start = 0
        while start + 12 <= bytes.count {
            let length = Int(words(bytes[(start + 4)..<(start + 8)]))
            guard length >= 12, start + length <= bytes.count,
                words(bytes[(start + length - 4)..<(start + length)]) == UInt32(length)
            else { return found }
            found.append((words(bytes[start..<(start + 4)]), Array(bytes[(start + 8)..<(start + length - 4)])))
            start += length
        }
        return found
    }

    @Test func `a capture is a section, one interface with its name, and packets with time and direction`() {
        var capture = PacketCapture()
        var bytes = PacketCapture.header(application: "test")
        bytes += capture.encode(tapPacket(1), interfaceName: "market")
        bytes += capture.encode(tapPacket(2, isOutgoing: false), interfaceName: "market")
        let found = blocks(bytes)
        #expect(found.map(\.type) == [0x0A0D_0D0A, 1, 6, 6])
        #expect(String(decoding: found[1].body, as: UTF8.self).contains("market"))
        let stamp = UInt64(words(found[2].body[4..<8])) << 32 | UInt64(words(found[2].body[8..<12]))
        #expect(stamp == 1_700_000_000_123_456_790)
        // The flags option is the last but one word before the end of options.
        #expect(found[2].body.suffix(8).first == 2 && found[3].body.suffix(8).first == 1)
    }

    @Test(arguments: [("tcpdump", ["-nn", "-tttt", "-r"]), ("tshark", ["-n", "-r"])])
    func `tcpdump and tshark read what was written`(_ program: String, _ arguments: [String]) throws {
        let places: [String] = ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/"]
        guard let place = places.first(where: { access($0 + program, X_OK) == 0 }) else { return }
        let path = place + program
        let directory = try ScratchFolder.make("capture")
        defer { ScratchFolder.remove(directory) }
        let file = try PacketFile(path: "\(directory)/orders.pcapng", application: "test")
        for number in 1...3 { try file.append(tapPacket(number), interfaceName: "market") }
        try file.flush()
        let text = try output(of: path, arguments + ["\(directory)/orders.pcapng"])
        #expect(
            text.split(separator: "\n").filter { $0.contains("198.18.0.13") && $0.contains("5000") }.count == 3,
            "\(text)")
    }

    @Test func `a directory that is not there is refused with its path`() {
        let error = #expect(throws: SystemError.self) {
            try PacketFile(path: "/nowhere/orders.pcapng", application: "test")
        }
        #expect(error?.description.contains("/nowhere/orders.pcapng") == true)
    }

    private func output(of path: String, _ arguments: [String]) throws -> String {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError(path, "pipe", code: errno) }
        let reading = Descriptor(ends[0])
        var writing: Descriptor? = Descriptor(ends[1])
        let reactor = try Reactor()
        let child = try ChildProcess(program(path), Command(path, arguments, endsWithUs: true), output: ends[1], on: reactor)
        writing = nil
        _ = writing
        #expect(reactor.run(until: .now + .seconds(20)) { !child.isRunning })
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(reading.number, &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    private func program(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }
}
