import ArgumentParser
import BrokerStubCore
import Books
import Glibc
import Redis
import Sockets
import Units

/// `30ms`, `1.5s`.
struct WrittenDuration: ExpressibleByArgument, CustomStringConvertible {
    let value: Duration

    init(value: Duration) { self.value = value }

    init?(argument: String) {
        guard let value = Duration(written: argument) else { return nil }
        self.value = value
    }

    var description: String { value.written }
    var defaultValueDescription: String { description }
}

/// A Redis server: `HOST:PORT`, or the path of a Unix socket.
struct Place: ExpressibleByArgument {
    let endpoint: RedisConnection.Endpoint

    init?(argument: String) {
        if argument.hasPrefix("/") {
            endpoint = .unix(argument)
        } else if let address = Address.resolving(argument) {
            endpoint = .tcp(address)
        } else {
            return nil
        }
    }
}

extension Address: ExpressibleByArgument {
    public init?(argument: String) {
        guard let address = Address.resolving(argument) else { return nil }
        self = address
    }
}

extension FillModel: ExpressibleByArgument {}
extension InFlight: ExpressibleByArgument {}

func contents(of path: String) throws -> [UInt8] {
    guard let file = fopen(path, "re") else {
        throw ValidationError("\(path): open failed: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
}

/// Talk goes to stderr; stdout is for results.
func complain(_ text: String) {
    let line = Array("broker-stub: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
