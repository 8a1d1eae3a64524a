/// Which fields belong to the standard header and trailer.
enum HeaderTags {
    static func isHeader(_ tag: Tag) -> Bool {
        switch tag.rawValue {
        case 8, 9, 34, 35, 43, 49, 50, 52, 56, 57, 90, 91, 97, 115, 116, 122, 128, 129, 142, 143, 144, 145,
            212, 213, 347, 369, 627, 628, 629, 630:
            true
        default: false
        }
    }

    static func isTrailer(_ tag: Tag) -> Bool { tag == .signatureLength || tag == .signature || tag == .checkSum }

    /// Members of the group NoHops(627), which may come again.
    static func isHop(_ tag: Tag) -> Bool { (628...630).contains(tag.rawValue) }
}

/// Data fields, whose value may hold the delimiter and whose length stands in the field before.
enum DataTags {
    static func length(of tag: Tag) -> Tag? {
        switch tag.rawValue {
        case 89: Tag(93)
        case 91: Tag(90)
        case 96: Tag(95)
        case 213: Tag(212)
        case 349, 351, 353, 355, 357, 359, 361, 363, 365: Tag(tag.rawValue - 1)
        case 446: Tag(445)
        case 619: Tag(618)
        case 622: Tag(621)
        default: nil
        }
    }
}

/// A set of tags that FIX 4.4 defines, without an allocation.
struct TagSet {
    private var words = InlineArray<15, UInt64>(repeating: 0)

    static let capacity = 15 * 64

    func contains(_ tag: Tag) -> Bool {
        guard tag.rawValue >= 0, tag.rawValue < TagSet.capacity else { return false }
        return words[tag.rawValue >> 6] & (1 << UInt64(tag.rawValue & 63)) != 0
    }

    /// Whether the tag was new. A tag out of range is never remembered, hence always new.
    @discardableResult
    mutating func insert(_ tag: Tag) -> Bool {
        guard tag.rawValue >= 0, tag.rawValue < TagSet.capacity else { return true }
        let bit: UInt64 = 1 << UInt64(tag.rawValue & 63)
        let isNew = words[tag.rawValue >> 6] & bit == 0
        words[tag.rawValue >> 6] |= bit
        return isNew
    }
}
