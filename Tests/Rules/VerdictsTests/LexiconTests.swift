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

    @Test func `a name that ends in a number comes back with every zero of it, whatever was noted before`() {
        let endings = ["0", "7", "07", "007", "10", "010", "4194303", "4194304", "9999999", "0000001", "12345678", "1é"]
        let texts = endings.flatMap { end in ["", "i-", "k3-E", "é"].map { $0 + end } } + ["-", "1-", "0x"]
        for order in [texts, texts.reversed()] {
            var lexicon = Lexicon()
            let numbers = order.map { lexicon.note($0) }
            #expect(Set(numbers).count == Set(order).count)
            #expect(numbers.map { lexicon[$0] } == order)
            #expect(order.map { lexicon.note($0) } == numbers)
            #expect(order.map { lexicon.find($0) } == numbers.map { $0 })
        }
    }

    @Test func `more beginnings than are kept apart take nothing from any name`() {
        var lexicon = Lexicon()
        let texts = (0..<100).flatMap { start in (0..<3).map { "from \(start) to \($0)" } }
        let numbers = texts.map { lexicon.note($0) }
        #expect(Set(numbers).count == texts.count && numbers.map { lexicon[$0] } == texts)
        let intents = texts.enumerated().map { lexicon.note(id: $1, tick: Int64($0)) }
        #expect(intents.map { lexicon.id(of: $0) } == texts)
        #expect(zip(numbers, intents).allSatisfy { Array(lexicon.intents(of: $0)) == [$1] })
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
