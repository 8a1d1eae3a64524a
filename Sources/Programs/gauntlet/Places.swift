import Archive
import ConductorService
import Glibc
import Processes
import Scenarios

/// Where scenarios and programs are found.
enum Places {
    static var root: String { Programs.projectRoot ?? currentDirectory }
    static var currentDirectory: String { Programs.workingDirectory }

    /// Names of the scenarios under `chaos/`.
    static var scenarios: [String] { names { !$0 } }

    /// Names of the suites under `chaos/`.
    static var suites: [String] { names { $0 } }

    private static func names(_ isWanted: (_ isSuite: Bool) -> Bool) -> [String] {
        Programs.entries(of: "\(root)/chaos").filter { $0.hasSuffix(".yaml") }.filter { name in
            // An unreadable file is listed as a scenario, and refused with the reason when it is used.
            isWanted((try? readFile("\(root)/chaos/\(name)")).map(CertificationSuite.isSuite) ?? false)
        }.map { String($0.dropLast(5)) }
    }

    /// The file of a suite given by name or by path.
    static func suite(_ name: String) throws -> String {
        try file(name, "suite", among: suites)
    }

    /// The file of a scenario given by name or by path.
    static func scenario(_ name: String) throws -> String {
        guard !suites.contains(name) else {
            throw UsageError(description: "'\(name)' is a suite of scenarios: gauntlet certify \(name)")
        }
        return try file(name, "scenario", among: scenarios)
    }

    private static func file(_ name: String, _ noun: String, among known: [String]) throws -> String {
        if name.contains("/") || name.hasSuffix(".yaml") {
            guard access(name, R_OK) == 0 else { throw UsageError(description: "\(name): no such \(noun) file") }
            return name
        }
        let path = "\(root)/chaos/\(name).yaml"
        guard !known.contains(name) || access(path, R_OK) != 0 else { return path }
        let closest = known.min { distance($0, name) < distance($1, name) }
        let hint = closest.map { distance($0, name) <= 6 ? " Did you mean '\($0)'?" : "" } ?? ""
        throw UsageError(
            description:
                "unknown \(noun) '\(name)'.\(hint) There are: \(known.joined(separator: ", ")), or give a path")
    }

    static let replaceable = ["observer", "chaos-agent", "broker-stub", "feed-replayer"]

    /// `NAME=PATH` pairs.
    static func replacements(_ texts: [String]) throws -> [String: String] {
        var found: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, replaceable.contains(parts[0]) else {
                throw UsageError(
                    description:
                        "--replace: expected NAME=PATH, NAME one of \(replaceable.joined(separator: ", ")), found '\(text)'"
                )
            }
            guard let path = path(of: parts[1]), access(path, X_OK) == 0 else {
                throw UsageError(description: "--replace: '\(parts[1])' is not an executable file")
            }
            found[parts[0]] = path
        }
        return found
    }

    /// Splits a command line at spaces, with single and double quotes, and finds its program.
    static func governorCommand(_ text: String) throws -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        var isOpen = false
        for character in text {
            switch (character, quote) {
            case (let mark, let open?) where mark == open: quote = nil
            case ("'", nil), ("\"", nil):
                quote = character
                isOpen = true
            case (" ", nil):
                if isOpen || !word.isEmpty { words.append(word) }
                (word, isOpen) = ("", false)
            default: word.append(character)
            }
        }
        guard quote == nil else { throw UsageError(description: "--governor: a quote is not closed: \(text)") }
        if isOpen || !word.isEmpty { words.append(word) }
        guard let program = words.first else {
            throw UsageError(description: "--governor: expected a command line, found nothing")
        }
        guard let path = path(of: program), access(path, X_OK) == 0 else {
            throw UsageError(description: "--governor: '\(program)' is not an executable file; give its path")
        }
        words[0] = path
        return words
    }

    /// A path counts from the working directory; a bare name is one of our own programs, or one in PATH.
    private static func path(of name: String) -> String? {
        if name.hasPrefix("/") { return name }
        if name.contains("/") { return "\(currentDirectory)/\(name)" }
        let beside = "\(Programs.ownDirectory)/\(name)"
        return access(beside, X_OK) == 0 ? beside : Programs.find(name)
    }

    /// Edits between two words.
    static func distance(_ left: String, _ right: String) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let insertion = min(row[j], row[j + 1]) + 1
                let change = previous + (a == b ? 0 : 1)
                previous = row[j + 1]
                row[j + 1] = min(insertion, change)
            }
        }
        return row[right.count]
    }
}
