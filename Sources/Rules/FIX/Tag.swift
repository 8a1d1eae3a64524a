/// The number in front of `=`: what a FIX field means.
package struct Tag: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }
    package init(_ number: Int) { rawValue = number }
}

extension Tag: Comparable, CustomStringConvertible {
    package static func < (left: Tag, right: Tag) -> Bool { left.rawValue < right.rawValue }
    package var description: String { String(rawValue) }
}

// Standard header and trailer.
extension Tag {
    package static let beginString = Tag(8)
    package static let bodyLength = Tag(9)
    package static let msgType = Tag(35)
    package static let senderCompID = Tag(49)
    package static let targetCompID = Tag(56)
    package static let msgSeqNum = Tag(34)
    package static let possDupFlag = Tag(43)
    package static let possResend = Tag(97)
    package static let sendingTime = Tag(52)
    package static let origSendingTime = Tag(122)
    package static let onBehalfOfCompID = Tag(115)
    package static let deliverToCompID = Tag(128)
    package static let senderSubID = Tag(50)
    package static let targetSubID = Tag(57)
    package static let lastMsgSeqNumProcessed = Tag(369)
    package static let signatureLength = Tag(93)
    package static let signature = Tag(89)
    package static let checkSum = Tag(10)
}

// Session messages.
extension Tag {
    package static let encryptMethod = Tag(98)
    package static let heartBtInt = Tag(108)
    package static let resetSeqNumFlag = Tag(141)
    package static let nextExpectedMsgSeqNum = Tag(789)
    package static let testReqID = Tag(112)
    package static let beginSeqNo = Tag(7)
    package static let endSeqNo = Tag(16)
    package static let gapFillFlag = Tag(123)
    package static let newSeqNo = Tag(36)
    package static let refSeqNum = Tag(45)
    package static let refTagID = Tag(371)
    package static let refMsgType = Tag(372)
    package static let sessionRejectReason = Tag(373)
    package static let businessRejectRefID = Tag(379)
    package static let businessRejectReason = Tag(380)
    package static let text = Tag(58)
    package static let rawDataLength = Tag(95)
    package static let rawData = Tag(96)
    package static let encodedTextLength = Tag(354)
    package static let encodedText = Tag(355)
    package static let maxMessageSize = Tag(383)
    package static let username = Tag(553)
    package static let password = Tag(554)
    package static let testMessageIndicator = Tag(464)
}

// Orders and what becomes of them.
extension Tag {
    package static let account = Tag(1)
    package static let avgPx = Tag(6)
    package static let clOrdID = Tag(11)
    package static let cumQty = Tag(14)
    package static let execID = Tag(17)
    package static let execInst = Tag(18)
    package static let execRefID = Tag(19)
    package static let handlInst = Tag(21)
    package static let lastPx = Tag(31)
    package static let lastQty = Tag(32)
    package static let orderID = Tag(37)
    package static let orderQty = Tag(38)
    package static let ordStatus = Tag(39)
    package static let ordType = Tag(40)
    package static let origClOrdID = Tag(41)
    package static let price = Tag(44)
    package static let side = Tag(54)
    package static let symbol = Tag(55)
    package static let timeInForce = Tag(59)
    package static let transactTime = Tag(60)
    package static let tradeDate = Tag(75)
    package static let positionEffect = Tag(77)
    package static let cxlRejReason = Tag(102)
    package static let ordRejReason = Tag(103)
    package static let execType = Tag(150)
    package static let leavesQty = Tag(151)
    package static let execRestatementReason = Tag(378)
    package static let cxlRejResponseTo = Tag(434)
    package static let secondaryClOrdID = Tag(526)
    package static let massCancelRequestType = Tag(530)
    package static let massCancelResponse = Tag(531)
    package static let massCancelRejectReason = Tag(532)
    package static let totalAffectedOrders = Tag(533)
    package static let noPartyIDs = Tag(453)
    package static let massStatusReqID = Tag(584)
    package static let massStatusReqType = Tag(585)
    package static let ordStatusReqID = Tag(790)
    package static let totNumReports = Tag(911)
    package static let lastRptRequested = Tag(912)
    package static let lastLiquidityInd = Tag(851)
}
