/// The values of MsgType(35) that this project speaks.
package enum MsgType {
    package static let heartbeat = "0"
    package static let testRequest = "1"
    package static let resendRequest = "2"
    package static let reject = "3"
    package static let sequenceReset = "4"
    package static let logout = "5"
    package static let logon = "A"

    package static let executionReport = "8"
    package static let orderCancelReject = "9"
    package static let newOrderSingle = "D"
    package static let orderCancelRequest = "F"
    package static let orderCancelReplaceRequest = "G"
    package static let orderStatusRequest = "H"
    package static let businessMessageReject = "j"
    package static let orderMassCancelRequest = "q"
    package static let orderMassCancelReport = "r"
    package static let orderMassStatusRequest = "AF"

    /// Messages of the session layer: never delivered to the application, never sent again, gap-filled instead.
    package static func isSession(_ type: String) -> Bool {
        switch type {
        case heartbeat, testRequest, resendRequest, reject, sequenceReset, logout, logon: true
        default: false
        }
    }

    /// Everything that FIX 4.4 defines: one or two letters and digits, and `U…` for private use.
    package static func isDefined(_ type: String) -> Bool {
        if type.first == "U", type.utf8.count <= 8, type != "U" { return true }
        return defined.contains(type)
    }

    private static let defined: Set<String> = {
        let one = "0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz".map(String.init)
        let two = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map { "A\($0)" } + "ABCDEFGH".map { "B\($0)" }
        return Set(one + two)
    }()
}
