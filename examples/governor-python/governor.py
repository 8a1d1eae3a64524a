#!/usr/bin/env python3
"""A small risk governor, written from docs/governor-contract.md alone. One event loop decides everything.

This file is the frame: what comes in, what time it is, which state follows. Orders are `trading.py`.
"""

import asyncio
import json
import signal
import sys
import time

from account import Account, Order
from checks import Book, Checks, Situation
from fix import Session
from flags import Flags
from flattening import Flattening
from intent import parse
from latency import Probe, Sustained
from metrics import Metrics
from redis_link import RedisLink
from settings import Mistakes, from_environment
from store import COLUMNS, FILL, Store, number_row
from trading import Trading

TICK = 0.005
READY = "ready"
CAUTION = 1000      # a restart skips so many sequence numbers: those used since they were last saved


def log(text, **facts):
    words = " ".join(f"{key}={json.dumps(value)}" for key, value in facts.items())
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} info {text} {words}".rstrip(), file=sys.stderr,
          flush=True)


class Governor:
    def __init__(self, settings, loop):
        self.settings, self.limits = settings, settings.limits
        self.account = Account(settings)
        self.checks = Checks(self.account, settings.limits)
        self.flattening = Flattening(self.checks, self.account, settings.limits)
        self.metrics = Metrics(self)
        self.redis_probe, self.broker_probe = Probe(), Probe()
        self.sustained = Sustained(self.redis_probe, self.broker_probe)
        self.sustained_known = self.down_known = False
        self.store = Store(settings.postgres, loop)
        self.flags = Flags(settings, self)
        self.pings = RedisLink(settings.redis, settings.redis_password, on_down=self.redis_probe.clear)
        self.feed = RedisLink(settings.feed, settings.redis_password, self.subscribe, on_push=self.feed_came)
        self.session = self.trading = None
        self.last_tick, self.lost_ticks = None, 0
        self.killed = self.loss_limit_hit = self.stopping = self.reached = self.flatten_taken = False
        self.silence_known = False
        self.down_since, self.pinged, self.saved = None, 0.0, 0.0

    # -- start and stop

    async def run(self):
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await asyncio.start_server(self.metrics.serve, "0.0.0.0", self.settings.metrics_port)
        rows = await self.store.loaded
        self.restore(rows)
        tasks = [asyncio.create_task(part.run()) for part in
                 (self.flags.link, self.flags.events, self.pings, self.feed, self.session)]
        log("governor started", symbols=self.settings.symbols, orders=len(rows["orders"]), fills=len(rows["fills"]))
        while not stop.is_set():
            self.tick(time.monotonic())
            await asyncio.sleep(TICK)
        await self.leave()
        for task in tasks:
            task.cancel()

    async def leave(self):
        """Logout first; what was accepted and not sent is withdrawn, and every row is written."""
        self.stopping = True
        self.trading.withdraw_waiting("session_down")
        self.session.log_out()
        self.save_numbers()
        until = time.monotonic() + 4
        while time.monotonic() < until and (self.session.socket or self.store.unfinished):
            await asyncio.sleep(0.01)

    def restore(self, rows):
        """Whatever an earlier life left: its fills make the position and the losses, its ids stay used."""
        for row in rows["fills"]:
            self.account.fill(dict(zip(FILL, row)))
        for row in rows["orders"]:
            order = Order(**dict(zip(COLUMNS, row)), sent=True)
            self.account.add(order)
            self.checks.before.add(order.reference)
        numbers = rows["numbers"]
        self.epoch_floor = max([numbers.get("epoch", 0), *(order.epoch for order in self.account.orders.values())])
        fresh = "outgoing" not in numbers
        self.session = Session(self.settings.broker, self, self.broker_probe,
                               numbers.get("outgoing", 1) + (0 if fresh else CAUTION),
                               numbers.get("incoming", 1), fresh)
        self.trading = Trading(self)

    def first_epoch(self, found):
        self.flags.epoch = max(found, self.epoch_floor)
        self.flags.change("PAUSED", "starting")
        self.redis_back()
        self.flags.write_state()

    def redis_back(self):
        for symbol, quantity in self.account.positions.items():
            self.flags.link.send("HSET", "positions", symbol, quantity)

    def save_numbers(self):
        if not self.session.fresh and self.flags.epoch is not None:
            numbers = {"outgoing": self.session.outgoing, "incoming": self.session.incoming,
                       "epoch": self.flags.epoch}
            self.store.submit([number_row(name, value) for name, value in numbers.items()])

    # -- time

    def tick(self, now):
        self.flags.tick(now)
        if now - self.pinged >= 0.1 and self.pings.connected:
            self.pinged = now
            self.redis_probe.sent(now, now)
            self.pings.send("PING", then=lambda _: self.ping_answered(now))
        self.session.tick(now)
        self.listen_for_silence(now)
        self.watch_for_trouble(now)
        self.trading.withdraw_late(now)
        if self.session.up and self.trading.reconciled and not self.settings.shadow:
            self.flattening.step(self.trading, now)
        self.update_state()
        if now - self.saved >= 1:
            self.saved = now
            self.save_numbers()
        self.note_recovery(now)

    def ping_answered(self, sent):
        now = time.monotonic()
        self.metrics.histograms["redis"].observe(now - sent)
        self.redis_probe.answered(sent, now)

    def listen_for_silence(self, now):
        silent = now - self.session.heard
        if not self.session.up or silent < 1.5:
            self.silence_known = False
        elif silent >= 2.4:
            self.session.close("silent for 2.4 s", reset=True)
        elif not self.silence_known:
            self.silence_known = True
            # What the broker has not acknowledged on a dead path would be delivered when it comes back to life.
            if self.session.unacknowledged:
                self.session.close("silent for 1.5 s", reset=True)      # raises through logged_off()
            else:
                self.raise_critical("broker silent for 1.5 s")

    def watch_for_trouble(self, now):
        sustained = self.sustained.tick(now)
        if sustained and not self.sustained_known:
            self.begin_flattening("sustained_latency")
        self.sustained_known = sustained
        down = self.down_since is not None and now - self.down_since >= 8
        if down and not self.down_known:
            self.begin_flattening("broker_down")
        self.down_known = down

    def note_recovery(self, now):
        if self.metrics.trouble is not None and self.session.up and self.trading.reconciled \
                and not any(self.account.positions.values()):
            self.metrics.recovery, self.metrics.trouble = now - self.metrics.trouble, None

    # -- state

    def raise_critical(self, reason):
        """No gate to close and no send to await: this is the only thread that sends, and it is here."""
        if self.flags.epoch is None:
            return      # nothing was ever allowed
        if self.session.up and self.session.unsent:
            return self.session.close(f"bytes unsent: {reason}", reset=True)    # comes back through logged_off()
        self.flags.raise_critical(reason, self.blocked())
        self.metrics.trouble = self.metrics.trouble or time.monotonic()
        log("critical pause raised", reason=reason, epoch=self.flags.epoch)

    def flags_read(self, outage):
        flags = self.flags
        if outage and not flags.critical_set and flags.pause == "false":
            self.raise_critical("Redis was unreadable for more than 1 s")
        if flags.command == "kill" and not self.killed:
            self.killed = True
            self.update_state()
            if self.session.up and self.account.working:
                self.trading.mass_cancel()
        if flags.command == "flatten" and not self.flatten_taken:
            self.begin_flattening("operator")
            flags.link.send("DEL", "governor.command")
        self.flatten_taken = flags.command == "flatten"     # reads already on their way still show it
        self.update_state()

    def wanted_state(self):
        flags = self.flags
        if self.killed:
            return "KILLED", "kill command"
        if flags.critical_set:
            return "PAUSED", f"{flags.cause}; {self.blocked()}"
        if not flags.readable:
            return "PAUSED", "flags unreadable"
        if flags.pause != "false":
            return "PAUSED", f"pause is set; {self.blocked()}"
        blocked = self.blocked()
        return ("ACTIVE", blocked) if blocked == READY else ("REDUCE_ONLY", blocked)

    def blocked(self):
        """What keeps it from being active, flags apart. While paused too, so that the operator sees when to resume."""
        if self.loss_limit_hit:
            return "loss limit exceeded"
        if not (self.session.up and self.trading.reconciled):
            return "not reconciled with the broker"
        if self.flattening.owed:
            return f"flattening: {self.flattening.reason}"
        if self.flags.state != "ACTIVE" and not self.store.reachable:
            return "PostgreSQL unreachable"
        if self.flags.state != "ACTIVE" and self.sustained.latency > 0.120:
            return "latency above 120 ms"
        return READY

    def update_state(self):
        if self.flags.epoch is None:
            return
        state, reason = self.wanted_state()
        if (state, reason) != (self.flags.state, self.flags.reason):
            self.flags.change(state, reason)
            self.flags.write_state()
            log("state changed", state=state, reason=reason, epoch=self.flags.epoch)

    @property
    def state(self):
        return self.flags.state

    def begin_flattening(self, reason):
        if self.flattening.begin(reason):
            self.update_state()
            self.trading.publish(None, None, "flatten", sum(map(abs, self.account.positions.values())), reason, None)
            self.metrics.trouble = self.metrics.trouble or time.monotonic()

    def situation(self):
        flags = self.flags
        return Situation(
            killed=self.killed, critical=flags.critical_set,
            paused=not flags.readable or flags.pause != "false" or flags.epoch is None,
            session=self.session.up and not self.stopping, reconciled=self.trading.reconciled,
            store=self.store.reachable, backed_up=self.session.unsent > 0,
            reduce_only=flags.state != "ACTIVE", losses=self.account.losses(self.checks.books))

    def unhealthy(self):
        """Why not to be called healthy, or None. The session counts only until it was reached once."""
        self.reached = self.reached or bool(self.session and self.session.up and self.flags.readable)
        if not self.store.connected:
            return self.store.problem
        if not self.flags.readable:
            return "Redis does not answer"
        return None if self.reached else "no broker session yet"

    # -- what comes in

    def subscribe(self):
        self.last_tick = None
        self.checks.suspect = set(self.settings.symbols)    # a book from before the gap says nothing
        self.feed.send("SUBSCRIBE", "strategy.intents", *(f"market.depth.{each}" for each in self.settings.symbols))

    def feed_came(self, message):
        started, channel = time.monotonic(), message[1].decode()
        if channel == "strategy.intents":
            intent = parse(message[2], self.settings.symbols)
            if intent is None:
                return log("not an intent", text=message[2][:80].decode("latin-1"))
            self.count(intent.tick)
            self.trading.decide(intent, started)
        else:
            self.depth_came(channel.removeprefix("market.depth."), json.loads(message[2]), started)

    def count(self, tick):
        """A lost tick may have been the book of any symbol."""
        if self.last_tick is not None and tick != self.last_tick + 1:
            self.lost_ticks += max(0, tick - self.last_tick - 1)
            self.checks.suspect = set(self.settings.symbols)
        self.last_tick = tick

    def depth_came(self, symbol, depth, now):
        self.count(depth["tick"])
        if symbol not in self.settings.symbols:
            return
        travelled = (time.time_ns() - depth["sent_ns"]) / 1e9
        self.metrics.feed_latency, self.metrics.last_tick = travelled, depth["sent_ns"] / 1e9
        book = Book(depth["sent_ns"], depth["status"] == "halted", depth["bids"], depth["asks"], now, travelled)
        self.checks.take_book(symbol, book, now)
        if (losses := self.account.losses(self.checks.books)) and any(losses):
            self.loss_limit_hit = True
            if losses[1]:
                self.begin_flattening("drawdown")

    # -- what the session tells

    def logged_on(self):
        self.down_since, self.silence_known = None, False
        self.trading.ask_status()

    def logged_off(self, planned, reason):
        self.down_since = time.monotonic()
        self.trading.reconciled = False
        self.flattening.session_lost()
        log("session ended", planned=planned, reason=reason)
        if not planned:
            self.raise_critical(reason)

    def resend_asked(self):
        self.trading.ask_status()

    def reply(self, message):
        self.trading.reply(message)


def main():
    try:
        settings = from_environment()
    except Mistakes as mistakes:
        print(*mistakes.args, sep="\n", file=sys.stderr)
        return 64

    async def run():
        await Governor(settings, asyncio.get_running_loop()).run()

    asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
