import Messages
import Testing
import Units

@testable import ObserverCore

private func text(_ words: String) -> [UInt8] { Array(words.utf8) }
private let published = bulkArray("PUBLISH", "governor.events", "x")

/// A talk with Redis, and what the tap made of it.
private struct RedisTalk {
    var talk = Dialogue()
    var tap: TapDecoder
    var trips: [String] = []

    init(rig: Set<Endpoint> = [], handshake: Bool = true) {
        tap = TapDecoder.tested(rig: rig)
        talk.remote = Dialogue.redis
        if handshake { take(talk.handshake()) }
    }

    /// Ten microseconds lie between any two packets: `PING 10` came with the very next one.
    mutating func take(_ packets: [Packet]) {
        for case .roundTrip(let command, let took) in tap.take(packets).map(\.event) {
            trips.append("\(command) \(took.nanoseconds / 1_000)")
        }
    }

    mutating func send(_ bytes: [UInt8]) { take([talk.send(bytes)]) }
    mutating func hear(_ bytes: [UInt8]) { take([talk.hear(bytes)]) }
    var isGivenUp: Bool { tap.counters.redisGivenUp == 1 }
}

@Suite struct CommandPairingTests {
    @Test func `a reply belongs to the command whose turn it is, however they were bunched`() {
        var redis = RedisTalk()
        redis.send(bulkArray("ping") + published)
        redis.send(bulkArray("MGET", "a", "b"))
        redis.hear(text("+PONG\r\n"))
        redis.hear(text(":1\r\n*2\r\n$-1\r\n$4\r\ntrue\r\n"))
        #expect(redis.trips == ["PING 20", "PUBLISH 30", "MGET 20"])
        let counters = redis.tap.counters
        #expect(counters.redisCommands == 3 && counters.redisAnswered == 3 && counters.redisGivenUp == 0)
    }

    @Test func `a round trip is from the packet with the command's last byte to the one with the reply's`() {
        var redis = RedisTalk()
        redis.send(Array(published[..<9]))
        redis.send(Array(published[9...]))
        redis.hear(text("$6\r\nab"))
        redis.hear(text("cdef\r"))
        #expect(redis.trips == [])
        redis.hear(text("\n"))
        #expect(redis.trips == ["PUBLISH 30"])
    }

