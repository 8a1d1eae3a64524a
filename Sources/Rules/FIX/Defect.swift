/// SessionRejectReason(373).
package enum SessionRejectReason: Int, Sendable {
    case invalidTagNumber = 0
    case requiredTagMissing = 1
    case tagNotDefinedForMessage = 2
    case undefinedTag = 3
    case tagWithoutValue = 4
    case valueIncorrect = 5
    case incorrectDataFormat = 6
    case compIDProblem = 9
    case sendingTimeAccuracy = 10
    case invalidMsgType = 11
    case tagMoreThanOnce = 13
    case tagOutOfOrder = 14
    case groupOutOfOrder = 15
    case groupCountIncorrect = 16
    case valueHoldsDelimiter = 17
    case other = 99
}

/// What is wrong with a message, in the terms of a Reject(35=3).
package struct Defect: Hashable, Sendable {
    package let reason: SessionRejectReason
    /// The field concerned; `nil` when there is none to name.
    package let tag: Tag?
    package let text: String

    package init(_ reason: SessionRejectReason, _ tag: Tag?, _ text: String) {
        self.reason = reason
        self.tag = tag
        self.text = text
    }
}
