/// What the value of a field must look like.
enum FieldFormat: Sendable {
    case text
    case character
    case integer
    /// A whole number from zero on.
    case count
    case sequenceNumber
    /// A decimal number; a quantity may not be negative.
    case price
    case quantity
    case boolean
    case timestamp
    case date
    case data

    func accepts(_ value: String) -> Bool {
        let bytes = value.utf8
        switch self {
        case .text, .data: return true
        case .character: return bytes.count == 1
        case .integer: return FieldFormat.isInteger(bytes)
        case .count: return FieldFormat.isDigits(bytes)
        case .sequenceNumber: return FieldFormat.isDigits(bytes)
        case .price: return FieldFormat.isDecimal(bytes)
        case .quantity: return bytes.first != UInt8(ascii: "-") && FieldFormat.isDecimal(bytes)
        case .boolean: return value == "Y" || value == "N"
        case .timestamp: return Timestamp.read(bytes) != nil
        case .date: return Timestamp.read(Array(bytes) + Array("-00:00:00".utf8)) != nil
        }
    }

    private static func isDigits(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.count <= 18 && bytes.allSatisfy { $0 >= 48 && $0 <= 57 }
    }

    private static func isInteger(_ bytes: String.UTF8View) -> Bool {
        bytes.first == UInt8(ascii: "-") ? isDigits(bytes.dropFirst()) : isDigits(bytes)
    }

    private static func isDecimal(_ bytes: String.UTF8View) -> Bool {
        var digits = 0
        var points = 0
        for (position, byte) in bytes.enumerated() {
            switch byte {
            case 48...57: digits += 1
            case UInt8(ascii: "."): points += 1
            case UInt8(ascii: "-") where position == 0: break
            default: return false
            }
        }
        return digits > 0 && digits <= 18 && points <= 1
    }
}

/// The formats and the legal values of the fields that this project's messages use.
enum FieldTable {
    /// FIX 4.4 defines the tags 1 to 956; from 5000 on they are the users'.
    static let definedTags = 1...956
    static let userDefinedTags = 5000...9999

    static func format(of tag: Tag) -> FieldFormat {
        definedTags.contains(tag.rawValue) ? formats[tag.rawValue] : .text
    }

    private static let formats: [FieldFormat] = {
        var table = [FieldFormat](repeating: .text, count: definedTags.upperBound + 1)
        for (format, tags) in byFormat { for tag in tags { table[tag] = format } }
        return table
    }()

    private static let byFormat: [(FieldFormat, [Int])] = [
        (.character, [21, 39, 40, 54, 59, 63, 77, 150, 434, 447, 530, 531, 528]),
        (.integer, [102, 103, 378, 380, 373, 532, 585, 98, 452, 460, 464, 581, 660]),
        (.count, [95, 93, 354, 383, 108, 371, 453, 533, 911, 802]),
        (.sequenceNumber, [7, 16, 36, 45, 369, 789]),
        (.price, [6, 31, 44, 99, 140, 426, 12, 381, 118]),
        (.quantity, [14, 32, 38, 151, 110, 111, 210, 152, 424, 425]),
        (.boolean, [114, 121, 123, 141, 377, 912, 43, 97]),
        (.timestamp, [60, 126, 168, 52, 122]),
        (.date, [64, 75, 229, 432]),
        (.data, [96, 89, 355]),
    ]

    /// Values outside the list are "incorrect for this tag"; a tag without a list may hold anything of its format.
    static let legalValues: [Tag: Set<String>] = [
        .side: letters("123456789ABCDEFG"), .ordType: letters("123456789DEGIJKLMP"),
        .timeInForce: letters("01234567"), .positionEffect: letters("OCRF"), .handlInst: letters("123"),
        .ordStatus: letters("0123456789ABCDE"), .execType: letters("03456789ABCDEFGHI"),
        .cxlRejResponseTo: letters("12"), .massCancelRequestType: letters("1234567"),
        .massCancelResponse: letters("01234567"), .massStatusReqType: letters("12345678"),
        .encryptMethod: letters("0123456"), .cxlRejReason: letters("0123456").union(["99"]),
        .ordRejReason: numbers(0...15).union(["99"]), .sessionRejectReason: numbers(0...17).union(["99"]),
        .businessRejectReason: numbers(0...7), .massCancelRejectReason: numbers(0...6).union(["99"]),
        .execRestatementReason: numbers(0...10).union(["99"]),
    ]

    static let hasLegalValues: TagSet = {
        var tags = TagSet()
        for tag in legalValues.keys { tags.insert(tag) }
        return tags
    }()

    private static func letters(_ text: String) -> Set<String> { Set(text.map(String.init)) }
    private static func numbers(_ range: ClosedRange<Int>) -> Set<String> { Set(range.map(String.init)) }
}
