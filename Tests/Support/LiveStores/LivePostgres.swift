import CLinux
import Glibc
import Sockets

/// A private PostgreSQL cluster, on loopback and on a Unix socket, run under another uid when we are root.
package final class LivePostgres {
    package let server: LiveServer
    package let address: Address
    /// For libpq, over the Unix socket; and over TCP.
    package let url: String
    package let urlOverTCP: String

    /// - Parameter durable: whether a commit waits for the disk.
    package init(durable: Bool = false) throws {
        let programs = try LivePostgres.programs()
        let user = geteuid() == 0 ? try LivePostgres.unprivilegedUser() : nil
        let directory = try freshDirectory("live-postgres")
        if let user { chown(directory, user.0, user.1) }
        let initialise = [
            "\(programs)/initdb", "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
            "-D", "\(directory)/data",
        ]
        var status: Int32 = 0
        let pid = try spawn(initialise, in: directory, user: user)
        guard clinux_wait(pid, &status, 0) == pid, status == 0 else {
            throw LiveServerError(server: "initdb", detail: contents(of: "\(directory)/log") ?? "no log")
        }
        let port = try freePort()
        let command = [
            "\(programs)/postgres", "-D", "\(directory)/data", "-k", directory, "-h", "127.0.0.1", "-p", "\(port)",
            "-c", "shared_buffers=16MB", "-c", "max_connections=20", "-c", "fsync=\(durable ? "on" : "off")",
        ]
        server = try LiveServer("postgres", command, in: directory, stopSignal: "INT", user: user)
        address = Address(host: 0x7F00_0001, port: port)
        url = "host=\(directory) port=\(port) user=postgres dbname=postgres"
        urlOverTCP = "postgresql://postgres@127.0.0.1:\(port)/postgres"
        let lock = "\(directory)/data/postmaster.pid"
        try server.wait { contents(of: lock)?.contains("ready") ?? false }
    }

    /// The newest version under Debian's directory.
    private static func programs() throws -> String {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob("/usr/lib/postgresql/*/bin/initdb", 0, nil, &found) == 0, let paths = found.gl_pathv,
            let last = paths[Int(found.gl_pathc) - 1]
        else { throw LiveServerError(server: "postgres", detail: "not installed under /usr/lib/postgresql") }
        return String(String(cString: last).dropLast("/initdb".count))
    }

    /// PostgreSQL refuses to run as root.
    private static func unprivilegedUser() throws -> (UInt32, UInt32) {
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) { return (entry.pointee.pw_uid, entry.pointee.pw_gid) }
        }
        throw LiveServerError(server: "postgres", detail: "no user postgres or nobody to run as")
    }
}
