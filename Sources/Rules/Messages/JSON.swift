/// A JSON value with exact numbers: what the processes say to each other and write down as evidence.
///
/// Integers are 64-bit, everything else is fixed point with six decimals, so that the same value is
/// always the same bytes. Objects keep the order in which they were built or read.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A real in millionths. `1.5` is `.fixed(millionths: 1_500_000)`.
    case fixed(millionths: Int64)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let key: String
        package let value: JSON

        package init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }
    }
}

extension JSON {
    /// Rounds half away from zero at the sixth decimal. Not-a-number and infinities become `null`:
    /// a reader must treat them as missing.
    package static func real(_ value: Double) -> JSON {
        let scaled = (value * 1e6).rounded(.toNearestOrAwayFromZero)
        guard scaled.magnitude < 9e18 else { return .null }
        return .fixed(millionths: Int64(scaled))
    }

    /// The value of a member, `nil` when absent or when this is no object. `null` counts as present.
    package subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    package var members: [Member]? { if case .object(let value) = self { value } else { nil } }

    /// An integer, or a fixed-point number that has no fraction.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .fixed(let millionths) where millionths % 1_000_000 == 0: millionths / 1_000_000
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .fixed(let millionths): Double(millionths) / 1e6
        default: nil
        }
    }

    package var isNull: Bool { self == .null }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
    package init(nilLiteral: ()) { self = .null }
}

extension JSON {
    /// `null` for an absent value, so that a message always has all of its keys.
    package static func optional(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
    package static func optional(_ value: Int64?) -> JSON { value.map { .integer($0) } ?? .null }
}
