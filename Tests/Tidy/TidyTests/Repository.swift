import Foundation

/// The project as files: what the Tidy tests read.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct Source {
        /// Relative to the root.
        let path: String
        let text: String
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        /// `Sources/Rules/FIX/Tag.swift` → `["Sources", "Rules", "FIX", "Tag.swift"]`
        var parts: [String] { path.split(separator: "/").map(String.init) }
    }

    /// Every file below `directory` with one of the endings, hidden and built ones left out.
    static func files(below directory: String, endings: [String]) -> [Source] {
        let start = root.appending(path: directory)
        let walk = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
        var found: [Source] = []
        while let url = walk?.nextObject() as? URL {
            guard endings.contains(url.pathExtension), let text = try? String(contentsOf: url, encoding: .utf8) else {
                continue  // A directory, or no text: not ours to judge.
            }
            let path = url.path.replacingOccurrences(of: root.path + "/", with: "")
            found.append(Source(path: path, text: text))
        }
        return found.sorted { $0.path < $1.path }
    }

    static func text(_ path: String) -> String? {
        // `nil` says that the file is not there, and the caller says so.
        try? String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static var swift: [Source] {
        files(below: "Sources", endings: ["swift"]) + files(below: "Tests", endings: ["swift"])
            + files(below: "Benchmarks", endings: ["swift"])
    }
}
