import Glibc
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

/// A proof that is skipped for want of a program is no proof: on a bare machine that must be red, not silent.
@Suite struct SetUpTests {
    @Test(arguments: ProvingGround.tools)
    func `./scripts/setup test has brought what the proof of netem takes`(tool: String) {
        #expect(Programs.find(tool) != nil, "\(tool) is missing: run ./scripts/setup test, whose list is scripts/packages")
    }

    @Test func `a Docker client without an engine is given one`() throws {
        let failing = "#!/bin/sh\nexit 1\n"
        let packages = try listed(with: ["docker": failing, "dpkg-query": failing])
        #expect(packages.contains("docker.io"))
    }

    @Test(arguments: ["docker", "dockerd", "dpkg-query"])
    func `an engine that answers, can be started, or is Docker's own is left as it is`(found: String) throws {
        let failing = "#!/bin/sh\nexit 1\n"
        var programs = ["docker": failing, "dpkg-query": failing]
        programs[found] = "#!/bin/sh\nexit 0\n"
        #expect(try !listed(with: programs).contains("docker.io"))
    }

    /// What `scripts/packages test` lists where these programs stand first in PATH, and none of /usr/sbin in it.
    private func listed(with programs: [String: String]) throws -> [String] {
        let folder = try ScratchFolder.make("packages")
        defer { ScratchFolder.remove(folder) }
        for (name, text) in programs {
            try ScratchFolder.write(text, to: "\(folder)/\(name)")
            chmod("\(folder)/\(name)", 0o700)
        }
        let output = Descriptor(open("\(folder)/output", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        let command = Command(
            "/bin/bash", [ProvingGround.packageList, "test"],
            environment: ["PATH": "\(folder):/usr/bin:/bin"], endsWithUs: true)
        let reactor = try Reactor()
        let process = try ChildProcess("packages", command, output: output.number, on: reactor)
        try withExtendedLifetime((output, reactor)) {
            try #require(reactor.run(until: .now + .seconds(10)) { !process.isRunning })
        }
        #expect(process.status == 0)
        return String(decoding: ProcessTable.contents("\(folder)/output"), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
