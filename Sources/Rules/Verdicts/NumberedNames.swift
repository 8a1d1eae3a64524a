// Names that end in a number: `i-0001234`, `k3-E17`. A flood has a million of them and a handful of beginnings; kept by
// beginning and number, a name is its four bytes and nothing besides.
//
// One text has one form, whatever was noted before it: the beginning never ends in a digit, and digits with a zero in
// front belong to a family of their own width.

struct NumberedNames: Sendable {
    /// What texts of a lexicon that are kept here have in common.
    static let mark: UInt32 = 1 << 31
    /// Each name is compared with every family: more of them would cost more than they spare.
    static let familiesMaximum = 31
    static let digitsMaximum = 7
    static let beginningMaximum = 64
    private static let numberBits: UInt32 = 22

    private struct Family: Sendable {
        let beginning: [UInt8]
        /// 0: as many digits as the number has.
        let width: Int
        /// By number: the intent that was noted last under that name.
        var latest: ContiguousArray<Int32> = []
    }

    private struct Parts {
        let beginning: Int
        let width: Int
        let number: UInt32
    }

    private var families: [Family] = []

    static func has(_ raw: UInt32) -> Bool { raw & mark != 0 }

    /// `nil`: not a name of a known family. Whether this one was noted isn't kept.
    func find(_ utf8: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard let parts = NumberedNames.split(utf8) else { return nil }
        return family(of: utf8, parts).map { NumberedNames.raw($0, parts.number) }
    }

    /// `nil`: no such name, or one family too many.
    mutating func note(_ utf8: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard let parts = NumberedNames.split(utf8) else { return nil }
        if let known = family(of: utf8, parts) { return NumberedNames.raw(known, parts.number) }
        guard families.count < NumberedNames.familiesMaximum else { return nil }
        families.append(Family(beginning: Array(utf8[..<parts.beginning]), width: parts.width))
        return NumberedNames.raw(families.count - 1, parts.number)
    }

    func text(of raw: UInt32) -> String {
        let (place, number) = NumberedNames.parts(of: raw)
        let family = families[place]
        let digits = max(family.width, NumberedNames.digits(of: number))
        return String(unsafeUninitializedCapacity: family.beginning.count + digits) { utf8 in
            _ = utf8.update(fromContentsOf: family.beginning)
            var rest = UInt32(number)
            for place in (family.beginning.count..<utf8.count).reversed() {
                utf8[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            return utf8.count
        }
    }

    /// The intent that was noted last under this name; -1: none.
    subscript(latest raw: UInt32) -> Int32 {
        get {
            let (place, number) = NumberedNames.parts(of: raw)
            return number < families[place].latest.count ? families[place].latest[number] : -1
        }
        set {
            let (place, number) = NumberedNames.parts(of: raw)
            while families[place].latest.count <= number { families[place].latest.append(-1) }
            families[place].latest[number] = newValue
        }
    }

    private func family(of utf8: UnsafeBufferPointer<UInt8>, _ parts: Parts) -> Int? {
        families.firstIndex { family in
            family.width == parts.width && family.beginning.count == parts.beginning
                && family.beginning.elementsEqual(utf8[..<parts.beginning])
        }
    }

    private static func split(_ utf8: UnsafeBufferPointer<UInt8>) -> Parts? {
        var start = utf8.count
        var number: UInt32 = 0
        var scale: UInt32 = 1
        while start > 0, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(utf8[start - 1]) {
            start -= 1
            guard utf8.count - start <= digitsMaximum else { return nil }
            number += scale * UInt32(utf8[start] - UInt8(ascii: "0"))
            scale *= 10
        }
        guard start < utf8.count, start <= beginningMaximum, number < 1 << numberBits else { return nil }
        let isPadded = utf8[start] == UInt8(ascii: "0") && utf8.count - start > 1
        return Parts(beginning: start, width: isPadded ? utf8.count - start : 0, number: number)
    }

    private static func raw(_ family: Int, _ number: UInt32) -> UInt32 { mark | UInt32(family) << numberBits | number }

    private static func parts(of raw: UInt32) -> (family: Int, number: Int) {
        (Int((raw & ~mark) >> numberBits), Int(raw & (1 << numberBits - 1)))
    }

    private static func digits(of number: Int) -> Int {
        var (count, rest) = (1, number / 10)
        while rest > 0 { (count, rest) = (count + 1, rest / 10) }
        return count
    }
}
