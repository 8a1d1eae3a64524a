import Testing
import Verdicts

@Suite struct LexiconTests {
    @Test func `every text comes back as it was, however many there are and however long`() {
        var lexicon = Lexicon()
        let texts = (0..<5_000).map { "order-\($0)-" + String(repeating: "é", count: $0 % 20) } + [""]
        let numbers = texts.map { lexicon.note($0) }
        #expect(numbers.map { lexicon[$0] } == texts)
        #expect(texts.map { lexicon.note($0) } == numbers)
        #expect(texts.map { lexicon.find($0) } == numbers.map { $0 })
        #expect(lexicon.find("order-5000-") == nil)
    }

    @Test func `an intent is its id and its tick, and one without either is never another one's equal`() {
        var lexicon = Lexicon()
        let first = lexicon.note(id: "i-1", tick: 4)
        let again = lexicon.note(id: "i-1", tick: 5)
        #expect(first != again && lexicon.note(id: "i-1", tick: 4) == first)
        #expect(lexicon.key(first)?.id == "i-1" && lexicon.key(first)?.tick == 4)
        #expect(Array(lexicon.intents(of: lexicon.note("i-1"))) == [again, first])
        let nameless = lexicon.note(id: nil, tick: 4)
        #expect(nameless != lexicon.note(id: nil, tick: 4))
        #expect(lexicon.key(nameless) == nil && lexicon.tick(of: nameless) == 4 && lexicon.id(of: nameless) == nil)
        let tickless = lexicon.note(id: "i-1", tick: nil)
        #expect(lexicon.key(tickless) == nil && lexicon.id(of: tickless) == "i-1" && tickless != first)
        #expect(lexicon.note(id: nil, tick: nil) == .none)
    }

    @Test func `an intent has one number, in whatever order it is told of`() {
        var lexicon = Lexicon()
        func note(_ names: [(String, Int64)]) -> [IntentNumber] { names.map { lexicon.note(id: $0.0, tick: $0.1) } }
        // A name that is used again, and one tick with two names: what is next is not always who comes next.
        let told: [(String, Int64)] = [("a", 1), ("b", 2), ("a", 3), ("c", 3), ("", 4), ("ab", 5), ("é", 6)]
        let numbers = note(told)
        #expect(Set(numbers).count == told.count)
        #expect(note(told) == numbers)
        #expect(note(told.reversed()) == numbers.reversed())
        #expect(note([told[0], told[2], told[1], told[3]]) == [numbers[0], numbers[2], numbers[1], numbers[3]])
        #expect(!note([told[0], ("b", 3), ("bb", 2), ("", 2)]).dropFirst().contains(where: numbers.contains))
        #expect(lexicon.note(id: "c", tick: nil) != lexicon.note(id: "c", tick: .min))
    }

    @Test func `a number too wide for four bytes is kept whole`() {
        var lexicon = Lexicon()
        let values: [Int64?] = [0, -1, 1 << 30, (1 << 30) - 1, -(1 << 30), .max, .min, nil, 4_390_000]
        let numbers = values.map { lexicon.note($0) }
        #expect(numbers.map { lexicon[$0] } == values)
    }
}
