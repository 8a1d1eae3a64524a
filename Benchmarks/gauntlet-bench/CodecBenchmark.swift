import FIX
import Messages
import Sockets
import Units

/// How fast FIX messages are written and read.
struct CodecBenchmark {
    let messages: Int
    let report: FigureTable

    func run() throws {
        report.begin("FIX")
        try writeAndRead("NewOrderSingle", order)
        try writeAndRead("ExecutionReport", execution)
    }

    private func writeAndRead(_ name: String, _ message: (Int) -> Message) throws {
        let prepared = (0..<1_000).map(message)
        var encoded = Samples()
        var decoded = Samples()
        var decoder = Decoder()
        var bytesTotal = 0
        for number in 0..<messages {
            let start = Instant.now
            let bytes = prepared[number % prepared.count].encoded()
            let written = Instant.now
            decoder.append(bytes)
            let result = decoder.next()
            let read = Instant.now
            guard case .message(let back) = result, back.defects.isEmpty else {
                throw BenchmarkError("FIX", expected: "the message back", found: "\(String(describing: result))")
            }
            bytesTotal += bytes.count
            encoded.add(written - start)
            decoded.add(read - written)
        }
        report.add(
            "FIX \(name), \(bytesTotal / messages) bytes",
            "encode P50 \(shown(encoded.median)) P99 \(shown(encoded.p99)), "
                + "decode P50 \(shown(decoded.median)) P99 \(shown(decoded.p99)), "
                + "\(Int(Double(messages) / (encoded.total + decoded.total).seconds)) both a second")
    }

    private func headed(_ message: Message, _ number: Int) -> Message {
        var message = message
        message.header.sender = "GOVERNOR"
        message.header.target = "BROKER"
        message.header.seq = number + 1
        message.header.sendingTime = WallTime(nanoseconds: 1_700_000_000_123_000_000)
        return message
    }

    private func order(_ number: Int) -> Message {
        let message = Message(
            MsgType.newOrderSingle,
            [
                (.clOrdID, "i-\(number)"), (.secondaryClOrdID, "i-\(number)"), (.handlInst, "1"), (.symbol, "NVDA"),
                (.side, "1"), (.transactTime, "20231017-14:30:00.123"), (.orderQty, "\(1 + number % 100)"),
                (.ordType, "2"), (.price, "439.\(10 + number % 90)"), (.timeInForce, "0"), (.positionEffect, "O")
            ])
        return headed(message, number)
    }

    private func execution(_ number: Int) -> Message {
        let message = Message(
            MsgType.executionReport,
            [
                (.orderID, "b-\(number)"), (.clOrdID, "i-\(number)"), (.secondaryClOrdID, "i-\(number)"),
                (.execID, "x-\(number)"), (.execType, "F"), (.ordStatus, "2"), (.symbol, "NVDA"), (.side, "1"),
                (.orderQty, "\(1 + number % 100)"), (.price, "439.\(10 + number % 90)"),
                (.lastQty, "\(1 + number % 100)"), (.lastPx, "439.10"), (.leavesQty, "0"),
                (.cumQty, "\(1 + number % 100)"), (.avgPx, "439.10"), (.transactTime, "20231017-14:30:00.123"),
                (.lastLiquidityInd, "2"), (.positionEffect, "O")
            ])
        return headed(message, number)
    }
}
