import FIX
import Units

/// Raw messages for tests, written with `|` for the delimiter, with BodyLength and CheckSum computed apart from
/// the code under test.
enum Wire {
    static func bytes(_ text: String) -> [UInt8] { text.utf8.map { $0 == UInt8(ascii: "|") ? 1 : $0 } }

    static func framed(_ body: String, begin: String = "FIX.4.4", lengthError: Int = 0, sumError: Int = 0) -> [UInt8] {
        framed(bytes(body), begin: begin, lengthError: lengthError, sumError: sumError)
    }

    static func framed(
        _ body: [UInt8], begin: String = "FIX.4.4", lengthError: Int = 0, sumError: Int = 0
    ) -> [UInt8] {
        var message = bytes("8=\(begin)|9=\(body.count + lengthError)|") + body
        let sum = (message.reduce(0) { $0 + Int($1) } + sumError) % 256
        message += bytes("10=" + String(repeating: "0", count: 3 - String(sum).count) + "\(sum)|")
        return message
    }

    static func decoded(_ bytes: [UInt8]) -> [Decoder.Result] {
        var decoder = Decoder()
        decoder.append(bytes)
        var results: [Decoder.Result] = []
        while let result = decoder.next() { results.append(result) }
        return results
    }

    /// The only message in the bytes.
    static func message(_ bytes: [UInt8]) -> Message? {
        let results = decoded(bytes)
        guard results.count == 1, case .message(let message) = results[0] else { return nil }
        return message
    }
}

/// 2023-10-17 13:30:00 UTC.
let wallStart = WallTime(nanoseconds: 1_697_549_400_000_000_000)
let stamp = "20231017-13:30:00.000"

extension Message {
    static let order = Message(MsgType.newOrderSingle, [
        (.clOrdID, "G-1"), (.secondaryClOrdID, "i-1"), (.symbol, "NVDA"), (.side, "1"),
        (.transactTime, "20231017-13:30:00.000"), (.orderQty, "100"), (.ordType, "2"), (.price, "440.25"),
        (.timeInForce, "0"),
    ])

    static func report(_ execID: String) -> Message {
        Message(MsgType.executionReport, [
            (.orderID, "B-1"), (.execID, execID), (.execType, "0"), (.ordStatus, "0"), (.symbol, "NVDA"),
            (.side, "1"), (.leavesQty, "100"), (.cumQty, "0"), (.avgPx, "0"),
        ])
    }
}
