"""FIX 4.4, as much of it as a governor needs: a codec, and the initiator's side of the session layer.

Everything that a governor sends is either session talk or a request that must never be sent late. So nothing is kept
for a resend: a ResendRequest is answered with one gap-fill, and the owner asks for the status of its orders anew.
The session writes straight to the socket, without a buffer of its own: what the kernel has not sent can be seen there.
"""

import asyncio
import fcntl
import socket
import struct
import termios
import time
from datetime import datetime, timezone

SOH = b"\x01"
SIOCOUTQNSD = 0x894B            # bytes written by us that TCP has not sent yet; Linux, <linux/sockios.h>
ATTEMPT = 0.6                   # seconds: the kernel repeats a lost SYN after 1 s, a new attempt is sooner
SIOCOUTQ = termios.TIOCOUTQ     # bytes not acknowledged yet, those included


def timestamp():
    return datetime.now(timezone.utc).strftime("%Y%m%d-%H:%M:%S.%f")[:-3]


def encode(fields):
    """`fields` from MsgType(35) on, in order; 8, 9 and 10 are put around them."""
    body = b"".join(f"{tag}={value}\x01".encode() for tag, value in fields if value is not None)
    head = b"8=FIX.4.4\x019=%d\x01" % len(body)
    return head + body + b"10=%03d\x01" % (sum(head + body) % 256)


def decode(buffer):
    """Takes whole messages out of `buffer` (a bytearray), each a dict tag → text. Garbled bytes are skipped."""
    messages = []
    while (start := buffer.find(b"8=FIX.4.4\x019=")) >= 0:
        del buffer[:start]
        length_end = buffer.find(SOH, 12)
        if length_end < 0:
            break
        length = bytes(buffer[12:length_end])
        end = length_end + 1 + int(length) if length.isdigit() and len(length) < 7 else 0
        if end and len(buffer) < end + 7:
            break
        if not end or bytes(buffer[end:end + 7]) != b"10=%03d\x01" % (sum(buffer[:end]) % 256):
            del buffer[:1]      # no message begins here: look for the next one
            continue
        pairs = (field.split(b"=", 1) for field in bytes(buffer[:end]).split(SOH) if b"=" in field)
        messages.append({int(tag): value.decode("latin-1") for tag, value in pairs if tag.isdigit()})
        del buffer[:end + 7]
    return messages


