import CLinux
import Glibc
import Sockets

/// A private `redis-server`, empty, on loopback and on a Unix socket. Keyspace events as in the lab.
package final class LiveRedis {
    package let server: LiveServer
    package let address: Address
    package let socketPath: String

    /// - Parameter options: more of redis-server's own: `["--requirepass", "x"]`.
    package init(options: [String] = []) throws {
        var attempts = 0
        while true {
            attempts += 1
            let directory = try freshDirectory("live-redis")
            let port = try freePort()
            let command = [
                "/usr/bin/redis-server", "--port", "\(port)", "--bind", "127.0.0.1",
                "--unixsocket", "\(directory)/redis.sock", "--save", "", "--appendonly", "no",
                "--notify-keyspace-events", "K$gx", "--dir", directory,
            ]
            let server = try LiveServer("redis-server", command + options, in: directory, stopSignal: "TERM")
            let log = "\(directory)/log"
            do {
                try server.wait {
                    contents(of: log)?.contains("The server is now ready to accept connections at") ?? false
                }
            } catch  where attempts < 3 {
                // Somebody took the port between our look and the server's bind.
                continue
            }
            self.server = server
            address = Address(host: 0x7F00_0001, port: port)
            socketPath = "\(directory)/redis.sock"
            return
        }
    }
}
