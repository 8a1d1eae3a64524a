/// `Did you mean 'eventually'?`, or the legal values when nothing is close.
package func suggestion(for word: String, among legal: [String]) -> String {
    let limit = max(1, min(3, word.count / 3))
    let ranked = legal.map { (distance: editDistance(word, $0), word: $0) }.filter { $0.distance <= limit }
    if let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) {
        return "Did you mean '\(best.word)'?"
    }
    return legal.isEmpty ? "None is possible here." : "Legal: \(legal.joined(separator: ", "))."
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other
/// (optimal string alignment; Boytsov 2011, section 2.2).
func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var before: [Int] = []
    var last = Array(0...right.count)
    for row in 0..<left.count {
        var next = [row + 1]
        for column in 0..<right.count {
            let same = left[row] == right[column]
            var best = min(next[column] + 1, last[column + 1] + 1, last[column] + (same ? 0 : 1))
            let swapped = row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
            if swapped { best = min(best, before[column - 1] + 1) }
            next.append(best)
        }
        (before, last) = (last, next)
    }
    return last[right.count]
}
