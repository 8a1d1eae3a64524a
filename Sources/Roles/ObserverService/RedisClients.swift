import Messages

/// What Redis says about its clients: whose output waits in lists behind the reply buffer.
///
/// `INFO` sums up over all and showed 0 beside a subscriber that had stopped reading, so each line of CLIENT LIST is
/// looked at. `oll` counts replies in the list, `omem` their bytes.
enum RedisClients {
    /// The clients for whom something waits, as members of a `scrape redis_clients` record.
    static func waiting(_ list: String, governor: String) -> [JSON] {
        list.split(separator: "\n").compactMap { line in
            var address = ""
            var id = ""
            var (items, bytes) = (Int64(0), Int64(0))
            for word in line.split(separator: " ") {
                guard let equals = word.firstIndex(of: "=") else { continue }
                let value = word[word.index(after: equals)...]
                switch word[..<equals] {
                case "id": id = String(value)
                case "addr": address = String(value)
                case "oll": items = Int64(value) ?? 0
                case "omem": bytes = Int64(value) ?? 0
                default: break
                }
            }
            guard items > 0 else { return nil }
            return [
                "client": .string("\(address) #\(id)"), "governor": .bool(address.hasPrefix("\(governor):")),
                "items": .integer(items), "bytes": .integer(bytes),
            ]
        }
    }
}
