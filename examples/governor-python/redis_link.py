"""RESP over one socket: commands are pipelined, answers come back in order.

A client library would hide which commands were written before a connection broke, and the contract asks exactly that
of decisions. So: as long as the socket is backed up nothing more is handed to it, and at most one command is in doubt.
"""

import asyncio
from collections import deque


def command(*parts):
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in encoded)


def parse(data, at=0):
    """One reply from `at` on: (value, end), or None while bytes are missing. An error reply is an Exception value."""
    end = data.find(b"\r\n", at)
    if end < 0:
        return None
    kind, rest, end = data[at:at + 1], bytes(data[at + 1:end]), end + 2
    if kind == b"+":
        return rest.decode(), end
    if kind == b"-":
        return RuntimeError(rest.decode()), end
    if kind == b":":
        return int(rest), end
    if kind == b"$":
        size = int(rest)
        if size < 0:
            return None, end
        if len(data) < end + size + 2:
            return None
        return bytes(data[end:end + size]), end + size + 2
    if kind == b"*":
        values = []
        for _ in range(max(int(rest), 0)):
            found = parse(data, end)
            if found is None:
                return None
            values.append(found[0])
            end = found[1]
        return values, end
    raise ValueError(f"redis: not RESP: {bytes(data[at:at + 20])!r}")


class RedisLink(asyncio.Protocol):
    """`on_up()` after each connect, `on_down()` after each loss, `on_push(value)` for what nobody asked (pub/sub)."""

    def __init__(self, address, password, on_up=None, on_down=None, on_push=None):
        self.address, self.password = address, password
        self.on_up, self.on_down, self.on_push = on_up, on_down, on_push
        self.transport, self.backed_up = None, False
        self.data = bytearray()
        self.answers = deque()      # callbacks of commands written, oldest first
        self.outbox = deque()       # (bytes, callback, keep) not written yet
        self.doubtful = None        # the one command that may have been written in part

    @property
    def connected(self):
        return self.transport is not None

    async def run(self):
        """Connects, and again whenever the connection is lost: an attempt takes at most 1 s."""
        loop = asyncio.get_running_loop()
        while True:
            self.lost = loop.create_future()
            try:
                await asyncio.wait_for(loop.create_connection(lambda: self, *self.address), 1)
                await self.lost
            except (OSError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.1)

    def send(self, *parts, then=None, keep=False):
        """`keep`: survives a loss of the connection if it was never written. `then(value)` isn't called after a loss."""
        if self.connected or keep:
            self.outbox.append((command(*parts), then, keep))
            self.flush()

    def transaction(self, *commands, then=None):
        """Flag and state in one step. It is written as one piece, so that nothing comes in between."""
        if not self.connected:
            return
        whole = b"".join(command(*parts) for parts in [("MULTI",), *commands, ("EXEC",)])
        self.outbox.append((whole, (len(commands) + 1, then), False))
        self.flush()

    def flush(self):
        while self.outbox and self.connected and not self.backed_up:
            self.doubtful = item = self.outbox.popleft()
            whole, then, _ = item
            if isinstance(then, tuple):     # a transaction: OK and QUEUED first, then the answer to EXEC
                self.answers.extend([None] * then[0])
                then = then[1]
            self.answers.append(then)
            self.transport.write(whole)     # calls pause_writing() at once when not everything could be written
            if not self.backed_up:
                self.doubtful = None

    def connection_made(self, transport):
        transport.set_write_buffer_limits(high=0)
        self.transport, self.backed_up = transport, False
        self.data.clear()
        if self.password:
            self.answers.append(None)   # a refusal shows in every answer after it
            transport.write(command("AUTH", self.password))
        if self.on_up:
            self.on_up()
        self.flush()

    def connection_lost(self, error):
        kept = [item for item in self.outbox if item[2]]
        if self.doubtful and self.doubtful[2]:
            kept.insert(0, self.doubtful)   # cut in the middle: Redis never saw the whole of it
        self.outbox, self.doubtful = deque(kept), None
        self.answers.clear()
        self.transport, self.backed_up = None, False
        if self.on_down:
            self.on_down()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self):
        self.backed_up = True

    def resume_writing(self):
        self.backed_up, self.doubtful = False, None
        self.flush()

    def data_received(self, data):
        self.data += data
        at = 0
        while (found := parse(self.data, at)) is not None:
            value, at = found
            if self.on_push and isinstance(value, list) and value and value[0] in (b"message", b"pmessage"):
                self.on_push(value)
            elif self.answers:
                then = self.answers.popleft()
                if then:
                    then(value)
        del self.data[:at]
