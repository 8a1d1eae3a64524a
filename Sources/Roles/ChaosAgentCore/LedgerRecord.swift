import Messages
import Units

/// A line of the ledger: written and synced before a fault is applied, and when it is gone.
package enum LedgerRecord: Hashable, Sendable {
    /// `remains` is what has to be put back for a link that goes down: its routes, in hexadecimal.
    case applying(FaultRequest, interface: String, remains: [String])
    case gone(fault: String)

    package var line: [UInt8] {
        let json: JSON
        switch self {
        case .applying(let request, let interface, let remains):
            let members = request.members.map { $0.key == "fault" ? JSON.Member("id", $0.value) : $0 }
            json = [
                "state": "applying", "interface": .string(interface), "remains": .array(remains.map { .string($0) }),
                "fault": .object(members),
            ]
        case .gone(let fault):
            json = ["state": "gone", "fault": .string(fault)]
        }
        return json.bytes() + [0x0A]
    }

    /// What a ledger says is still in force: applied and never seen gone. A torn last line is cut.
    package static func unfinished(_ bytes: [UInt8]) -> [LedgerRecord] {
        var open: [(id: String, record: LedgerRecord)] = []
        for line in bytes.split(separator: 0x0A) {
            // A crash in mid-write tears the last line: that fault was never applied.
            guard let json = try? JSON(parsing: Array(line)) else { continue }
            if json["state"]?.string == "gone" {
                open.removeAll { $0.id == json["fault"]?.string }
            } else if let fault = json["fault"], let request = try? FaultRequest(json: fault) {
                let remains = json["remains"]?.array?.compactMap(\.string) ?? []
                let record = LedgerRecord.applying(
                    request, interface: json["interface"]?.string ?? "", remains: remains)
                open.append((request.id, record))
            }
        }
        return open.map(\.record)
    }
}
