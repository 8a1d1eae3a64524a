import Glibc

/// Looks for programs where Debian, Ubuntu and others put them.
package enum Programs {
    /// The first executable file called `name` in PATH or in the usual system directories.
    package static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let directories =
            path.split(separator: ":").map(String.init) + ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        return directories.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The newest PostgreSQL that has both `postgres` and `initdb`: Debian keeps them off PATH, by version.
    package static func findPostgres() -> (server: String, initdb: String)? {
        var directories = entries(of: "/usr/lib/postgresql")
            .compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        directories += ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin", "/usr/libexec/postgresql"]
        for directory in directories {
            let (server, initdb) = ("\(directory)/postgres", "\(directory)/initdb")
            if access(server, X_OK) == 0, access(initdb, X_OK) == 0 { return (server, initdb) }
        }
        return nil
    }

    /// The directory that holds the running program: its companions lie beside it.
    package static var ownDirectory: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// The project's root: the nearest directory upward from the working directory, then from the program, that holds
    /// `chaos/`. `nil`: neither does.
    package static var projectRoot: String? {
        for start in [workingDirectory, ownDirectory] {
            var path = start
            while !path.isEmpty {
                if access("\(path)/chaos", F_OK) == 0 { return path }
                path = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            }
        }
        return nil
    }

    package static var workingDirectory: String {
        guard let buffer = getcwd(nil, 0) else { return "." }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    package static func entries(of directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
