import Glibc

/// The Python in which tests run what nobody here wrote, and the governor written in Python: `.build/python`, with what
/// `Tests/requirements.txt` names. `./scripts/python` makes it, for `./scripts/test`.
package enum CheckPython {
    package static let whyNot = "skipped: there is no .build/python; ./scripts/python makes it, from PyPI"

    /// Path of its interpreter; `nil` when it isn't there, or was not finished.
    package static let path: String? = {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let home = "/\(root)/.build/python"
        let isWhole = access("\(home)/made-from", R_OK) == 0 && access("\(home)/bin/python3", X_OK) == 0
        return isWhole ? "\(home)/bin/python3" : nil
    }()
}
