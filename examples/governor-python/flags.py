"""The flags and the state in Redis: read every 20 ms, raised and rewritten over one connection.

Its commands are answered in order. So an answer that comes before the one to a raise was read before it, and can't
lift the pause that the raise stands for; every later answer shows the raised flag.
"""

import time

from redis_link import RedisLink

KEYS = ("governor.pause", "governor.critical_pause", "governor.command")
MOST_UNANSWERED = 200


class Flags:
    """The owner has `flags_read(outage)` and `first_epoch(epoch)`."""

    def __init__(self, settings, owner):
        self.owner = owner
        where = (settings.redis, settings.redis_password)
        self.link = RedisLink(*where, on_up=self.connected, on_down=self.disconnected)
        self.events = RedisLink(*where, on_up=self.subscribe, on_push=lambda _: self.read(time.monotonic()))
        self.pause = self.critical = self.command = None    # as last read; None: absent
        self.answered = None                # when the last read was answered
        self.asked = 0.0
        self.raises = self.confirmed = self.written = 0     # numbers of raises: wanted, confirmed, on their way
        self.state, self.reason, self.epoch, self.since_ns = "PAUSED", "starting", None, time.time_ns()
        self.cause = "critical_pause is set"                # of the last raise

    # -- reading

    def subscribe(self):
        self.events.send("SUBSCRIBE", *(f"__keyspace@0__:{key}" for key in KEYS))

    def read(self, now):
        if self.link.connected and not self.link.backed_up and len(self.link.answers) < MOST_UNANSWERED:
            self.asked = now
            self.link.send("MGET", *KEYS, then=self.was_read)

    def was_read(self, values):
        if not isinstance(values, list):
            return      # an error, such as "loading": no confirmed answer
        now = time.monotonic()
        outage = self.answered is not None and now - self.answered > 1
        self.answered = now
        self.pause, self.critical, self.command = (value and value.decode("latin-1") for value in values)
        self.owner.flags_read(outage)

    def tick(self, now):
        if now - self.asked >= 0.02:
            self.read(now)
        if self.raises > self.confirmed and self.written < self.raises:
            self.write_raise()

    @property
    def readable(self):
        return self.answered is not None and time.monotonic() - self.answered <= 1

    @property
    def critical_set(self):
        return self.raises > self.confirmed or self.critical != "false"

    # -- writing

    def change(self, state, reason):
        """A new epoch, here at once; the caller has the hash written."""
        self.state, self.reason, self.since_ns = state, reason, time.time_ns()
        self.epoch += 1

    def state_command(self):
        return ("HSET", "governor.state", "state", self.state, "epoch", self.epoch, "reason", self.reason,
                "since_ns", self.since_ns)

    def write_state(self):
        self.link.send(*self.state_command())

    def raise_critical(self, cause, blocked):
        """Holds from here on, whether or not Redis can be reached."""
        self.raises += 1
        self.cause = cause
        self.change("PAUSED", f"{cause}; {blocked}")
        self.write_raise()

    def write_raise(self):
        if not self.link.connected:
            return
        self.written = number = self.raises

        def answered(result):
            if isinstance(result, list) and not any(isinstance(value, Exception) for value in result):
                self.confirmed = max(self.confirmed, number)
                self.critical = "true"
            else:
                self.written = self.confirmed       # refused: once more at the next tick

        self.link.transaction(("SET", "governor.critical_pause", "true"), self.state_command(), then=answered)

    # -- the connection

    def connected(self):
        if self.epoch is None:
            self.link.send("HGET", "governor.state", "epoch", then=self.begin)
        else:
            self.owner.redis_back()
            self.write_state()

    def begin(self, found):
        text = found.decode() if isinstance(found, bytes) else "0"
        self.owner.first_epoch(int(text) if text.isdigit() else 0)

    def disconnected(self):
        self.written = self.confirmed       # what wasn't confirmed is written again