    @Test func `a packet that is sent again makes no second command, and its first time counts`() {
        var redis = RedisTalk()
        redis.send(published)
        redis.take([redis.talk.segment(.outbound, published, sequence: 1_001)])
        let reply = text(":0\r\n")
        redis.hear(reply)
        redis.take([redis.talk.segment(.inbound, reply, sequence: 5_001)])
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == ["PUBLISH 20", "PING 10"])
    }

    @Test func `messages of a subscribed connection are no replies, and a ping between them is answered by its own`() {
        var redis = RedisTalk()
        redis.send(bulkArray("SUBSCRIBE", "a", "b"))
        redis.hear(text("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"))
        redis.hear(bulkArray("message", "a", "{}"))
        redis.hear(text("*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"))
        redis.send(bulkArray("PING"))
        redis.hear(bulkArray("message", "a", "{}") + bulkArray("pmessage", "*", "a", "{}"))
        redis.hear(bulkArray("pong", ""))
        #expect(redis.trips == ["PING 20"] && redis.tap.counters.redisGivenUp == 0)
        #expect(redis.tap.counters.redisAnswered == 2)
    }

    @Test func `a list that begins like a message is a reply where nothing is subscribed`() {
        var redis = RedisTalk()
        redis.send(bulkArray("LRANGE", "a", "0") + bulkArray("PING"))
        redis.hear(bulkArray("message", "a", "{}"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == ["LRANGE 10", "PING 20"])
    }

    @Test func `when the last subscription is over, what looks like a message is a reply again`() {
        var redis = RedisTalk()
        redis.send(bulkArray("SUBSCRIBE", "a") + bulkArray("UNSUBSCRIBE", "a"))
        redis.hear(text("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"))
        redis.hear(bulkArray("message", "a", "{}"))
        redis.hear(text("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n"))
        redis.send(bulkArray("LRANGE", "a", "0"))
        redis.hear(bulkArray("message", "a", "{}"))
        #expect(redis.trips == ["LRANGE 10"])
    }

    @Test func `pushes of RESP3 come between a command and its reply and are neither`() {
        var redis = RedisTalk()
        redis.send(bulkArray("SUBSCRIBE", "a") + bulkArray("GET", "b"))
        redis.hear(text(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"))
        redis.hear(text(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\n{}\r\n"))
        redis.hear(text("$1\r\n7\r\n"))
        #expect(redis.trips == ["GET 30"] && redis.tap.counters.redisGivenUp == 0)
    }

    @Test func `of a transaction only its end says how far Redis is, and what follows is paired as before`() {
        var redis = RedisTalk()
        redis.send(bulkArray("MULTI") + bulkArray("SET", "a", "1") + bulkArray("EXEC") + bulkArray("PING"))
        redis.hear(text("+OK\r\n+QUEUED\r\n"))
        redis.hear(text("*1\r\n+OK\r\n"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == ["EXEC 20", "PING 30"])
        #expect(redis.tap.counters.redisAnswered == 4)
    }

    @Test func `what waits on purpose is not timed, nor is what stands behind it`() {
        var redis = RedisTalk()
        redis.send(bulkArray("BLPOP", "a", "5") + bulkArray("PING"))
        redis.hear(text("*-1\r\n+PONG\r\n"))
        redis.send(bulkArray("XREAD", "BLOCK", "100") + bulkArray("XREAD", "STREAMS", "a"))
        redis.hear(text("*-1\r\n*-1\r\n"))
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == ["PING 10"] && redis.tap.counters.redisAnswered == 5)
    }

    @Test(arguments: [
        bulkArray("MONITOR"), bulkArray("CLIENT", "REPLY", "OFF"), bulkArray("RESET"), bulkArray("UNSUBSCRIBE"),
        bulkArray("SSUBSCRIBE", "a"), bulkArray("MULTI") + bulkArray("SUBSCRIBE", "a"), text("+OK\r\n"), text("*0\r\n"),
        text("\u{3}garbage\r\n"),
    ])
    func `a command after which the order of replies is not certain ends the pairing until the next connection`(
        _ bytes: [UInt8]
    ) {
        var redis = RedisTalk()
        redis.send(bulkArray("PING") + bytes)
        redis.hear(text("+PONG\r\n+OK\r\n"))
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == [] && redis.isGivenUp)
        redis.talk.local = Endpoint(host: Dialogue.governor.host, port: 40_001)
        redis.take(redis.talk.handshake())
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == ["PING 10"])
    }

    @Test func `a reply to nothing, and bytes of no known form, end the pairing`() {
        for strange in [text("-ERR max number of clients reached\r\n"), text("\u{3}?\r\n")] {
            var redis = RedisTalk()
            redis.hear(strange)
            redis.send(bulkArray("PING"))
            redis.hear(text("+PONG\r\n"))
            #expect(redis.trips == [] && redis.isGivenUp)
        }
    }

    @Test(arguments: [Packet.Direction.outbound, .inbound])
    func `behind a hole no reply is given to the wrong command`(lost: Packet.Direction) {
        var redis = RedisTalk()
        redis.send(bulkArray("PING") + published)
        // The tap misses it; whom it was for acknowledges it, and so it is a hole.
        if lost == .outbound {
            _ = redis.talk.send(bulkArray("PING"))
            redis.take([redis.talk.segment(.inbound, [], sequence: redis.talk.heard)])
        } else {
            _ = redis.talk.hear(text("+PONG\r\n"))
            redis.take([redis.talk.segment(.outbound, [], sequence: redis.talk.sent)])
        }
        redis.hear(text(":1\r\n"))
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.tap.counters.holes == 1)
        #expect(redis.trips == [] && redis.isGivenUp)
    }

    @Test func `a connection whose beginning nobody saw is not paired`() {
        var redis = RedisTalk(handshake: false)
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == [] && redis.tap.counters.redisCommands == 1 && redis.tap.counters.redisAnswered == 0)
    }

    @Test func `after a reset the same ports begin anew, and what was never answered is nobody's`() {
        var redis = RedisTalk()
        redis.send(published + published)
        redis.take([redis.talk.segment(.inbound, [], sequence: redis.talk.heard, flags: 4)])
        redis.talk.sent = 900_000
        redis.talk.heard = 800_000
        redis.take(redis.talk.handshake())
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == ["PING 10"])
        #expect(redis.tap.counters.redisCommands == 3 && redis.tap.counters.redisAnswered == 1)
    }

    @Test func `the rig's own connection to Redis is not the governor's`() {
        var redis = RedisTalk(rig: [Dialogue.redis])
        redis.send(bulkArray("PING"))
        redis.hear(text("+PONG\r\n"))
        #expect(redis.trips == [] && redis.tap.counters.redisCommands == 0)
    }

    @Test func `a Redis that never answers costs no memory without end`() {
        var pairing = CommandPairing(seenFromItsBeginning: true)
        let stamp = WallTime(nanoseconds: 1)
        for _ in 0..<CommandPairing.waitingMaximum { pairing.left(.array([.bulk(text("PING"))]), at: stamp) }
        #expect(pairing.unanswered == CommandPairing.waitingMaximum && pairing.doubt == nil)
        pairing.left(.array([.bulk(text("PING"))]), at: stamp)
        #expect(pairing.unanswered == 0 && pairing.doubt != nil)
    }

    @Test func `a million commands answered one by one leave nothing waiting`() {
        var pairing = CommandPairing(seenFromItsBeginning: true)
        let ping = RESPValue.array([.bulk(text("PING"))])
        for number in 0..<1_000_000 {
            pairing.left(ping, at: WallTime(nanoseconds: Int64(number)))
            _ = pairing.came(.simple(text("PONG")), at: WallTime(nanoseconds: Int64(number)))
        }
        #expect(pairing.unanswered == 0 && pairing.room <= 2_048)
    }
}
