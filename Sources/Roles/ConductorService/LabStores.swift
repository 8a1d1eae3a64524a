// Redis and PostgreSQL as private children of the lab, on fresh tmpfs, gone with it.

import Glibc
import Processes
import Scenarios
import Sockets
import Units

package struct LabStores {
    package static let postgresDirectory = "/run/postgres"
    package static let postgresURL = "host=\(postgresDirectory) user=gauntlet dbname=postgres"

    /// The URL that a governor is given.
    package static func governorURL(_ topology: Topology) -> String {
        "postgresql://gauntlet@\(topology.market("store", topology.ports.postgres))/postgres"
    }

    let redis: String
    let postgres: (server: String, initdb: String)
    let topology: Topology

    /// What is missing is said all at once, with how to get it.
    package init(_ topology: Topology) throws(ConductorError) {
        self.topology = topology
        var missing: [String] = []
        let redis = Programs.find("redis-server")
        let postgres = Programs.findPostgres()
        if redis == nil { missing.append("redis-server (apt-get install redis-server)") }
        if postgres == nil { missing.append("postgres and initdb (apt-get install postgresql)") }
        guard let redis, let postgres else {
            throw ConductorError(
                .machine, "this machine", "missing: \(missing.joined(separator: ", "))",
                advice: "./scripts/setup installs them")
        }
        self.redis = redis
        self.postgres = postgres
    }

    /// The market side is the default user's, without administration; the control side knows a password.
    func redisConfiguration(node: String, password: String) -> String {
        """
        bind \(topology.node(node)?.market ?? "") \(topology.node(node)?.control ?? "")
        port \(topology.ports.redis)
        dir /run/redis/\(node)
        save ""
        appendonly no
        notify-keyspace-events K$gxh
        protected-mode no
        client-output-buffer-limit pubsub 256mb 0 0
        user default on nopass ~* &* +@all -@admin -@dangerous +info +client|setname
        user gauntlet on >\(password) ~* &* +@all

        """
    }

    package func startRedis(
        node: String, namespace: Int32, password: String, environment: [String: String], output: Int32,
        on reactor: Reactor
    ) throws -> ChildProcess {
        let directory = "/run/redis/\(node)"
        guard mkdir(directory, 0o700) == 0 else { throw SystemError(directory, "mkdir", code: errno) }
        let path = "\(directory)/redis.conf"
        try writeFile(path, redisConfiguration(node: node, password: password), mode: 0o600)
        return try ChildProcess(
            "redis-\(node)", Command(redis, [path], environment: environment, namespace: namespace), output: output,
            on: reactor)
    }

    /// `nil` when an ordinary user runs the lab: then the server runs as that user.
    static func postgresUser() -> (uid: UInt32, gid: UInt32)? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) { return (entry.pointee.pw_uid, entry.pointee.pw_gid) }
        }
        return (65_534, 65_534)
    }

    package func initializePostgres(environment: [String: String], output: Int32, on reactor: Reactor) throws
        -> ChildProcess
    {
        let user = LabStores.postgresUser()
        if let user, chown(LabStores.postgresDirectory, user.uid, user.gid) != 0 {
            throw SystemError(LabStores.postgresDirectory, "chown", code: errno)
        }
        let arguments = [
            "--pgdata=\(LabStores.postgresDirectory)/data", "--username=gauntlet", "--auth=trust", "--no-sync",
            "--no-locale", "--encoding=UTF8", "--no-instructions",
        ]
        var environment = environment
        environment["TZ"] = "UTC"  // else it reads every time zone there is to find this machine's
        return try ChildProcess(
            "initdb", Command(postgres.initdb, arguments, environment: environment, user: user, directory: "/"),
            output: output, on: reactor)
    }

    package func startPostgres(
        namespace: Int32, environment: [String: String], output: Int32, on reactor: Reactor
    ) throws -> ChildProcess {
        let data = "\(LabStores.postgresDirectory)/data"
        let access = "local all all trust\nhost all gauntlet \(topology.marketNetwork) trust\n"
        try writeFile("\(data)/pg_hba.conf", access, mode: 0o644)
        let arguments = [
            "-D", data, "-h", topology.node("store")?.market ?? "", "-p", "\(topology.ports.postgres)", "-k",
            LabStores.postgresDirectory, "-c", "shared_buffers=32MB", "-c", "max_connections=40",
            "-c", "dynamic_shared_memory_type=posix", "-c", "logging_collector=off", "-c", "autovacuum=off",
        ]
        return try ChildProcess(
            "postgres",
            Command(
                postgres.server, arguments, environment: environment, namespace: namespace,
                user: LabStores.postgresUser(), directory: "/"),
            output: output, on: reactor)
    }
}

/// Writes a whole small file, with its mode set before its content is there.
func writeFile(_ path: String, _ text: String, mode: mode_t) throws(SystemError) {
    let file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode)
    guard file >= 0 else { throw SystemError(path, "open", code: errno) }
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard write(file, bytes, bytes.count) == bytes.count else { throw SystemError(path, "write", code: errno) }
}
