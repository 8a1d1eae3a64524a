import History
import Messages
import Scenarios
import Units

extension Verdict {
    /// Sorted keys, integers or six decimals, a final newline: the same verdict is the same bytes.
    package var bytes: [UInt8] { json.prettyBytes(.sorted) }

    package var json: JSON {
        [
            "schema": .string(Verdict.schema), "verdict": .string(outcome.rawValue), "certifying": .bool(certifying),
            "run": run, "gates": .array(gates.map(\.json)), "measurements": measurements,
            "faults": .array(faults.map(\.json)), "environment": environment,
            "evidence": [
                "files": .array(files.map { file in
                    var members: [JSON.Member] = [
                        .init("path", .string(file.path)), .init("bytes", .integer(file.bytes)),
                        .init("sha256", .string(file.sha256)),
                    ]
                    if file.path == "history.ndjson" {
                        members.append(.init("records", .integer(Int64(records))))
                        members.append(.init("chain_head", .string(chainHead)))
                    }
                    return .object(members)
                }),
                "defects": .array(defects.map { .string($0) }),
            ],
        ]
    }
}

extension Verdict.GateResult {
    package var comparator: String {
        switch threshold {
        case .duration: "<="
        case .count: ">="
        case .number: name.comparator.rawValue
        case .range: "in"
        case nil: kind == .never ? "==" : "is"
        }
    }

    package var unit: String {
        switch threshold {
        case .duration, .range: "s"
        case .count: "count"
        case .number: name.numberUnit
        case nil: kind == .never ? "count" : "bool"
        }
    }

    private var thresholdJSON: JSON {
        switch threshold {
        case .duration(let limit): .real(limit.seconds)
        case .count(let minimum): .integer(minimum)
        case .number(let limit): .real(limit.value)
        case .range(let low, let high): [.real(low.seconds), .real(high.seconds)]
        case nil: kind == .never ? 0 : true
        }
    }

    /// How far from the threshold, positive on the good side. `null` where that means nothing.
    private var margin: JSON {
        guard let observed = finding.observed.double else { return .null }
        return switch threshold {
        case .duration(let limit): .real(limit.seconds - observed)
        case .count(let minimum): .real(observed - Double(minimum))
        case .number(let limit):
            [.below, .atMost].contains(name.comparator)
                ? .real(limit.value - observed) : .real(observed - limit.value)
        default: .null
        }
    }

    package var json: JSON {
        let spans = Verdict.GateResult.spans(finding.records).map { span -> JSON in
            ["file": .string(span.first.file), "from": .integer(Int64(span.first.row)), "to": .integer(Int64(span.last.row))]
        }
        return [
            "name": .string(name.rawValue), "kind": .string(kind.rawValue), "comparator": .string(comparator),
            "threshold": thresholdJSON, "observed": finding.observed, "unit": .string(unit), "margin": margin,
            "interval": finding.interval?.json ?? .null, "n": .integer(Int64(finding.count)),
            "verdict": .string(outcome.rawValue),
            "reason": .optional(reason), "vacuous": .bool(finding.isVacuous),
            "premises": .array(premises.map { .string($0.rawValue) }), "evidence": .array(spans),
        ]
    }

    /// At most so many places are named; a gate with more says so in its count.
    static let spansMaximum = 50

    /// Neighbouring records, or rows of one file, as one span.
    static func spans(_ records: [Place]) -> [(first: Place, last: Place)] {
        var spans: [(first: Place, last: Place)] = []
        for record in records.sorted() {
            if let last = spans.last, record.follows(last.last) {
                spans[spans.count - 1].last = record
            } else {
                spans.append((record, record))
            }
        }
        return Array(spans.prefix(spansMaximum))
    }
}
