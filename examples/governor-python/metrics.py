"""`/metrics` and `/healthz`: Prometheus text 0.0.4, or OpenMetrics 1.0 for those who ask for it."""

import asyncio
import json
import resource
from bisect import bisect_left

BOUNDS = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.05, 0.1,
          0.12, 0.25, 0.5, 1.0, 2.5, 5.0]
HISTOGRAMS = {"decision": "risk_governor_decision_latency_seconds",
              "pipeline": "risk_governor_pipeline_latency_seconds",
              "redis": "risk_governor_redis_roundtrip_seconds"}
OPEN_METRICS = "application/openmetrics-text"


class Histogram:
    def __init__(self):
        self.counts, self.sum, self.last = [0] * (len(BOUNDS) + 1), 0.0, None

    def observe(self, seconds):
        self.counts[bisect_left(BOUNDS, seconds)] += 1      # a value equal to a bound counts inside it
        self.sum, self.last = self.sum + seconds, seconds

    def lines(self, name):
        total = 0
        for bound, count in zip([*map(repr, BOUNDS), "+Inf"], self.counts):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        yield f"{name}_sum {self.sum!r}"
        yield f"{name}_count {total}"


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


class Metrics:
    def __init__(self, governor):
        self.governor = governor
        self.histograms = {key: Histogram() for key in HISTOGRAMS}
        self.decisions = dict.fromkeys(("accept", "reduce", "reject", "flatten", "withdrawn"), 0)
        self.feed_latency = self.last_tick = None
        self.trouble, self.recovery = None, 0.0

    def families(self):
        """(name, type, help, [(label text, value)]); a value that isn't known has no sample."""
        governor, positions = self.governor, []
        for symbol, quantity in governor.account.positions.items():
            positions.append((f'{{symbol="{symbol}"}}', quantity))
        state = [(f'{{state="{name}"}}', int(name == governor.state))
                 for name in ("ACTIVE", "REDUCE_ONLY", "PAUSED", "KILLED")]
        actions = [(f'{{action="{name}"}}', count) for name, count in self.decisions.items()]

        def one(value, scale=1):
            return [] if value is None else [("", value * scale)]

        pipeline, redis = self.histograms["pipeline"].last, self.histograms["redis"].last
        return [
            ("risk_governor_decisions_total", "counter", "Outcomes published.", actions),
            ("risk_governor_recovery_time_seconds", "gauge", "Last trouble to recovered.", one(self.recovery)),
            ("risk_governor_feed_latency_seconds", "gauge", "Age of the last book on arrival.",
             one(self.feed_latency)),
            ("risk_governor_last_tick_timestamp_seconds", "gauge", "Sending time of the last tick.",
             one(self.last_tick)),
            ("risk_governor_position_shares", "gauge", "Signed position.", positions),
            ("risk_governor_state", "gauge", "1 for the present state.", state),
            ("risk_governor_tick_watermark", "gauge", "Largest tick with everything decided.",
             one(governor.last_tick)),
            ("risk_governor_lost_ticks", "gauge", "Ticks that never came.", one(governor.lost_ticks)),
            ("process_resident_memory_bytes", "gauge", "Resident set.", one(resident_bytes())),
            ("risk_governor_build_info", "info", "What is running.", [('{version="governor-python"}', 1)]),
            ("pipeline_latency", "gauge", "Last pipeline latency.", one(pipeline)),
            ("redis_roundtrip", "gauge", "Last round trip to Redis.", one(redis)),
            ("feed_latency_ms", "gauge", "Age of the last book on arrival.", one(self.feed_latency, 1000)),
            ("position_delta", "gauge", "Signed position.", positions)]

    def page(self, open_metrics):
        lines = []
        for name, kind, text, samples in self.families():
            if open_metrics:    # there a family goes without the suffix of its samples
                family = name.removesuffix("_total").removesuffix("_info")
            else:
                family, kind = name, "gauge" if kind == "info" else kind
            lines += [f"# HELP {family} {text}", f"# TYPE {family} {kind}"]
            lines += [f"{name}{labels} {value}" for labels, value in samples]
        for key, name in HISTOGRAMS.items():
            lines += [f"# HELP {name} Seconds.", f"# TYPE {name} histogram", *self.histograms[key].lines(name)]
        return "\n".join(lines + ["# EOF"] * open_metrics) + "\n"

    async def serve(self, reader, writer):
        try:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)).decode("latin-1")
            path, status, kind = head.split(" ")[1].split("?")[0], "200 OK", "text/plain; charset=utf-8"
            if path == "/metrics":
                wanted = OPEN_METRICS in head
                body = self.page(wanted)
                kind = f"{OPEN_METRICS}; version=1.0.0; charset=utf-8" if wanted else "text/plain; version=0.0.4"
            elif path == "/healthz":
                reason = self.governor.unhealthy()
                status = "503 Service Unavailable" if reason else "200 OK"
                kind = "application/json"
                body = json.dumps({"status": "unavailable" if reason else "ok", "reason": reason or ""})
            else:
                status, body = "404 Not Found", "metrics and healthz are here\n"
            data = body.encode()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
                         "Connection: close\r\n\r\n".encode() + data)
            await writer.drain()
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError):
            pass    # a scraper that went away
        finally:
            writer.close()
