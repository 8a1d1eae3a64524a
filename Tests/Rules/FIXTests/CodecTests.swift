import FIX
import Testing
import Units

@Suite struct CodecTests {
    private var order: Message {
        var order = Message.order
        order.header.sender = "GOVERNOR"
        order.header.target = "BROKER"
        order.header.seq = 12
        order.header.sendingTime = wallStart
        return order
    }

    @Test func `an encoded message is the bytes that the specification's arithmetic gives`() {
        let body = "35=D|49=GOVERNOR|56=BROKER|34=12|52=\(stamp)|11=G-1|526=i-1|55=NVDA|54=1|60=\(stamp)|38=100|"
            + "40=2|44=440.25|59=0|"
        #expect(order.encoded() == Wire.framed(body))
    }

    @Test func `what was encoded is decoded to the same message`() {
        #expect(Wire.message(order.encoded()) == order)
    }

    @Test func `accessors give exact numbers or nothing`() {
        #expect(order.price(.price) == Price(units: 4_402_500))
        #expect(order.quantity(.orderQty) == Quantity(shares: 100))
        #expect(order.integer(.orderQty) == 100)
        #expect(order.integer(.symbol) == nil)
        #expect(order.quantity(.price) == nil)
        #expect(order[.account] == nil)
        #expect(order.timestamp(.transactTime) == wallStart)
    }

    @Test func `a message split at any byte is decoded once, when its last byte has come`() {
        let bytes = order.encoded() + order.encoded()
        for cut in 0...bytes.count {
            var decoder = Decoder()
            var count = 0
            for piece in [bytes[..<cut], bytes[cut...]] {
                decoder.append(piece)
                while let result = decoder.next() {
                    #expect(result == .message(order))
                    count += 1
                }
            }
            #expect(count == 2, "cut at \(cut)")
            #expect(decoder.offset == bytes.count)
        }
    }

    @Test func `messages that come byte by byte are decoded, each at its last byte`() {
        let bytes = order.encoded() + order.encoded() + order.encoded()
        var decoder = Decoder()
        var ends: [Int] = []
        for (position, byte) in bytes.enumerated() {
            decoder.append(CollectionOfOne(byte))
            while decoder.next() != nil { ends.append(position + 1) }
        }
        let length = order.encoded().count
        #expect(ends == [length, length * 2, length * 3])
    }

    @Test func `a data field may hold the delimiter and a whole other message`() throws {
        var logon = Message(MsgType.logon, [(.encryptMethod, "0"), (.heartBtInt, "1")])
        logon.header = order.header
        let quoted = String(decoding: order.encoded(), as: UTF8.self)
        logon[.rawData] = quoted
        logon[.text] = "after"
        let decoded = try #require(Wire.message(logon.encoded()))
        #expect(decoded[.rawData] == quoted)
        #expect(decoded[.rawDataLength] == "\(quoted.utf8.count)")
        #expect(decoded[.text] == "after")
        #expect(decoded.defects.isEmpty)
    }

    @Test func `every byte value survives in a data field`() throws {
        var message = Message(MsgType.logout)
        message.header = order.header
        var all = String.UnicodeScalarView()
        for byte in UInt8.min...UInt8.max { all.append(Unicode.Scalar(byte)) }
        message[.encodedText] = String(all)
        let decoded = try #require(Wire.message(message.encoded()))
        #expect(decoded[.encodedText].map { Array($0.unicodeScalars) } == Array(all))
    }

    @Test func `a delimiter in a plain value can't forge a field`() throws {
        var message = order
        message[.text] = "x\u{1}44=1\u{1}"
        let decoded = try #require(Wire.message(message.encoded()))
        #expect(decoded[.text] == "x?44=1?")
        #expect(decoded[.price] == "440.25")
    }

    @Test func `a data field whose length is wrong is a defect that names the length field`() throws {
        let head = "35=5|34=1|49=A|56=B|52=\(stamp)|"
        for body in ["354=3|355=abcd|", "354=9|355=abcd|", "355=abcd|", "354=x|355=abcd|", "354=999999999|355=ab|"] {
            let message = try #require(Wire.message(Wire.framed(head + body)))
            #expect(message.defects.first?.reason == .incorrectDataFormat, "\(body)")
            #expect(message.defects.first?.tag == .encodedTextLength)
        }
    }
}
