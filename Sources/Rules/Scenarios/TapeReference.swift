// A tape that takes the place of a scenario's own: `lobster:MESSAGE,BOOK` or `mbp10:FILE`, on the command line or under
// the key `tape`. The run's copy of its scenario names it, so that the run says what it was made from.

import Units

package struct TapeReference: Hashable, Sendable, CustomStringConvertible {
    package var format: SymbolSource.Format
    /// LOBSTER: the message file. `nil` for the others.
    package var messages: String?
    /// The file with the book.
    package var book: String

    package static let expected = "lobster:MESSAGE,BOOK or mbp10:FILE"

    /// `nil` when the text is no such reference.
    package init?(written text: String) {
        guard let colon = text.firstIndex(of: ":"), let format = SymbolSource.Format(rawValue: String(text[..<colon])) else {
            return nil
        }
        let files = text[text.index(after: colon)...].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard files.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch (format, files.count) {
        case (.lobster, 2): self.init(format: format, messages: files[0], book: files[1])
        case (.mbp10, 1): self.init(format: format, messages: nil, book: files[0])
        default: return nil
        }
    }

    package init(format: SymbolSource.Format, messages: String?, book: String) {
        self.format = format
        self.messages = messages
        self.book = book
    }

    package var description: String {
        "\(format.rawValue):" + (messages.map { "\($0)," } ?? "") + book
    }

    /// With the paths that `resolve` makes of its own.
    package func resolved(_ resolve: (String) -> String) -> TapeReference {
        TapeReference(format: format, messages: messages.map(resolve), book: resolve(book))
    }

    /// The bytes of a scenario file with this tape written at its end.
    package func written(into yaml: [UInt8]) -> [UInt8] {
        let start = yaml.last == 0x0A || yaml.isEmpty ? "" : "\n"
        return yaml + Array("\(start)tape: '\(description)'\n".utf8)
    }
}

extension ScenarioReading {
    /// The scenario's symbols, the first one from the tape that takes the place of its own.
    func replaced(_ books: [SymbolSource]?, _ root: Section) -> [SymbolSource]? {
        guard root.has("tape") else { return books }
        guard let text = root.text("tape") else { return nil }
        guard let tape = TapeReference(written: text) else {
            root.note("tape", "tape: expected \(TapeReference.expected), found '\(text)'")
            return nil
        }
        guard var books, !books.isEmpty else { return nil }
        books[0] = SymbolSource(
            symbol: books[0].symbol, format: tape.format, tape: tape.book, messages: tape.messages, first: 0,
            pricePercent: 100)
        return books
    }
}
