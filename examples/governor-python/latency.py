"""How slow the network is, from probes that are sent whether or not the last one was answered."""

from collections import deque
from statistics import median


class Probe:
    """The last five round trips to one peer, in seconds."""

    def __init__(self):
        self.round_trips, self.waiting, self.last_answer = deque(maxlen=5), {}, 0.0

    def sent(self, name, now):
        self.waiting[name] = now
        if len(self.waiting) > 200:
            del self.waiting[next(iter(self.waiting))]

    def answered(self, name, now):
        if name in self.waiting:
            self.round_trips.append(now - self.waiting.pop(name))
            self.last_answer = now

    def clear(self):
        self.round_trips.clear()
        self.waiting.clear()

    def value(self, now):
        """A probe without an answer counts with its age as soon as that is worse than what is known anyway."""
        if not self.round_trips:
            return 0.0
        known = median(self.round_trips)
        late = [now - at for at in self.waiting.values() if now - at > known]
        return median([*self.round_trips, *late][-5:])


class Sustained:
    """More than 120 ms for 5 s. Time in which nobody answers says nothing about latency: that is an outage."""

    def __init__(self, *probes):
        self.probes, self.last = probes, None
        self.above = self.below = 0.0
        self.latency = 0.0

    def tick(self, now):
        """True when, and as long as, the latency is a sustained one."""
        elapsed, self.last = now - (self.last or now), now
        self.latency = max(probe.value(now) for probe in self.probes)
        if now - max(probe.last_answer for probe in self.probes) > 1:
            pass
        elif self.latency > 0.120:
            self.above, self.below = self.above + elapsed, 0.0
        else:
            self.below += elapsed
            if self.below >= 1:
                self.above = 0.0
        return self.above >= 5
