import FIX
import Testing
import Units

@Suite struct RejectTests {
    /// What is wrong, the body of an order, the reason and the tag that the Reject must name.
    private static let malformed: [(String, String, String, String?)] = [
        ("a tag that FIX 4.4 does not have", orderBody + "4999=x|", "0", "4999"),
        ("a user-defined tag", orderBody + "5001=x|", "3", "5001"),
        ("letters for a tag", orderBody + "abc=x|", "0", nil),
        ("a tag with a leading zero", orderBody + "058=x|", "0", "58"),
        ("a delimiter within a value", orderBody + "58=a|b|", "17", "58"),
        ("a number after a delimiter within a value", orderBody + "58=a|58|", "17", "58"),
        ("two delimiters together", orderBody + "|", "17", "44"),
        ("a required tag missing", String(orderBody.dropFirst(7)), "1", "11"),
        ("a tag of another message", orderBody + "150=0|", "2", "150"),
        ("a tag without a value", orderBody + "58=|", "4", "58"),
        ("an illegal value", orderBody.replaced("54=1|", "54=Z|"), "5", "54"),
        ("letters for a quantity", orderBody.replaced("38=100|", "38=many|"), "6", "38"),
        ("a negative quantity", orderBody.replaced("38=100|", "38=-100|"), "6", "38"),
        ("two points in a price", orderBody.replaced("44=440.25|", "44=4.40.25|"), "6", "44"),
        ("no price at all", orderBody.replaced("44=440.25|", "44=.|"), "6", "44"),
        ("a date for a timestamp", orderBody.replaced("60=\(stamp)", "60=20231017"), "6", "60"),
        ("a 31st of June", orderBody.replaced("60=20231017", "60=20230631"), "6", "60"),
        ("two characters for one", orderBody.replaced("54=1|", "54=12|"), "6", "54"),
        ("a tag twice", orderBody + "11=G-2|", "13", "11"),
        ("a header field in the body", orderBody + "97=Y|", "14", "97"),
        ("a body field in the trailer", orderBody + "93=1|89=x|58=late|", "14", "58"),
        ("a second MsgType", orderBody + "35=D|", "14", "35"),
        ("a group out of order", orderBody + "453=1|447=D|448=x|", "15", "447"),
        ("a group's count too high", orderBody + "453=2|448=x|447=D|452=1|", "16", "453"),
        ("a group's count too low", orderBody + "453=1|448=x|447=D|448=y|447=D|", "16", "453"),
    ]

    @Test(arguments: malformed.indices)
    func `each malformed field is rejected with its reason and tag, and the session lives on`(index: Int) {
        let (name, body, reason, tag) = Self.malformed[index]
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, body)
        #expect(bench.types == ["3 2"], "\(name)")
        let reject = bench.transmitted[0]
        #expect(reject[.sessionRejectReason] == reason, "\(name): \(reject[.text] ?? "")")
        #expect(reject[.refTagID] == tag, "\(name): \(reject[.text] ?? "")")
        #expect(reject[.refSeqNum] == "2" && reject[.refMsgType] == "D")
        #expect(bench.delivered.isEmpty && bench.session.isLoggedOn)
        #expect(bench.session.numbers.nextIncoming == 3)
        bench.receive("D", 3, orderBody)
        #expect(bench.delivered.count == 1)
    }

    @Test(arguments: [("52", "1"), ("52=x", "6"), ("43=Q", "6"), ("122=never", "6"), ("49", "9")])
    func `a malformed header field is rejected`(field: String, reason: String) {
        var bench = Bench.loggedOn(.acceptor)
        let time = field.hasPrefix("52") ? "" : "52=\(stamp)|"
        let sender = field == "49" ? "" : "49=GOVERNOR|"
        let extra = field.contains("=") ? field + "|" : ""
        bench.receive(Wire.framed("35=0|34=2|\(sender)56=BROKER|\(time)\(extra)"))
        #expect(bench.transmitted.first?.msgType == "3")
        #expect(bench.transmitted.first?[.sessionRejectReason] == reason)
    }

    @Test func `a sound group is accepted`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, orderBody + "453=2|448=x|447=D|452=1|448=y|447=D|452=3|")
        #expect(bench.delivered.count == 1)
    }

    @Test func `an unknown MsgType is rejected`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("ZZ", 2)
        #expect(bench.types == ["3 2"])
        #expect(bench.transmitted[0][.sessionRejectReason] == "11" && bench.transmitted[0][.refTagID] == "35")
    }

    @Test(arguments: ["B", "8", "AE", "U1"])
    func `a known MsgType that isn't served here gets a BusinessMessageReject`(type: String) {
        var bench = Bench.loggedOn(.acceptor)
        let report = "37=B|17=E|150=0|39=0|55=NVDA|54=1|151=1|14=0|6=0|"
        bench.receive(type, 2, type == "8" ? report : "58=x|")
        #expect(bench.types == ["j 2"])
        #expect(bench.transmitted[0][.businessRejectReason] == "3" && bench.transmitted[0][.refMsgType] == type)
        #expect(bench.session.numbers.nextIncoming == 3)
    }

    @Test func `a limit order without a price gets a BusinessMessageReject`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.receive("D", 2, orderBody.replaced("44=440.25|", ""))
        #expect(bench.types == ["j 2"])
        #expect(bench.transmitted[0][.businessRejectReason] == "5")
        #expect(bench.transmitted[0][.businessRejectRefID] == "G-1")
    }

    @Test func `an application that isn't available says so`() {
        var bench = Bench.loggedOn(.acceptor)
        bench.session.isApplicationAvailable = false
        bench.receive("D", 2, orderBody)
        #expect(bench.types == ["j 2"] && bench.delivered.isEmpty)
        #expect(bench.transmitted[0][.businessRejectReason] == "4")
    }

    @Test func `a Reject of the peer reaches the owner`() {
        var bench = Bench.loggedOn(.initiator)
        bench.receive("3", 2, "45=2|371=44|372=D|373=6|58=bad|")
        #expect(bench.delivered.first?[.refTagID] == "44")
        #expect(bench.transmitted.isEmpty && bench.session.isLoggedOn)
        #expect(bench.session.numbers.nextIncoming == 3)
    }

    @Test func `a malformed Reject is never rejected`() {
        var bench = Bench.loggedOn(.initiator)
        bench.receive("3", 2, "58=no number|")
        #expect(bench.transmitted.isEmpty && bench.ignored.count == 1)
        #expect(bench.session.numbers.nextIncoming == 3)
    }
}

extension String {
    func replaced(_ part: String, _ other: String) -> String {
        guard let range = firstRange(of: part) else { return self }
        var copy = self
        copy.replaceSubrange(range, with: other)
        return copy
    }
}
