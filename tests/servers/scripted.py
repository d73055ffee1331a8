"""Servers that speak lines and do exactly what a test tells them, on a free port of this machine."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


class Talk:
    """One connection, as the server has it."""

    def __init__(self, line: socket.socket, heard: list[bytes]) -> None:
        self.line, self.heard = line, heard
        self._file = line.makefile("rb")

    def say(self, *lines: bytes) -> None:
        """All in one packet."""
        self.line.sendall(b"".join(line + b"\r\n" for line in lines))

    def hear(self) -> bytes:
        """The next line. Raises EOFError when the client is gone."""
        found = self._file.readline()
        if not found:
            raise EOFError
        self.heard.append(found.rstrip(b"\r\n"))
        return self.heard[-1]

    def hang_up(self) -> None:
        raise EOFError

    def wait_for_end(self) -> None:
        """Say nothing any more, whatever comes."""
        while self.line.recv(1 << 16):
            pass

    def close(self) -> None:
        self._file.close()
        self.line.close()


Play = Callable[[Talk], None]


@dataclass
class Scripted:
    """It runs; `heard` are all lines that came."""

    host: str
    port: int
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def scripted(play: Play, host: str = "127.0.0.1") -> Iterator[Scripted]:
    """`play` is run for each connection, one thread each. Every address 127.x is this machine."""
    listener = socket.create_server((host, 0))
    found = Scripted(host, listener.getsockname()[1])
    threads: list[threading.Thread] = []
    lines: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                found.connections += 1
                lines.append(line)
                threads.append(threading.Thread(target=_run, args=(play, line, found.heard), daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield found
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


def _run(play: Play, line: socket.socket, heard: list[bytes]) -> None:
    talk = Talk(line, heard)
    try:
        play(talk)
    except (EOFError, OSError):
        pass
    finally:
        talk.close()


# ---------------------------------------------------------------- IMAP

Answer = Callable[[Talk, bytes, bytes], None]  # the talk, the tag, what stands behind it


@dataclass
class Imap:
    """A folder of mails at a server that answers as RFC 3501 says, where `answers` do not say otherwise."""

    mails: dict[int, bytes] = field(default_factory=dict)  # by UID
    validity: int = 7
    capabilities: bytes = b"IMAP4rev1 AUTH=PLAIN IDLE MOVE UIDPLUS"
    answers: Mapping[str, Answer] = field(default_factory=dict)  # by command: "EXAMINE", "UID FETCH", "IDLE"
    greeting: bytes = b"* OK ready"

    def __call__(self, talk: Talk) -> None:
        talk.say(self.greeting)
        while True:
            tag, _, rest = talk.hear().partition(b" ")
            words = rest.split(b" ")
            name = b" ".join(words[:2]) if words[0].upper() == b"UID" else words[0]
            command = name.decode().upper()
            answer = self.answers.get(command) or getattr(self, "do_" + command.replace(" ", "_").lower(), None)
            if answer is None:
                talk.say(tag + b" BAD unknown")
            else:
                answer(talk, tag, rest)

    def do_capability(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"* CAPABILITY " + self.capabilities, tag + b" OK done")

    def do_authenticate(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ ")
        talk.hear()
        talk.say(tag + b" OK [CAPABILITY " + self.capabilities + b"] welcome")

    def do_login(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(tag + b" OK welcome")

    def do_noop(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(tag + b" OK done")

    def do_logout(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"* BYE", tag + b" OK done")

    def do_list(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b'* LIST () "/" INBOX', tag + b" OK done")

    def do_examine(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        self._opened(talk, tag, b"READ-ONLY")

    def do_select(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        self._opened(talk, tag, b"READ-WRITE")

    def _opened(self, talk: Talk, tag: bytes, how: bytes) -> None:
        talk.say(
            b"* FLAGS (\\Seen)",
            b"* OK [PERMANENTFLAGS (\\Seen \\*)] kept",
            b"* %d EXISTS" % len(self.mails),
            b"* OK [UIDVALIDITY %d]" % self.validity,
            b"* OK [UIDNEXT %d]" % (max(self.mails, default=0) + 1),
            tag + b" OK [" + how + b"] done",
        )

    def do_fetch(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        places = [int(n) for n in rest.split(b" ")[1].split(b",")]
        uids = sorted(self.mails)
        self.rows(talk, tag, rest, [uids[place - 1] for place in places if place <= len(uids)])

    def do_uid_fetch(self, talk: Talk, tag: bytes, rest: bytes) -> None:
        asked = [int(n) for n in rest.split(b" ")[2].split(b",")]
        self.rows(talk, tag, rest, [uid for uid in asked if uid in self.mails])

    def rows(self, talk: Talk, tag: bytes, rest: bytes, uids: list[int]) -> None:
        order = sorted(self.mails)
        for uid in uids:
            raw, place = self.mails[uid], order.index(uid) + 1
            if b"BODY" in rest:
                talk.line.sendall(b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (place, uid, len(raw), raw))
            elif b"SIZE" not in rest:
                talk.say(b"* %d FETCH (UID %d FLAGS ())" % (place, uid))
            else:
                when = b'"02-Mar-2026 09:00:00 +0100"'
                talk.say(b"* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE %b)" % (place, uid, len(raw), when))
        talk.say(tag + b" OK done")

    def do_idle(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(b"+ idling")
        talk.hear()
        talk.say(tag + b" OK done")

    def do_uid_store(self, talk: Talk, tag: bytes, _rest: bytes) -> None:
        talk.say(tag + b" OK done")

    do_uid_move = do_uid_copy = do_uid_store


def asked_uids(line: bytes) -> list[int]:
    """The UIDs in a line such as "A1 UID FETCH 1,2 (...)"."""
    found = re.search(rb"UID \w+ ([\d,]+)", line)
    return [int(n) for n in found[1].split(b",")] if found else []
