import FIX
import Testing

@Suite struct DictionaryTests {
    private static let order = [(11, "G-1"), (55, "NVDA"), (54, "1"), (60, "20231017-13:30:00.000")]
    /// The least that each message of the contract must hold.
    private static let least: [(String, [(Int, String)])] = [
        ("0", []), ("1", [(112, "x")]), ("2", [(7, "1"), (16, "0")]), ("3", [(45, "2")]), ("4", [(36, "5")]),
        ("5", []), ("A", [(98, "0"), (108, "1")]), ("D", order + [(40, "1")]), ("F", order + [(41, "G-0")]),
        ("G", order + [(41, "G-0"), (40, "1")]), ("H", [(11, "G-1"), (55, "NVDA"), (54, "2")]),
        ("q", [(11, "G-1"), (530, "7"), (60, "20231017-13:30:00")]),
        ("r", [(37, "B-1"), (530, "7"), (531, "7")]), ("AF", [(584, "m"), (585, "7")]),
        ("8", [
            (37, "B-1"), (17, "E-1"), (150, "F"), (39, "1"), (55, "NVDA"), (54, "5"), (151, "40"), (14, "60"),
            (6, "440.25"),
        ]),
        ("9", [(37, "B-1"), (11, "G-2"), (41, "G-1"), (39, "2"), (434, "1")]), ("j", [(372, "B"), (380, "3")]),
    ]

    private func message(_ type: String, _ fields: [(Int, String)]) -> Message {
        Message(type, fields.map { (Tag($0.0), $0.1) })
    }

    @Test(arguments: least.indices)
    func `each message of the contract is sound with its required fields, and with none of them missing`(index: Int) {
        let (type, fields) = Self.least[index]
        #expect(MessageDictionary.defines(type))
        #expect(MessageDictionary.defect(of: message(type, fields)) == nil)
        for position in fields.indices {
            var fewer = fields
            let removed = fewer.remove(at: position)
            let defect = MessageDictionary.defect(of: message(type, fewer))
            #expect(defect?.reason == .requiredTagMissing, "\(type) without \(removed)")
            #expect(defect?.tag == Tag(removed.0), "\(type) without \(removed)")
        }
    }

    @Test func `the fields that the governor and the broker use beside these are allowed`() {
        let used: [(String, [(Int, String)])] = [
            ("D", [(526, "i-1"), (38, "1"), (44, "1.0001"), (59, "3"), (77, "C"), (21, "1"), (58, "x"), (1, "acc")]),
            ("F", [(526, "i-2"), (37, "B-1"), (38, "1")]), ("G", [(526, "i-3"), (38, "1"), (44, "9"), (59, "0")]),
            ("H", [(37, "B-1"), (790, "s")]), ("q", [(55, "NVDA"), (526, "i-4")]),
            ("r", [(11, "G-1"), (533, "2"), (532, "99"), (58, "x")]), ("AF", [(55, "NVDA")]),
            ("8", [
                (11, "G-1"), (41, "G-0"), (526, "i-1"), (38, "100"), (40, "2"), (44, "1"), (59, "4"), (77, "O"),
                (32, "60"), (31, "440.25"), (60, "20231017-13:30:00.000"), (103, "99"), (58, "x"), (584, "m"),
                (911, "0"), (912, "Y"), (378, "6"), (790, "s"), (19, "E-0"),
            ]),
            ("9", [(102, "1"), (58, "x"), (526, "i-2"), (60, "20231017-13:30:00")]),
            ("j", [(45, "3"), (379, "G-1"), (58, "x")]), ("A", [(141, "Y"), (789, "4"), (553, "u"), (554, "p")]),
        ]
        for (type, fields) in used {
            let base = Self.least.first { $0.0 == type }?.1 ?? []
            #expect(MessageDictionary.defect(of: message(type, base + fields)) == nil, "\(type)")
        }
    }

    @Test func `an unknown type is told from a known one that isn't ours`() {
        #expect(MsgType.isDefined("B") && MsgType.isDefined("AE") && MsgType.isDefined("U7"))
        for type in ["", "U", "I", "O", "ZZ", "AAA", "é", "BZ"] { #expect(!MsgType.isDefined(type), "\(type)") }
        #expect(!MessageDictionary.defines("B"))
    }
}
