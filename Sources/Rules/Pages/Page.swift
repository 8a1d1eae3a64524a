// The frame of a page: one file that shows everything by itself. No script, no font, no image and no style comes from
// elsewhere, and the content security policy says so to the browser: nothing is fetched, and only the one style
// whose hash is named is used. Colours are Okabe and Ito's; each stands beside a word or a sign, never alone.

import History
import Messages

struct Page {
    let title: String
    let body: [String]
    /// Embedded whole, so that the page can be read by programs too.
    let data: JSON

    var bytes: [UInt8] {
        let style = Page.style
        // `</script>` inside the data would end it; the escape means the same in JSON.
        let embedded = data.text(.sorted).replacing("<", with: "\\u003C")
        let lines = [
            "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">",
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                + "style-src 'sha256-\(base64SHA256(style))'; base-uri 'none'; form-action 'none'\">",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
            "<meta name=\"color-scheme\" content=\"light dark\">", "<title>\(escaped(title))</title>",
            "<style>\(style)</style>", "</head>", "<body>", "<main>",
        ]
        let end = [
            "</main>", "<script type=\"application/json\" id=\"data\">\(embedded)</script>", "</body>", "</html>", "",
        ]
        return Array((lines + body + end).joined(separator: "\n").utf8)
    }

    private static let style = """
        :root{color-scheme:light dark;--ground:#fff;--ink:#1a1a1a;--faint:#5f6368;--line:#d7dadd;--panel:#f5f6f7;\
        --pass:#007a59;--fail:#b84a00;--unknown:#8a5d00;--blue:#0072b2;--sky:#56b4e9;--orange:#e69f00;--green:#009e73;\
        --red:#d55e00;--purple:#cc79a7}
        @media(prefers-color-scheme:dark){:root{--ground:#14171a;--ink:#e8eaed;--faint:#a3a9af;--line:#3a4046;\
        --panel:#1e2226;--pass:#3fd0a4;--fail:#ff9a57;--unknown:#f0c04a;--blue:#56a9e0;--sky:#8fd0f5}}
        *{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
        main{max-width:1100px;margin:0 auto;padding:24px 16px}h1{font-size:24px;margin:0 0 4px}
        h2{font-size:17px;margin:28px 0 8px}p{margin:4px 0}.faint{color:var(--faint)}
        table{border-collapse:collapse;width:100%;font-size:14px}.wide{overflow-x:auto}
        th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-bottom:1px solid var(--line)}
        th{color:var(--faint);font-weight:600}td.number{text-align:right;font-variant-numeric:tabular-nums}
        code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}.pass{color:var(--pass)}.fail{color:var(--fail)}
        .inconclusive{color:var(--unknown)}.word{font-weight:600;white-space:nowrap}
        .badge{display:inline-block;border:2px solid currentColor;border-radius:6px;padding:2px 10px;font-weight:700}
        figure{margin:8px 0;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:8px}
        figcaption{color:var(--faint);font-size:13px}svg{display:block;width:100%;height:auto}
        svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .faint{fill:var(--faint)}svg .axis{stroke:var(--line)}
        .fault{fill:var(--red)}.flag{fill:var(--purple)}.session{fill:var(--green)}.pause{fill:var(--orange)}
        .orders{fill:var(--blue)}.leak{fill:var(--fail)}.band{fill:var(--line);opacity:.35}.good{fill:var(--pass)}
        .bad{fill:var(--fail)}.unsure{fill:var(--unknown)}.limit{stroke:var(--ink);stroke-width:2}
        """
}

/// HTML and SVG text. What neither may hold becomes a question mark.
func escaped(_ text: String) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": out += "&amp;"
        case "<": out += "&lt;"
        case ">": out += "&gt;"
        case "\"": out += "&quot;"
        case "'": out += "&#39;"
        case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": out += "?"
        default: out.unicodeScalars.append(scalar)
        }
    }
    return out
}

/// A verdict as a sign and a word; the colour only repeats them.
func verdictMark(_ word: String) -> String {
    let sign = ["pass": "✓", "fail": "✗"][word] ?? "?"
    let name = ["pass", "fail"].contains(word) ? word : "inconclusive"
    return "<span class=\"word \(name)\">\(sign) \(escaped(word))</span>"
}

/// Cells are HTML already.
func table(_ head: [String], _ rows: [[String]]) -> [String] {
    ["<div class=\"wide\"><table>", "<thead><tr>\(head.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined())</tr></thead>"]
        + ["<tbody>"] + rows.map { "<tr>\($0.map { "<td>\($0)</td>" }.joined())</tr>" } + ["</tbody></table></div>"]
}

/// A value for people; never blank.
func shown(_ value: JSON?) -> String {
    guard let value, !value.isNull else { return "<span class=\"faint\">not measured</span>" }
    return escaped(value.string ?? value.text())
}

/// RFC 4648, with padding.
func base64SHA256(_ text: String) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let hash = SHA256.hash(text.utf8).bytes
    var out: [UInt8] = []
    for start in stride(from: 0, to: hash.count, by: 3) {
        let group = hash[start..<min(start + 3, hash.count)]
        let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < group.count ? group[start + $1] : 0) }
        for place in 0..<4 {
            let digit = digits[Int(bits >> (18 - 6 * place) & 63)]
            out.append(place <= group.count ? digit : UInt8(ascii: "="))
        }
    }
    return String(decoding: out, as: UTF8.self)
}