class Session:
    """One FIX session over as many connections as it takes.

    The owner has `logged_on()`, `logged_off(planned, reason)`, `reply(message)` for what isn't session talk, and
    `resend_asked()`, called after a gap-fill over its own requests. `probe` hears of TestRequests and their answers.
    """

    def __init__(self, address, owner, probe, outgoing=1, incoming=1, fresh=True):
        self.address, self.owner, self.probe = address, owner, probe
        self.outgoing, self.incoming = outgoing, incoming   # next numbers
        self.fresh = fresh              # no Logon of this run was answered yet: ask for a reset
        self.socket, self.up, self.leaving = None, False, False
        self.buffer, self.held, self.gap_asked = bytearray(), {}, False
        self.heard = self.tested = self.tried = 0.0
        self.ended = None

    # -- connection

    async def run(self):
        loop = asyncio.get_running_loop()
        while not self.leaving:
            started = time.monotonic()
            try:
                await self.connect(loop)
                await self.ended
            except (OSError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(max(0.05, 0.25 - (time.monotonic() - started)))

    async def connect(self, loop):
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        stream.setblocking(False)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Room for what a dead path leaves unacknowledged until it is found out; the kernel counts whole packet buffers.
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        try:
            await asyncio.wait_for(loop.sock_connect(stream, self.address), ATTEMPT)
        except BaseException:
            stream.close()
            raise
        self.socket, self.ended = stream, loop.create_future()
        self.buffer.clear()
        self.held, self.gap_asked = {}, False
        self.tried = self.heard = time.monotonic()
        loop.add_reader(stream, self.readable)
        if self.fresh:
            self.outgoing = self.incoming = 1
        self.send("A", [(98, 0), (108, 1), (141, "Y" if self.fresh else None)])

    def readable(self):
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            return self.close(f"connection failed: {error.strerror}", reset=True)
        if not data:
            return self.close("broker closed the connection", reset=True)
        self.heard = time.monotonic()
        self.buffer += data
        for message in decode(self.buffer):
            if self.socket:
                self.receive(message)

    def close(self, reason, reset=False):
        """`reset`: with a RST, so that nothing the kernel still holds is ever delivered."""
        if not self.socket:
            return
        asyncio.get_running_loop().remove_reader(self.socket)
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        was_up, self.socket, self.up = self.up, None, False
        self.probe.clear()
        if not self.ended.done():
            self.ended.set_result(None)
        if was_up:
            self.owner.logged_off(self.leaving, reason)

    def queued(self, request):
        if not self.socket:
            return 0
        return struct.unpack("i", fcntl.ioctl(self.socket, request, b"\0" * 4))[0]

    @property
    def unsent(self):
        return self.queued(SIOCOUTQNSD)

    @property
    def unacknowledged(self):
        return self.queued(SIOCOUTQ)

    # -- sending

    def send(self, kind, fields=(), number=None):
        """Writes one message now, or never."""
        head = [(35, kind), (49, "GOVERNOR"), (56, "BROKER"), (34, number or self.outgoing), (52, timestamp())]
        message = encode(head + list(fields))
        if number is None:
            self.outgoing += 1
        try:
            if self.socket.send(message) != len(message):
                self.close("the socket took half a message", reset=True)
        except OSError as error:
            self.close(f"write failed: {error.strerror}", reset=True)

    def tick(self, now):
        """Called often. TestRequests every 500 ms keep the line busy, so no Heartbeat is ever due on its own."""
        if self.up and now - self.tested >= 0.5:
            self.tested = now
            name = f"t{self.outgoing}"
            self.probe.sent(name, now)
            self.send("1", [(112, name)])
        elif self.socket and not self.up and now - self.tried > 2:
            self.close("the Logon was not answered")

    def log_out(self):
        self.leaving = True
        if self.up:
            self.send("5")
        else:
            self.close("leaving")

    # -- receiving

    def receive(self, message):
        kind, number = message.get(35), int(message.get(34) or 0)
        if message.get(49) != "BROKER" or message.get(56) != "GOVERNOR" or not number:
            return self.refuse("wrong CompID or no MsgSeqNum")
        if kind == "4" and message.get(123) != "Y":     # reset: sets the number whatever its own is
            self.incoming = max(self.incoming, int(message[36]))
        elif kind == "A" and message.get(141) == "Y" and number == 1 and self.fresh:
            self.incoming = 2
            self.accepted()
        elif number > self.incoming:
            self.early(kind, number, message)
        elif number == self.incoming:
            self.incoming += 1
            self.take(kind, message)
        elif message.get(43) != "Y":
            return self.refuse(f"MsgSeqNum too low, expected {self.incoming}, found {number}")
        if self.socket and self.incoming in self.held:
            self.receive(self.held.pop(self.incoming))
        if not self.held:
            self.gap_asked = False

    def early(self, kind, number, message):
        """Held until what is missing has come; a Logon opens the session all the same, but only once."""
        if kind == "A" and not self.up:
            message = {**message, 35: "0"}
            self.accepted()
        self.held[number] = message
        if not self.gap_asked:
            self.gap_asked = True
            self.send("2", [(7, self.incoming), (16, number - 1)])

    def take(self, kind, message):
        if kind == "A":
            self.accepted()
        elif not self.up:
            self.refuse("the first message was no Logon")
        elif kind == "0":
            if 112 in message:
                self.probe.answered(message[112], time.monotonic())
        elif kind == "1":
            self.send("0", [(112, message.get(112))])
        elif kind == "2":
            self.fill_over(int(message[7]), int(message[16]))
        elif kind == "4":
            self.incoming = max(self.incoming, int(message[36]))
        elif kind == "5":
            if not self.leaving:
                self.send("5")
            self.close("Logout" if self.leaving else f"broker logged out: {message.get(58, '')}")
        else:
            self.owner.reply(message)

    def accepted(self):
        self.fresh, self.up, self.tested = False, True, time.monotonic() - 0.4
        self.owner.logged_on()

    def fill_over(self, first, last):
        following = self.outgoing if last == 0 else min(last + 1, self.outgoing)
        self.send("4", [(43, "Y"), (122, timestamp()), (123, "Y"), (36, following)], number=first)
        self.owner.resend_asked()

    def refuse(self, text):
        self.send("5", [(58, text)])
        self.close(text)
