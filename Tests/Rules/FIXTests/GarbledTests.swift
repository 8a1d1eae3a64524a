import FIX
import Testing
import Units

@Suite struct GarbledTests {
    private let good = Wire.framed("35=0|34=7|49=A|56=B|52=\(stamp)|")

    /// All is right but the tag of the last field.
    private static let wrongTrailer: [UInt8] = {
        var bytes = Wire.framed("35=0|34=6|49=A|56=B|52=\(stamp)|")
        bytes[bytes.count - 6] = UInt8(ascii: "1")
        return bytes
    }()

    private func outcome(_ bytes: [UInt8]) -> [String] {
        Wire.decoded(bytes).map {
            switch $0 {
            case .message(let message): "message \(message.header.seq)"
            case .garbled: "garbled"
            }
        }
    }

    @Test(arguments: [
        Wire.framed("35=0|34=6|49=A|56=B|52=\(stamp)|", sumError: 1),
        Wire.framed("35=0|34=6|49=A|56=B|52=\(stamp)|", lengthError: -3),
        Wire.framed("35=0|34=6|49=A|56=B|52=\(stamp)|", lengthError: 3),
        Wire.framed("34=6|35=0|49=A|56=B|52=\(stamp)|"),
        Wire.bytes("8=FIX.4.4|35=0|9=20|34=6|10=000|"),
        Wire.bytes("9=20|8=FIX.4.4X35=0|34=6|"),
        Wire.bytes("8=FIX.4.4|9=|35=0|10=000|"),
        Wire.bytes("8=FIX.4.4|9=-5|35=0|10=000|"),
        Wire.bytes("8=FIX.4.4|9=99999999|35=0|10=000|"),
        Wire.bytes("8=FIX.4.4|9=4|35=|10=000|"),
        Wire.bytes("8=FIX.4.4.4.4.4.4.4.4.4.4|9=5|35=0|10=000|"),
        Wire.bytes("8=FIX.4.4|9=5|35=0|10=0a0|"),
        Wire.bytes("8=FIX.4.4|9=5|35=0|1=0000|"),
        Wire.bytes("8=FIX.4.4|9=5|35=00|10=000|"),
        wrongTrailer,
        Wire.bytes("GET / HTTP/1.1\r\n\r\n"),
        [0, 255, 1, 1, 1, 56, 61, 70],
    ])
    func `garbage never becomes a message, and the message after it is found`(garbage: [UInt8]) {
        let results = outcome(garbage + good)
        #expect(results.last == "message 7")
        #expect(results.dropLast().allSatisfy { $0 == "garbled" })
        #expect(results.count >= 2)
    }

    @Test func `a sound frame with a wrong sum hides the message quoted in it`() {
        let body = Wire.bytes("35=5|34=6|49=A|56=B|52=\(stamp)|354=\(good.count)|355=") + good + [1]
        #expect(outcome(Wire.framed(body, sumError: 1) + good) == ["garbled", "message 7"])
    }

    @Test func `consumed bytes add up, whatever was in them`() {
        let bytes = good + Wire.bytes("noise") + good
        var decoder = Decoder()
        decoder.append(bytes)
        var ends: [Int] = []
        while decoder.next() != nil { ends.append(decoder.offset) }
        #expect(ends == [good.count, good.count + 5, bytes.count])
        #expect(decoder.unread == 0)
    }

    @Test func `random bytes changed anywhere never crash the decoder, and each is accounted for`() {
        var random = SplitMix(seed: 20_231_017)
        let stream = (0..<20).flatMap { _ in good }
        for round in 0..<3_000 {
            var bytes = stream
            for _ in 0..<Int(random.next() % 8 + 1) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if round % 3 == 0 { bytes.remove(at: Int(random.next() % UInt64(bytes.count))) }
            var decoder = Decoder()
            var position = 0
            while position < bytes.count {
                let end = min(bytes.count, position + Int(random.next() % 40) + 1)
                decoder.append(bytes[position..<end])
                position = end
                while let result = decoder.next() {
                    if case .message(let message) = result { _ = MessageDictionary.defect(of: message) }
                }
            }
            #expect(decoder.offset + decoder.unread == bytes.count, "round \(round)")
        }
    }
}

/// A small seeded generator, so that a failure can be repeated.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
