import Messages

extension RunTimeline {
    private static let width = 1_000.0
    private static let left = 110.0
    private static let lane = 26.0
    private static let plot = 70.0

    /// An SVG with its description; whoever can't see it reads the table of spans below it.
    var figure: [String] {
        let lanes: [(name: String, style: String, spans: [Span])] = [
            ("session", "session", sessions), ("operator's pause", "pause", pauses), ("critical pause", "flag", flags),
        ] + faults.map { ("fault", "fault", [$0]) }
        let bottom = RunTimeline.lane * Double(lanes.count + 1) + RunTimeline.plot + 12
        var lines = [
            "<figure>",
            "<svg viewBox=\"0 0 \(number(RunTimeline.width)) \(number(bottom + 24))\" role=\"img\" "
                + "aria-label=\"\(escaped(description))\">",
        ]
        for (index, phase) in phases.enumerated() {
            if index % 2 == 0 { lines.append(box(phase, y: 0, height: bottom, style: "band")) }
            lines.append(label(phase.text, x: place(phase.from) + 4, y: 13, style: "faint"))
        }
        for (index, lane) in lanes.enumerated() {
            let y = RunTimeline.lane * Double(index + 1)
            lines.append(label(lane.name, x: 4, y: y + 14))
            for span in lane.spans {
                lines.append(box(span, y: y + 3, height: RunTimeline.lane - 9, style: lane.style))
                if lane.style == "fault" || lane.style == "flag" {
                    lines.append(label(span.text, x: place(span.from) + 4, y: y + 15))
                }
            }
        }
        lines += ordersPlot(top: RunTimeline.lane * Double(lanes.count + 1), bottom: bottom)
        return lines + axis(bottom) + ["</svg>", "<figcaption>\(escaped(description))</figcaption>", "</figure>"] + spanTable
    }

    private func ordersPlot(top: Double, bottom: Double) -> [String] {
        let most = orders.max() ?? 0
        var lines = [label("orders left", x: 4, y: top + 16), label("most \(most)", x: 4, y: top + 32, style: "faint")]
        let step = (RunTimeline.width - RunTimeline.left) / Double(orders.count)
        for (index, count) in orders.enumerated() where count > 0 {
            let height = Double(count) / Double(max(1, most)) * RunTimeline.plot
            lines.append(
                "<rect class=\"orders\" x=\"\(number(RunTimeline.left + step * Double(index)))\" "
                    + "y=\"\(number(bottom - height))\" width=\"\(number(step))\" "
                    + "height=\"\(number(height))\"/>")
        }
        for leak in leaks {
            let x = place(leak)
            lines.append(
                "<path class=\"leak\" d=\"M\(number(x)) \(number(bottom)) l-5 -10 h10 z\"/>")
            lines.append(label("leak", x: x + 7, y: bottom - 2))
        }
        return lines
    }

    private func axis(_ y: Double) -> [String] {
        let step = [1.0, 2, 5, 10, 20, 30, 60, 120, 300].first { end / $0 <= 12 } ?? 600
        let ticks = stride(from: 0.0, through: end, by: step).map { time in
            label("\(Int(time)) s", x: place(time), y: y + 16, style: "faint")
        }
        let line = "<line class=\"axis\" x1=\"\(number(RunTimeline.left))\" x2=\"\(number(RunTimeline.width))\" "
            + "y1=\"\(number(y))\" y2=\"\(number(y))\"/>"
        return [line] + ticks
    }

    /// The same in words.
    private var spanTable: [String] {
        let kinds = [("fault", faults), ("critical pause", flags), ("operator's pause", pauses), ("session", sessions)]
        let rows = kinds.flatMap { kind, spans in
            spans.map { [kind, escaped($0.text), JSON.real($0.from).text(), JSON.real($0.to).text()] }
        }
        return ["<details><summary>The same in numbers</summary>"]
            + table(["what", "which", "from, s", "to, s"], rows) + ["</details>"]
    }

    var description: String {
        let parts = faults.map { "fault \($0.text) from \(number($0.from)) to \(number($0.to)) s" }
            + flags.map { "critical pause from \(number($0.from)) to \(number($0.to)) s" }
            + ["\(orders.reduce(0, +)) orders left", leaks.isEmpty ? "no leak was announced" : "\(leaks.count) leaks"]
        return "Timeline of \(number(end)) s: \(parts.joined(separator: ", "))"
    }

    private func place(_ time: Double) -> Double {
        RunTimeline.left + time / end * (RunTimeline.width - RunTimeline.left)
    }

    private func box(_ span: Span, y: Double, height: Double, style: String) -> String {
        "<rect class=\"\(style)\" x=\"\(number(place(span.from)))\" y=\"\(number(y))\" "
            + "width=\"\(number(max(1, place(span.to) - place(span.from))))\" height=\"\(number(height))\">"
            + "<title>\(escaped(span.text)): \(number(span.from)) to \(number(span.to)) s</title></rect>"
    }

    private func label(_ text: String, x: Double, y: Double, style: String = "") -> String {
        let style = style.isEmpty ? "" : " class=\"\(style)\""
        return "<text\(style) x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(text))</text>"
    }
}

/// Two decimals are finer than a pixel.
func number(_ value: Double) -> String { JSON.real((value * 100).rounded() / 100).text() }
