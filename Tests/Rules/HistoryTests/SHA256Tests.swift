import History
import Testing

// FIPS 180-4's own examples, and what is long enough to be more than one block.
@Suite struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the standard's examples have the standard's hashes`(_ text: String, _ expected: String) {
        #expect(SHA256.hash(text.utf8).hexadecimal == expected)
    }

    @Test func `a million letters in pieces of any size have the standard's hash`() {
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        for size in [1, 63, 64, 65, 4_096, 1_000_000] {
            var hash = SHA256()
            for start in stride(from: 0, to: letters.count, by: size) {
                hash.update(letters[start..<min(start + size, letters.count)])
            }
            #expect(hash.digest().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        }
    }

    @Test func `a copy goes on by itself, and a digest ends nothing`() {
        var first = SHA256()
        first.update("a".utf8)
        var second = first
        _ = first.digest()
        first.update("bc".utf8)
        second.update("x".utf8)
        #expect(first.digest() == SHA256.hash("abc".utf8))
        #expect(second.digest() == SHA256.hash("ax".utf8))
    }
}
