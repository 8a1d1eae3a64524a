/// Three-valued, everywhere. Not knowing is not passing, and it is not failing either.
package enum Outcome: String, Hashable, Sendable, CaseIterable {
    case pass, fail, inconclusive

    /// Any fail fails, else anything unknown is inconclusive. Nothing judged is nothing known.
    package static func of(_ all: some Sequence<Outcome>) -> Outcome {
        var result: Outcome?
        for outcome in all {
            if outcome == .fail { return .fail }
            if outcome == .inconclusive || result == nil { result = outcome }
        }
        return result ?? .inconclusive
    }

    /// The exit code of a program whose result this is.
    package var exitCode: Int32 {
        switch self {
        case .pass: 0
        case .fail: 1
        case .inconclusive: 2
        }
    }
}
