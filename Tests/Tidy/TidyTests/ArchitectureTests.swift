import Testing

/// The five rooms, top to bottom, and which module lies in which.
private let rooms = ["Programs", "Roles", "Drivers", "Rules", "Systems"]

private func modules() -> [String: String] {
    var room: [String: String] = [:]
    for source in Repository.files(below: "Sources", endings: ["swift", "h", "modulemap"]) where source.parts.count >= 4 {
        room[source.parts[2]] = source.parts[1]
    }
    return room
}

private func imports(of source: Repository.Source) -> [String] {
    source.lines.compactMap { line in
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1 else { return nil }
        return String(words[index + 1])
    }
}

/// What goes up, sideways between roles, or out of a pure room. A text a violation.
private func violations(in sources: [Repository.Source], modules: [String: String]) -> [String] {
    var found: [String] = []
    for source in sources where source.parts.first == "Sources" && source.parts.count >= 4 {
        let (own, module) = (source.parts[1], source.parts[2])
        for imported in imports(of: source) {
            guard let other = modules[imported] else {
                if own == "Rules" || module.hasSuffix("Core"), impure.contains(imported), module != "Scenarios" {
                    found.append("\(source.path): a pure module imports \(imported)")
                }
                continue
            }
            guard let from = rooms.firstIndex(of: own), let to = rooms.firstIndex(of: other) else { continue }
            if to < from { found.append("\(source.path): \(own) imports \(imported) of \(other) above it") }
            if own == "Roles", other == "Roles", imported != module.replacing("Service", with: "Core") {
                found.append("\(source.path): roles meet on the wire, not by importing \(imported)")
            }
            if module.hasSuffix("Core"), other == "Drivers" { found.append("\(source.path): a core imports the driver \(imported)") }
            if module.hasPrefix("Governor"), ["Scenarios", "History", "Verdicts"].contains(imported) {
                found.append("\(source.path): the governor must not know of \(imported)")
            }
        }
    }
    return found
}

private let impure: Set = ["Foundation", "Glibc", "Dispatch", "Synchronization", "FlyingFox"]

@Suite struct ArchitectureTests {
    @Test func `imports run downward only, and cores are pure`() {
        #expect(violations(in: Repository.swift, modules: modules()) == [])
    }

    @Test func `an upward import, a role that imports a role and an impure core are each noticed`() {
        let planted = [
            Repository.Source(path: "Sources/Rules/FIX/A.swift", text: "import Redis\n"),
            Repository.Source(path: "Sources/Roles/ObserverCore/B.swift", text: "import GovernorCore\n"),
            Repository.Source(path: "Sources/Roles/GovernorCore/C.swift", text: "import Glibc\n"),
            Repository.Source(path: "Sources/Roles/GovernorService/D.swift", text: "package import Verdicts\n"),
        ]
        let found = violations(in: planted, modules: [
            "FIX": "Rules", "Redis": "Drivers", "ObserverCore": "Roles", "GovernorCore": "Roles", "GovernorService": "Roles",
            "Verdicts": "Rules",
        ])
        #expect(found.count == 4, "\(found)")
    }

    @Test func `every module of a role has a core and a service`() {
        let roles = modules().filter { $0.value == "Roles" }.keys
        for role in roles where role.hasSuffix("Service") {
            #expect(roles.contains(role.replacing("Service", with: "Core")), "\(role) has no core")
        }
    }
}
