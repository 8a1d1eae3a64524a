import Archive
import Glibc
import History
import Messages
import Sockets
import Testing
import Units

/// The observer's end of the link, as far as these tests need it.
private final class Receiver {
    var lines: [EvidenceLine] = []
    var connections: [Connection] = []
    var refused: [String] = []
    private(set) var listener: Listener?
    let reactor: Reactor

    init(on reactor: Reactor, at address: Address) throws {
        self.reactor = reactor
        listener = try Listener(tcp: address, on: reactor) { [weak self] connection, _ in self?.accept(connection) }
    }

    private func accept(_ connection: Connection) {
        connections.append(connection)
        var splitter = LineSplitter()
        connection.onBytes = { [weak self] bytes in
            do {
                for line in try splitter.lines(in: bytes) { self?.lines.append(try EvidenceLine(parsing: line)) }
            } catch { self?.refused.append("\(error)") }
        }
        do { try connection.start() } catch { refused.append("\(error)") }
    }

    var sequences: [Int64] {
        lines.compactMap { if case .observation(let sequence, _) = $0 { sequence } else { nil } }
    }
}

@Suite struct EvidenceSenderTests {
    private static let anyPort = Address(host: 0x7F00_0001, port: 0)

    @Test func `what is sent before there is a connection arrives, greeted and numbered without a gap`() throws {
        let reactor = try Reactor()
        let receiver = try Receiver(on: reactor, at: Self.anyPort)
        let sender = EvidenceSender(to: try #require(receiver.listener?.address), name: "feed", node: "feed", on: reactor)
        for number in 0..<1_000 { sender.send(note(number)) }
        #expect(reactor.run(until: .now + .seconds(10)) { receiver.lines.count == 1_001 })
        #expect(receiver.lines.first == .hello(name: "feed", node: "feed", before: 0))
        #expect(receiver.sequences == Array(0..<1_000))
        #expect(sender.waiting == 0)
    }

    @Test func `a new connection says how many came before it and counts from zero again`() throws {
        let reactor = try Reactor()
        let receiver = try Receiver(on: reactor, at: Self.anyPort)
        let sender = EvidenceSender(to: try #require(receiver.listener?.address), name: "feed", node: "feed", on: reactor)
        sender.send(note(1))
        #expect(reactor.run(until: .now + .seconds(10)) { receiver.lines.count == 2 })
        receiver.connections[0].abort()
        sender.send(note(2))
        #expect(reactor.run(until: .now + .seconds(10)) { receiver.lines.count >= 4 })
        #expect(receiver.lines[2] == .hello(name: "feed", node: "feed", before: 1) || receiver.lines[2] == .hello(name: "feed", node: "feed", before: 2))
        #expect(receiver.sequences.last == 0)
    }

    @Test func `a field named source or seq survives the link`() throws {
        let observation = Observation(
            .chaos, "fault_measured", at: Instant(nanoseconds: 1), [.init("source", "198.18.0.14"), .init("seq", 4)])
        let line = EvidenceLine.observation(sequence: 9, observation).bytes
        guard case .observation(let sequence, let read) = try EvidenceLine(parsing: Array(line.dropLast())) else {
            Issue.record("no observation")
            return
        }
        #expect(sequence == 9)
        #expect(read.source == .chaos)
        #expect(read["source_"] == "198.18.0.14")
        #expect(read["seq"] == 4)
    }

    @Test(arguments: ["{}", "[1]", "{\"seq\":0}", "{\"seq\":0,\"t\":1,\"u\":0,\"source\":\"nobody\",\"type\":\"x\"}",
        "{\"seq\":0,\"t\":1,\"u\":0,\"source\":\"rig\",\"type\":\"x\",\"prev\":\"y\"}", "not json"])
    func `a line that is no evidence is refused`(_ text: String) {
        #expect(throws: MessageError.self) { try EvidenceLine(parsing: Array(text.utf8)) }
    }

    @Test func `closing waits until the other machine has everything`() throws {
        let reactor = try Reactor()
        let receiver = try Receiver(on: reactor, at: Self.anyPort)
        let sender = EvidenceSender(to: try #require(receiver.listener?.address), name: "feed", node: "feed", on: reactor)
        for number in 0..<50_000 { sender.send(note(number)) }
        var complete: Bool?
        sender.close(within: .seconds(10)) { complete = $0 }
        #expect(reactor.run(until: .now + .seconds(15)) { complete != nil })
        #expect(complete == true)
        #expect(reactor.run(until: .now + .seconds(10)) { receiver.sequences.count == 50_000 })
    }

    @Test func `with nobody there it keeps up to its limit, drops the rest and says so`() throws {
        let reactor = try Reactor()
        let closed = try Receiver(on: reactor, at: Self.anyPort)
        let address = try #require(closed.listener?.address)
        closed.listener?.close()
        let sender = EvidenceSender(to: address, name: "feed", node: "feed", on: reactor)
        for number in 0..<(EvidenceSender.waitingMaximum + 3) { sender.send(note(number)) }
        #expect(sender.waiting == EvidenceSender.waitingMaximum)
        #expect(sender.dropped == 3)
        var complete: Bool?
        sender.close(within: .milliseconds(50)) { complete = $0 }
        #expect(reactor.run(until: .now + .seconds(10)) { complete != nil })
        #expect(complete == false)
    }
}
