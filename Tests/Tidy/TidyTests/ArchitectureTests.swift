import Foundation
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

/// The modules that each target says it depends on, from the text of `Package.swift`.
private func declaredDependencies(in manifest: String) -> [String: Set<String>] {
    var declared: [String: Set<String>] = [:]
    // Which of a call's texts is the target's name.
    let calls = [
        "room(": 1, "tests(": 1, "inspectable(": 0, "program(": 0, "system(": 0, ".target(": 0, ".executableTarget(": 0,
    ]
    for (call, place) in calls {
        for piece in manifest.components(separatedBy: call).dropFirst() {
            var depth = 1
            let arguments = piece.prefix { character in
                depth += character == "(" ? 1 : character == ")" ? -1 : 0
                return depth > 0
            }
            let texts = quoted(arguments)
            guard texts.count > place else { continue }
            let list = arguments.split(separator: "[", maxSplits: 1).dropFirst().first?.prefix { $0 != "]" } ?? ""
            declared[texts[place]] = Set(quoted(list))
        }
    }
    return declared
}

private func quoted(_ text: Substring) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
}

/// Imports of one of our own modules that the target's dependencies don't name: they hold by the order of the build alone.
private func undeclaredImports(in sources: [Repository.Source], manifest: String) -> [String] {
    let declared = declaredDependencies(in: manifest)
    var found: Set<String> = []
    let names = Dictionary(uniqueKeysWithValues: declared.keys.map { ($0.replacing("-", with: "_"), $0) })
    for source in sources {
        let target = source.parts.first == "Benchmarks" ? source.parts[1] : source.parts[2]
        guard let dependencies = declared[target] else {
            found.insert("\(target): no target of Package.swift has this name")
            continue
        }
        for imported in imports(of: source) {
            guard let name = names[imported], name != target else { continue }
            if !dependencies.contains(name) { found.insert("\(target) imports \(name): Package.swift doesn't say so") }
        }
    }
    return found.sorted()
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

    @Test func `every import of a module of ours is declared in Package_swift`() throws {
        let manifest = try #require(Repository.text("Package.swift"))
        #expect(undeclaredImports(in: Repository.swift, manifest: manifest) == [])
    }

    @Test func `an import that Package_swift doesn't name is noticed, in a room, a program and a test`() {
        let manifest = """
            room("Rules", "Units"), room("Rules", "FIX", ["Units"]), program("broker-stub", ["FIX"]),
            tests("Rules", "FIXTests", ["FIX", "broker-stub"]), .target(name: "Live", dependencies: ["Units", yams], path: "X"),
            """
        let sources = [
            Repository.Source(path: "Sources/Rules/FIX/A.swift", text: "import Units\nimport Glibc\n"),
            Repository.Source(path: "Sources/Rules/Units/B.swift", text: "import FIX\n"),
            Repository.Source(path: "Sources/Programs/broker-stub/C.swift", text: "package import Units\nimport FIX\n"),
            Repository.Source(path: "Tests/Rules/FIXTests/D.swift", text: "@testable import FIX\nimport broker_stub\nimport Live\n"),
            Repository.Source(path: "Tests/Support/Live/E.swift", text: "import Units\n"),
            Repository.Source(path: "Sources/Rules/Stray/F.swift", text: "import Units\n"),
        ]
        #expect(undeclaredImports(in: sources, manifest: manifest) == [
            "FIXTests imports Live: Package.swift doesn't say so", "Stray: no target of Package.swift has this name",
            "Units imports FIX: Package.swift doesn't say so", "broker-stub imports Units: Package.swift doesn't say so",
        ])
    }

    @Test func `every module of a role has a core and a service`() {
        let roles = modules().filter { $0.value == "Roles" }.keys
        for role in roles where role.hasSuffix("Service") {
            #expect(roles.contains(role.replacing("Service", with: "Core")), "\(role) has no core")
        }
    }
}
