import Books
import Glibc
import GovernorCore
import Messages
import Sockets
import Units

/// What a governor is started with: environment variables, and the two files that they name.
package struct Configuration: Sendable {
    package var redis: Address
    /// Of the default user of both Redis servers; `nil`: none is asked for.
    package var redisPassword: String?
    package var feed: Address
    package var broker: Address
    package var postgres: String
    package var metricsPort: UInt16
    package var symbols: [String]
    package var limits: Limits
    package var fees: FeeSchedule
    package var mode: Governor.Mode
    package var run: String

    package var settings: Governor.Settings {
        Governor.Settings(limits: limits, fees: fees, symbols: symbols, mode: mode)
    }
}

/// Everything that is wrong with the environment, at once: exit code 64.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let mistakes: [String]
    package var description: String { mistakes.map { "governor: \($0)" }.joined(separator: "\n") }
}

extension Configuration {
    /// Reads the variables of the contract. Host names are looked up here, once, before anything runs.
    package init(environment: [String: String]) throws(ConfigurationError) {
        var reading = EnvironmentReading(environment: environment)
        let redis = reading.address("GAUNTLET_REDIS")
        let feed = environment["GAUNTLET_FEED"] == nil ? redis : reading.address("GAUNTLET_FEED")
        let password = reading.file("GAUNTLET_REDIS_PASSWORD_FILE", default: "") { bytes, _ in
            String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        }
        let broker = reading.address("GAUNTLET_BROKER")
        let postgres = reading.text("GAUNTLET_POSTGRES", "a libpq URL, like postgresql://gauntlet@198.18.0.14/gauntlet")
        let symbols = reading.symbols("GAUNTLET_SYMBOLS")
        let port = reading.port("GAUNTLET_METRICS_PORT", default: 8_000)
        let mode = reading.mode("GAUNTLET_MODE")
        let limits = reading.file("GAUNTLET_LIMITS", default: Limits()) { bytes, _ in try Limits(parsing: bytes) }
        let fees = reading.file("GAUNTLET_FEES", default: FeeSchedule.usEquities2023) { bytes, path in
            try FeeSchedule(parsing: bytes, file: path)
        }
        guard reading.mistakes.isEmpty, let redis, let password, let feed, let broker, let postgres, let limits,
            let fees
        else {
            throw ConfigurationError(mistakes: reading.mistakes)
        }
        self.init(
            redis: redis, redisPassword: password.isEmpty ? nil : password, feed: feed, broker: broker,
            postgres: postgres, metricsPort: port, symbols: symbols,
            limits: limits, fees: fees, mode: mode, run: environment["GAUNTLET_RUN"] ?? "")
    }
}

private struct EnvironmentReading {
    let environment: [String: String]
    var mistakes: [String] = []

    mutating func mistake(_ name: String, _ expected: String) {
        let found = environment[name].map { "'\($0)'" } ?? "nothing"
        mistakes.append("environment variable \(name): expected \(expected), found \(found)")
    }

    mutating func text(_ name: String, _ expected: String) -> String? {
        guard let value = environment[name], !value.isEmpty else {
            mistake(name, expected)
            return nil
        }
        return value
    }

    mutating func address(_ name: String) -> Address? {
        guard let address = environment[name].flatMap({ Address.resolving($0) }) else {
            mistake(name, "host:port, the host an IPv4 address or a name that resolves")
            return nil
        }
        return address
    }

    mutating func symbols(_ name: String) -> [String] {
        let symbols = (environment[name] ?? "").split(separator: ",").map(String.init)
        if symbols.isEmpty { mistake(name, "symbols separated by commas, like NVDA,AAPL") }
        return symbols
    }

    mutating func port(_ name: String, default value: UInt16) -> UInt16 {
        guard let text = environment[name] else { return value }
        guard let port = UInt16(text) else {
            mistake(name, "a port, 0 to 65535")
            return value
        }
        return port
    }

    mutating func mode(_ name: String) -> Governor.Mode {
        guard let text = environment[name] else { return .live }
        guard let mode = Governor.Mode(rawValue: text) else {
            mistake(name, "live or shadow")
            return .live
        }
        return mode
    }

    /// The default applies when the variable is absent, never when the file can't be read.
    mutating func file<Value>(
        _ name: String, default value: Value, _ parse: ([UInt8], String) throws -> Value
    ) -> Value? {
        guard let path = environment[name], !path.isEmpty else { return value }
        guard let bytes = contents(of: path) else {
            mistake(name, "a file that can be read (\(String(cString: strerror(errno))))")
            return nil
        }
        do {
            return try parse(bytes, path)
        } catch {
            mistakes.append("\(name)=\(path): \(error)")
            return nil
        }
    }
}

/// `nil` leaves `errno` as the failing call set it.
private func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { return nil }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}
